package watcher

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path"

	"bloxdrop/store"
)

// baselineBatch is how many files are noted with one sync.
const baselineBatch = 4096

// Baseline notes all that stands in a root now as there before, so that it is
// skipped; it is durable when Baseline returns, and tells how many files that
// are. Where anything keeps a file or folder from being seen, nothing changes.
func (w *Watcher) Baseline(ctx context.Context, root string) (files int, err error) {
	if r := w.root(root); r != nil {
		return r.takeBaseline(ctx, false)
	}
	return 0, fmt.Errorf("%s is no watched root", root)
}

// LookSoon has the scanner look at a path as soon as it can.
func (w *Watcher) LookSoon(root, rel string) {
	switch r := w.root(root); {
	case r == nil:
	case rel == "":
		poke(r.rescanNow)
	default:
		r.dirty.mark(parent(rel), path.Base(rel))
	}
}

// needsBaseline takes the baseline where the root still wants one, before any
// of its files can be offered. It says why that could not be done.
func (r *root) needsBaseline(ctx context.Context, full bool) (why string, err error) {
	state, err := r.queue.Baseline(r.Path)
	if err != nil {
		return "", err
	}
	r.based = state == store.BaselineKept
	if state != store.BaselineWanted {
		r.setBaseline("")
		return "", nil
	}
	if r.survey || !full {
		r.mu.Lock()
		defer r.mu.Unlock()
		if r.baseline == "" {
			r.baseline = "it begins as soon as bloxdrop runs"
		}
		return r.baseline, nil
	}
	r.mu.Lock()
	said := r.baseline
	r.mu.Unlock()
	if said == "" {
		r.log.Info("what is in the root is noted, so that it is left alone")
		r.setBaseline("it is being noted")
	}
	files := 0
	if err = r.notMounted(); err == nil {
		files, err = r.takeBaseline(ctx, said != "")
	}
	switch {
	case ctx.Err() != nil:
		return "", ctx.Err()
	case err != nil:
		if err.Error() != said {
			r.log.Warn("not all that is in the root can be noted, so nothing of it is sent yet; trying again", "err", err)
		}
		r.setBaseline(err.Error())
		return err.Error(), nil
	}
	r.log.Info("what was in the root is noted, and only what comes from here on is sent", "files", files)
	r.setBaseline("")
	r.based = true
	return "", nil
}

// setBaseline notes for Status why the root has no baseline yet.
func (r *root) setBaseline(why string) {
	r.mu.Lock()
	changed := r.baseline != why
	r.baseline = why
	r.mu.Unlock()
	if changed {
		r.changed()
	}
}

// errWent is a folder that was listed and then not there: it may stand now where
// the walk has been already, and what is in it would be taken for new.
var errWent = errors.New("is listed but not there: it was renamed or removed meanwhile. Trying again helps, or, where it can never be opened, watch.ignore")

const baselineTries = 3

// takeBaseline walks over the whole root, also past what matches no person
// now: folders are renamed, also while it walks. What it adds stays in the
// journal, also where the walk fails then; so with again, after a failure, it
// first walks for nothing.
func (r *root) takeBaseline(ctx context.Context, again bool) (files int, err error) {
	for range baselineTries {
		if files, err = r.walkBaseline(ctx, again); !errors.Is(err, errWent) {
			break
		}
	}
	return files, err
}

func (r *root) walkBaseline(ctx context.Context, again bool) (int, error) {
	base, err := statFolder(r.dir)
	if err != nil {
		return 0, err
	}
	walk := func(add func([]store.BaselineFile) error) error {
		w := baseWalk{root: r, ctx: ctx, add: add}
		if err := w.folder("", false); err != nil {
			return err
		}
		if err := w.flush(); err != nil {
			return err
		}
		if !r.same(base) {
			return errRootMoved
		}
		return nil
	}
	if again {
		if err := walk(func([]store.BaselineFile) error { return nil }); err != nil {
			return 0, err
		}
	}
	return r.queue.TakeBaseline(r.Path, walk)
}

// notMounted is for an empty folder in which no marker can be left: it may be
// the one over which the share is still to be mounted, with all that is on it.
func (r *root) notMounted() error {
	empty, err := isEmpty(r.dir)
	if err != nil || !empty || r.ledger == nil {
		return err
	}
	if _, _, err := store.LookAt(r.path(MarkerName)); isMissing(err) {
		return errors.New("it is empty and can't be written: is it mounted?")
	}
	return nil
}

// baseWalk gathers files for a baseline.
type baseWalk struct {
	*root
	ctx   context.Context
	add   func([]store.BaselineFile) error
	batch []store.BaselineFile
}

func (w *baseWalk) flush() error {
	if len(w.batch) == 0 {
		return nil
	}
	err := w.add(w.batch)
	w.batch = w.batch[:0]
	return err
}

// folder notes all files in and below rel. One that cannot be read ends the
// walk, unless it is ignored by the root's own patterns.
func (w *baseWalk) folder(rel string, ignored bool) error {
	folders, err := w.files(rel)
	switch {
	case err == nil:
	case rel != "" && isGone(err) && ignored:
		return nil
	case rel != "" && isGone(err):
		return fmt.Errorf("%s %w", w.path(rel), errWent)
	case ignored && errors.Is(err, fs.ErrPermission):
		w.log.Warn("an ignored folder can't be read: what is in it would be sent once it is ignored no more", "path", w.path(rel), "err", err)
		return nil
	case errors.Is(err, fs.ErrPermission):
		return fmt.Errorf("%s can't be read: give bloxdrop the right to, or name it in watch.ignore", w.path(rel))
	default:
		return err
	}
	for _, name := range folders {
		if err := w.folder(join(rel, name), ignored || w.ignore.match(rel, name) != ""); err != nil {
			return err
		}
	}
	return nil
}

// files notes what stands directly in rel, and names the folders there. What
// is ignored always, such as a file that still comes in under a temporary
// name, is not noted: whatever it becomes is new.
func (w *baseWalk) files(rel string) (folders []string, err error) {
	dir, err := openDir(w.path(rel), rel == "")
	if err != nil {
		return nil, err
	}
	defer dir.Close()
	for e, err := range entries(w.ctx, dir, w.answered) {
		switch {
		case err != nil:
			return nil, err
		case Ours(rel, e.Name()) || w.ignore.always(e.Name()):
		case e.IsDir():
			folders = append(folders, e.Name())
		case e.Type().IsRegular():
			if err := w.note(rel, dir, e); err != nil {
				return nil, err
			}
		}
	}
	return folders, nil
}

// note takes a file into the baseline, if it still is one.
func (w *baseWalk) note(rel string, dir *openFolder, e fs.DirEntry) error {
	look, regular, err := lookAt(dir, e)
	w.answered()
	if isMissing(err) || err == nil && !regular {
		return nil
	}
	if err != nil {
		return err
	}
	w.batch = append(w.batch, store.BaselineFile{Rel: join(rel, e.Name()), Look: look})
	if len(w.batch) < baselineBatch {
		return nil
	}
	return w.flush()
}

// skips lets the queue take, of files that are no places as they stand, those
// of the baseline.
func (p *pass) skips(rel string, g ground) ([]bool, error) {
	if len(p.others) == 0 || !p.based {
		return make([]bool, len(p.others)), nil
	}
	files := make([]store.Found, len(p.others))
	for n, i := range p.others {
		files[n] = store.Found{Rel: join(rel, p.names[i]), Look: p.looks[i], Person: p.person(g), Folder: g.person.Name}
	}
	return p.queue.Skip(p.Path, files)
}
