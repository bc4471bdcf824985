package notice

import (
	"context"
	"errors"
	"io/fs"
	"log/slog"
	"maps"
	"os"
	"slices"
	"sync"
	"syscall"
	"time"

	"bloxdrop/internal/failpoint"
	"bloxdrop/store"
	"bloxdrop/watcher"
)

// root is a watched tree while it is looked after. passing guards what is not
// under mu.
type root struct {
	Root
	Options
	log     *slog.Logger
	wake    chan struct{}
	written *written // of all roots

	passing  sync.Mutex
	shown    map[string]shown     // what stands in which folder
	asked    map[string]word      // when a colleague last asked for another try there
	stranded map[string]*stranded // the stranded files of each folder
	stamp    uint64               // of the watcher's list at the last look
	page     page
	soon     bool                // something was put off
	refused  map[string]*Trouble // what could not be done, which waits for the next rescan
	shut     bool                // nothing in the root can be changed; likewise

	mu      sync.Mutex
	again   bool // a rescan has ended since
	trouble *Trouble
}

// shown is a notice as it was last seen to stand there.
type shown struct {
	name, text string
	info       fs.FileInfo
	at         time.Time // when it was written
}

// word is a deletion that was taken for one.
type word struct {
	at   time.Time
	rest time.Duration // before the next counts
}

func (r *root) poke() {
	select {
	case r.wake <- struct{}{}:
	default:
	}
}

func (r *root) loop(ctx context.Context) {
	timer := time.NewTimer(0)
	defer timer.Stop()
	for again := true; ; {
		select {
		case <-ctx.Done():
			return
		case <-r.wake:
		case <-timer.C:
		}
		r.mu.Lock()
		again, r.again = again || r.again, false
		r.mu.Unlock()
		began := time.Now()
		r.pass(ctx, again)
		again = false
		rest := max(r.quiet, min(restOf*time.Since(began), lookAfter))
		select {
		case <-ctx.Done():
			return
		case <-time.After(rest):
		}
		if r.soon {
			timer.Reset(putOff)
		} else {
			timer.Reset(lookAfter)
		}
	}
}

// pass brings what stands in the share in line with what is so. With again it
// looks at every notice, also where nothing has changed by what is known.
func (r *root) pass(ctx context.Context, again bool) {
	if !r.passing.TryLock() {
		return // the last one hangs
	}
	defer r.passing.Unlock()
	is := r.status()
	if ctx.Err() != nil || !r.ready() || is.LastRescan.IsZero() {
		r.stranded = nil
		return
	}
	r.soon = false
	if again {
		r.refused, r.shut = map[string]*Trouble{}, false
	}
	err := r.work(ctx, is, again)
	if ctx.Err() == nil {
		r.noted("all", "", err)
		r.tell()
	}
}

func (r *root) status() (is watcher.RootStatus) {
	for _, is = range r.Watcher.Status() {
		if is.Path == r.Path {
			break
		}
	}
	return is
}

func (r *root) ready() bool {
	why, _ := r.Watcher.Barred(r.Path)
	return why == ""
}

func (r *root) work(ctx context.Context, is watcher.RootStatus, again bool) error {
	besides, stamp := r.Watcher.Besides(r.Path)
	again = again || stamp != r.stamp
	p, err := r.look(ctx, is, besides)
	if err != nil {
		return err
	}
	base, err := os.OpenRoot(r.Path)
	if err != nil {
		return nil // it has gone meanwhile, which is the watcher's to tell
	}
	defer base.Close()
	r.written.keep(r.Path, p.folders)
	maps.DeleteFunc(r.shown, func(key string, _ shown) bool { return p.folders[key] == nil })
	maps.DeleteFunc(r.asked, func(_ string, w word) bool { return r.Now().Sub(w.at).Abs() > time.Hour })
	r.written.save()
	notices := map[string]int{}
	for _, b := range besides {
		notices[store.Fold(b.Rel)] += b.Notices
		if b.Notices > 0 && p.folders[store.Fold(b.Rel)] == nil && r.mayDo(ctx, b.Rel) {
			r.noted(b.Rel, b.Rel, r.clean(base, b.Rel))
		}
	}
	failpoint.At("notices cleaned")
	for key, f := range p.folders {
		if r.mayDo(ctx, f.rel) {
			r.noted(f.rel, f.rel, r.see(base, f, notices[key], again))
		}
	}
	if r.mayDo(ctx, watcher.PageName) {
		r.noted(watcher.PageName, "", r.seePage(base, p, is, again))
	}
	r.stamp = stamp
	r.written.save()
	return nil
}

// mayDo tells whether something is to be tried now.
func (r *root) mayDo(ctx context.Context, what string) bool {
	return ctx.Err() == nil && !r.shut && r.refused[what] == nil && r.ready()
}

const readOnly = "the share is read-only"

// noted remembers what could not be done in a folder.
func (r *root) noted(what, folder string, err error) {
	if err == nil {
		return
	}
	r.log.Debug("a notice could not be seen to", "folder", folder, "err", err)
	r.refused[what] = &Trouble{Root: r.Path, Folder: folder, Reason: plain(err)}
	r.shut = r.shut || errors.Is(err, syscall.EROFS) // nothing else will fare better
}

// tell says once that people can't be told, and once that they can again.
func (r *root) tell() {
	var is *Trouble
	for _, what := range slices.Sorted(maps.Keys(r.refused)) {
		is = r.refused[what]
		break
	}
	r.mu.Lock()
	was := r.trouble
	r.trouble = is
	r.mu.Unlock()
	switch {
	case was == nil && is != nil:
		r.log.Warn("notices can't be written or taken away, so colleagues are not told; files are sent all the same", "folder", is.Folder, "reason", is.Reason)
	case was != nil && is == nil:
		r.log.Info("notices can be written again")
	}
}

// plain puts a file system's error into words.
func plain(err error) string {
	var pe *fs.PathError
	var le *os.LinkError
	switch {
	case errors.Is(err, syscall.EROFS):
		return readOnly
	case errors.Is(err, fs.ErrPermission):
		return "permission denied"
	case errors.As(err, &pe):
		return pe.Err.Error()
	case errors.As(err, &le):
		return le.Err.Error()
	}
	return err.Error()
}
