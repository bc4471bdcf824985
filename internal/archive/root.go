package archive

import (
	"context"
	"errors"
	"log/slog"
	"os"
	"sync"
	"syscall"

	"bloxdrop/store"
)

const (
	batchSize  = 64  // files share one note on the disk
	mostFailed = 256 // in a pass; a share on which nothing can be moved costs no more
)

// root is a watched tree while it is looked after. passing guards failed, shut
// and from.
type root struct {
	Root
	opts Options
	log  *slog.Logger
	wake chan struct{}

	passing sync.Mutex
	failed  map[string]error // paths that wait for the next rescan
	shut    bool             // nothing in the root can be changed; likewise
	from    string           // where the next pass begins, if the last one met too many failures

	mu      sync.Mutex
	again   bool // a rescan has ended since
	trouble *Trouble
}

func (r *root) poke() {
	select {
	case r.wake <- struct{}{}:
	default:
	}
}

func (r *root) loop(ctx context.Context) {
	for again := true; ; {
		r.pass(ctx, again)
		select {
		case <-ctx.Done():
			return
		case <-r.wake:
		}
		r.mu.Lock()
		again, r.again = r.again, false
		r.mu.Unlock()
	}
}

// pass finishes what was begun, and then does what is due. With again it tries
// what failed before, too; else that waits for the next rescan.
func (r *root) pass(ctx context.Context, again bool) {
	if !r.passing.TryLock() {
		return // the last one hangs
	}
	defer r.passing.Unlock()
	if ctx.Err() != nil || !r.opts.Ready(r.Path) {
		return
	}
	if again {
		r.failed, r.shut = map[string]error{}, false
	}
	err := r.work(ctx, again)
	switch {
	case errors.Is(err, errKilled), ctx.Err() != nil:
	case err != nil:
		r.note(store.Place{}, err)
		r.tell()
	default:
		r.tell()
	}
}

// errRootGone ends a pass: the root went meanwhile, which is the watcher's to tell.
var errRootGone = errors.New("the root is not there any more")

func (r *root) work(ctx context.Context, again bool) error {
	var begun []store.Note
	var err error
	if again {
		begun, err = r.opts.Store.Notes(r.Path, r.opts.mostFailed)
	}
	if err == nil && len(begun) > 0 {
		err = r.settle(ctx, begun, (*visit).finish)
	}
	for after := r.from; err == nil && !r.shut && len(r.failed) < r.opts.mostFailed; {
		var page []store.SentPlace
		page, after, err = r.opts.Store.SentPlaces(r.Path, after, batchSize)
		r.from = after
		if err == nil && len(page) > 0 {
			err = r.batch(ctx, page)
		}
		if after == "" {
			break
		}
	}
	if errors.Is(err, errRootGone) {
		return nil
	}
	return err
}

// batch notes down what is to be done with these files, and does it.
func (r *root) batch(ctx context.Context, page []store.SentPlace) error {
	v, err := r.visit()
	if err != nil {
		return err
	}
	defer v.close()
	var notes []store.Note
	for _, p := range page {
		if r.failed[p.Place.Rel] != nil || !p.Item.HasReceipt() {
			continue
		}
		note, err := v.plan(p)
		switch {
		case err == nil:
			notes = append(notes, note)
		case !errors.Is(err, errNotIt):
			r.note(p.Place, err)
		}
	}
	if len(notes) == 0 {
		return ctx.Err()
	}
	noted, err := r.opts.Store.NoteDown(notes)
	if err != nil {
		return err
	}
	if err := r.opts.step("noted"); err != nil {
		return err
	}
	return r.settle(ctx, noted, (*visit).begin)
}

// settle does something with each noted file, and ends the notes by what came of it.
func (r *root) settle(ctx context.Context, notes []store.Note, do func(*visit, context.Context, store.Note) (end, error)) error {
	v, err := r.visit()
	if err != nil {
		return err
	}
	defer v.close()
	var gone, stays []store.Note
	for _, note := range notes {
		if ctx.Err() != nil || !r.opts.Ready(r.Path) {
			break // what is noted and not begun is found by the next pass
		}
		var came end
		if came, err = do(v, ctx, note); errors.Is(err, errKilled) {
			return err
		}
		switch came {
		case done:
			gone = append(gone, note)
		case dropped:
			stays = append(stays, note)
		}
		if err != nil && !errors.Is(err, errNotIt) {
			r.note(note.Place, err)
		}
		if r.shut = errors.Is(err, syscall.EROFS); r.shut {
			break // no other will fare better
		}
	}
	if err := r.opts.Store.EndNotes(gone, true); err != nil {
		return err
	}
	if err := r.opts.Store.EndNotes(stays, false); err != nil {
		return err
	}
	if err := r.opts.step("ended"); err != nil {
		return err
	}
	return ctx.Err()
}

// visit opens the root.
func (r *root) visit() (*visit, error) {
	base, err := os.OpenRoot(r.Path)
	if err != nil {
		return nil, errRootGone
	}
	return &visit{root: r, base: base}, nil
}

// note remembers why a file stays where it is.
func (r *root) note(p store.Place, err error) {
	if r.failed == nil {
		r.failed = map[string]error{}
	}
	r.failed[p.Rel] = err
	r.log.Debug("a file that Bloxs has stays where it is for now", "path", p.Rel, "item", p.Item, "err", err)
}

// tell says once that files stay, and once that none do any more. A file that
// somebody has open is no trouble: people close files.
func (r *root) tell() {
	var t *Trouble
	for rel, err := range r.failed {
		switch {
		case errors.Is(err, errInUse):
		case t == nil:
			t = &Trouble{Root: r.Root, Files: 1, Path: rel, Reason: plain(err)}
		default:
			t.Files++
			if rel < t.Path {
				t.Path, t.Reason = rel, plain(err)
			}
		}
	}
	if t != nil {
		t.More = r.from != "" || r.shut
	}
	r.mu.Lock()
	was := r.trouble
	r.trouble = t
	r.mu.Unlock()
	switch {
	case was == nil && t != nil:
		r.log.Warn("files that Bloxs has stay where they are, against after_upload; each rescan tries again", "files", t.Files, "path", t.Path, "reason", t.Reason)
	case was != nil && t == nil:
		r.log.Info("what after_upload says can be done again")
	}
}
