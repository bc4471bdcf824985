package watcher

import (
	"errors"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"bloxdrop/internal/pulse"
	"bloxdrop/store"
)

// root is a watched tree while it is looked after. The scanner goroutine alone
// uses tree, stamp and events, and sets base; marking guards what it knows of
// the marker; mu guards base and what Status shows.
type root struct {
	Root
	dir      string // Path, cleaned
	queue    Queue
	ledger   Ledger // nil: there are no markers
	host     string
	all      []string // the paths of all roots
	survey   bool     // nothing is written
	hangs    bool     // a survey has given it up
	log      *slog.Logger
	now      func() time.Time
	changed  func()
	lookAll  func() // has every root looked at again
	ignore   *ignore
	fold     func(string) string
	noEvents bool

	dirty     *dirtySet
	set       *settleSet
	rescanNow chan struct{}

	tree         *folder
	stamp        uint64 // numbers the listings
	events       *events
	eventsSince  time.Time
	eventsFailed bool // it was said that there are none
	based        bool // it has a baseline, so what is no place may be skipped

	answers atomic.Int64 // goes up with each answer of the file system to a scan

	scanning, looking, hashing pulse.Pulse // of the three loops

	marking      sync.Mutex
	wrote        marker     // the last that this process wrote, or tried to
	markerLook   store.Look // of the marker when it was last read
	judged       bool       // and found ours
	saidUnmarked bool

	mu     sync.Mutex
	base   os.FileInfo // the root's folder as last seen; nil before
	looked bool        // it has been looked at since the start
	standing
	movedHouse    string // why it waits for adopt since the start
	pausedSince   time.Time
	there         int    // how many persons' files were there when it was paused
	baseline      string // why what was there at first is not noted yet; "" where it is, or need not be
	eventsOn      bool
	silentSince   time.Time // since when its file system does not answer; zero: it does
	nextRescan    time.Time
	lastRescan    time.Time
	total         counts
	waitingSince  time.Time // since when total.waiting is above 0
	foundByRescan int

	beside      []Beside
	besideIs    uint64 // goes up with each change of beside
	besideStale bool
}

func newRoot(cfg Root, o Options, patterns *ignore, changed func()) *root {
	r := &root{
		Root: cfg, dir: filepath.Clean(cfg.Path), queue: o.Queue, now: o.Now,
		log:     o.Log.With("root", cfg.Path),
		changed: changed, ignore: patterns, noEvents: o.NoEvents, fold: o.fold,
		ledger: o.Ledger, host: o.Host, movedHouse: cfg.Moved,
		dirty: newDirtySet(), tree: &folder{}, standing: standing{offline: notLooked},
		rescanNow: make(chan struct{}, 1),
	}
	for _, other := range o.Roots {
		r.all = append(r.all, other.Path)
	}
	r.set = newSettleSet(cfg.Path, cfg.Settle, o)
	return r
}

// answered notes that the file system has given an answer to a scan.
func (r *root) answered() {
	r.answers.Add(1)
	r.scanning.Step()
}

// path is where rel lies on the disk.
func (r *root) path(rel string) string {
	if rel == "" {
		return r.dir
	}
	return filepath.Join(r.dir, filepath.FromSlash(rel))
}

// arrive looks whether the root is there and is the one that it was. Where it
// is not barred, it gives its folder and whether that is another one than last time.
func (r *root) arrive() (base os.FileInfo, moved bool, st standing) {
	base, err := statFolder(r.dir)
	r.answered()
	if errors.Is(err, syscall.ENOTDIR) {
		return nil, false, standing{offline: "not a folder"}
	}
	if err != nil {
		return nil, false, standing{offline: plain(err)}
	}
	empty, err := isEmpty(r.dir)
	if err != nil {
		return nil, false, standing{offline: plain(err)}
	}
	moved = r.base != nil && !os.SameFile(r.base, base)
	return base, moved, r.stand(empty, moved)
}

// hadPlaces says whether the ledger has places in this root. Where it cannot
// tell, it may have.
func (r *root) hadPlaces() bool {
	files, folders, err := r.queue.Places(r.Path, "")
	return err != nil || files > 0 || len(folders) > 0
}

// same says whether the root is still the folder that a scan began with; if it
// is not, nothing can be concluded from what that scan saw.
func (r *root) same(base os.FileInfo) bool {
	now, err := statFolder(r.dir)
	return err == nil && os.SameFile(now, base)
}

// setStanding notes whether the root is barred and says so once. It tells
// whether the root has just been paused.
func (r *root) setStanding(st standing) (justPaused bool) {
	r.mu.Lock()
	before, looked := r.standing, r.looked
	r.standing, r.looked = st, true
	justPaused = st.paused != "" && before.paused == ""
	if justPaused {
		r.pausedSince, r.there = r.now(), -1
	}
	r.mu.Unlock()
	if before == st && looked {
		return false
	}
	switch {
	case st.offline != "":
		r.log.Warn("root is offline, nothing in it counts as deleted", "reason", st.offline)
	case justPaused:
		r.log.Warn("root is paused until it is adopted, nothing in it is read or sent", "reason", st.paused)
	case looked && !st.barred():
		r.log.Info("root is online again")
	}
	r.changed()
	return justPaused
}

// bars tells why nothing may be done in the root now; soon, that this may end
// at any moment, since it was not looked at yet.
func (r *root) bars() (why string, soon bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	switch {
	case !r.silentSince.IsZero():
		return "its root is offline: " + silent, false
	case !r.looked:
		return "its root is " + notLooked, true
	case r.offline != "":
		return "its root is offline: " + r.offline, false
	case r.paused != "":
		return "its root is paused until it is adopted: " + r.paused, false
	}
	return "", false
}

// isOffline tells of a root that was looked at.
func (r *root) isOffline() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.looked && r.offline != "" || !r.silentSince.IsZero()
}

// closed is bars for one who is about to offer files, and so looks whether the
// folder is still the one that was scanned.
func (r *root) closed() string {
	if why, _ := r.bars(); why != "" {
		return why
	}
	r.mu.Lock()
	base := r.base
	r.mu.Unlock()
	if base == nil || r.same(base) {
		return ""
	}
	r.dirty.markAll()
	return errRootMoved.Error()
}

// postponed is how many files wait for room in the settle set.
func (r *root) postponed() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.total.postponed
}

// plain puts a file system's error into the words that explain uses.
func plain(err error) string {
	var pe *fs.PathError
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return "it does not exist"
	case errors.Is(err, fs.ErrPermission):
		return "permission denied"
	case errors.As(err, &pe):
		return pe.Err.Error()
	}
	return err.Error()
}

// statFolder tells which folder stands at the root's path. It opens it, since
// what Windows tells of a path has an identity only when that is asked for,
// which may be when another folder stands there.
func statFolder(dir string) (os.FileInfo, error) {
	f, err := openDir(dir, true)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return f.Stat()
}

// isEmpty says that nothing but what is ours is in a root.
func isEmpty(dir string) (bool, error) {
	f, err := openDir(dir, true)
	if err != nil {
		return false, err
	}
	defer f.Close()
	for {
		chunk, err := f.ReadDir(16)
		for _, e := range chunk {
			if !Ours("", e.Name()) {
				return false, nil
			}
		}
		if err == io.EOF {
			return true, nil
		}
		if err != nil {
			return false, err
		}
	}
}
