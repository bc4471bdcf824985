package watcher

import (
	"errors"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"syscall"
	"time"
)

// root is a watched tree while it is looked after. The scanner goroutine alone
// uses base, tree, stamp and events; mu guards what Status shows.
type root struct {
	Root
	dir      string // Path, cleaned
	queue    Queue
	log      *slog.Logger
	now      func() time.Time
	changed  func()
	ignore   *ignore
	fold     func(string) string
	noEvents bool

	dirty     *dirtySet
	set       *settleSet
	rescanNow chan struct{}

	base         os.FileInfo // the root's folder as last seen; nil before
	tree         *folder
	stamp        uint64 // numbers the listings
	events       *events
	eventsSince  time.Time
	eventsFailed bool // it was said that there are none

	mu            sync.Mutex
	looked        bool   // it has been looked at since the start
	offline       string // why; "" while it is online
	eventsOn      bool
	lastRescan    time.Time
	total         counts
	foundByRescan int
}

func newRoot(cfg Root, o Options, patterns *ignore, changed func()) *root {
	r := &root{
		Root: cfg, dir: filepath.Clean(cfg.Path), queue: o.Queue, now: o.Now,
		log:     o.Log.With("root", cfg.Path),
		changed: changed, ignore: patterns, noEvents: o.noEvents, fold: o.fold,
		dirty: newDirtySet(), tree: &folder{}, offline: "not looked at yet",
		rescanNow: make(chan struct{}, 1),
	}
	r.set = newSettleSet(cfg.Path, cfg.Settle, o)
	return r
}

// path is where rel lies on the disk.
func (r *root) path(rel string) string {
	if rel == "" {
		return r.dir
	}
	return filepath.Join(r.dir, filepath.FromSlash(rel))
}

// arrive looks whether the root is there. It gives the reason where the root
// is offline, else its folder and whether that is another one than last time.
func (r *root) arrive() (base os.FileInfo, moved bool, offline string) {
	base, err := statFolder(r.dir)
	if errors.Is(err, syscall.ENOTDIR) {
		return nil, false, "not a folder"
	}
	if err != nil {
		return nil, false, plain(err)
	}
	empty, err := isEmpty(r.dir)
	if err != nil {
		return nil, false, plain(err)
	}
	moved = r.base != nil && !os.SameFile(r.base, base)
	if empty && (moved || r.base == nil && r.hadPlaces()) {
		return nil, false, "empty, but files were here: is it mounted?"
	}
	return base, moved, ""
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

// setOffline notes whether the root is online and says so once.
func (r *root) setOffline(why string) {
	r.mu.Lock()
	before, looked := r.offline, r.looked
	r.offline, r.looked = why, true
	r.mu.Unlock()
	if before == why && looked {
		return
	}
	switch {
	case why != "":
		r.log.Warn("root is offline, nothing in it counts as deleted", "reason", why)
	case looked:
		r.log.Info("root is online again")
	}
	r.changed()
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

func isEmpty(dir string) (bool, error) {
	f, err := openDir(dir, true)
	if err != nil {
		return false, err
	}
	defer f.Close()
	_, err = f.ReadDir(1)
	if err == io.EOF {
		return true, nil
	}
	return false, err
}
