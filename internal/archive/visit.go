package archive

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"

	"bloxdrop/store"
)

// mostNames is how many names are tried for a file before it is given up for now.
const mostNames = 1000

// visit is one look into a root: base is its folder, held open.
type visit struct {
	*root
	base *os.Root
}

func (v *visit) close() { v.base.Close() }

func (v *visit) path(rel string) string { return filepath.Join(v.Path, filepath.FromSlash(rel)) }

func (v *visit) step(what string) error { return v.opts.step(what) }

func (v *visit) move(f *file, from *os.Root, name string, to *os.Root, newName string) error {
	return moveIn(v.opts.rename, v.opts.step, f, from, name, to, newName)
}

// end is what became of a noted file.
type end int

const (
	open    end = iota // not done, and not undone: the note stays
	done               // it has left its place for good
	dropped            // it stands where it stood, or is for the next rescan
)

var (
	errNotIt  = errors.New("it is not the file any more that was sent")
	errInUse  = errors.New("somebody has it open to write")
	errKilled = errors.New("killed by a test")
)

// plan says what is to be done with a sent file: errNotIt where another stands there.
func (v *visit) plan(p store.SentPlace) (store.Note, error) {
	dir, _ := split(p.Place.Rel)
	at, err := v.folder(dir, 0)
	if err != nil {
		return store.Note{}, asNotIt(err)
	}
	at.Close()
	if look, mode, err := store.LookAt(v.path(p.Place.Rel)); err != nil || !mode.IsRegular() || look != p.Place.Look {
		return store.Note{}, errors.Join(errNotIt, err)
	}
	to, err := v.free(p)
	return store.Note{SentPlace: p, To: to, Delete: v.Delete}, err
}

// free finds a path at which nothing stands yet. That is no reservation: the
// rename itself refuses to go over another.
func (v *visit) free(p store.SentPlace) (string, error) {
	dir, name := split(p.Place.Rel)
	for n := range mostNames {
		to := join(join(Folder, dir), numbered(name, p.Item.FileID, n))
		if v.Delete {
			to = join(dir, fmt.Sprintf("%s%s-%d", Aside, p.Item.ID, n))
		}
		taken, err := v.there(to)
		if err != nil || !taken {
			return to, err
		}
	}
	return "", fmt.Errorf("too many files in %s have its name: take them out", Folder)
}

func (v *visit) there(rel string) (bool, error) {
	info, err := v.lstat(rel)
	return info != nil, err
}

// lstat gives nil where nothing is.
func (v *visit) lstat(rel string) (fs.FileInfo, error) {
	dir, name := split(rel)
	at, err := v.folder(dir, 0)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	defer at.Close()
	info, err := at.Lstat(name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	return info, err
}

// begin moves a file that was just noted, or puts it aside and deletes it.
func (v *visit) begin(ctx context.Context, note store.Note) (end, error) {
	f, from, err := v.open(note.Place.Rel)
	if err != nil {
		return dropped, asNotIt(err)
	}
	defer from.Close()
	defer f.Close()
	if look, err := f.look(); err != nil || look != note.Place.Look {
		return dropped, errors.Join(errNotIt, err)
	}
	dir, name := split(note.To)
	to, err := v.folder(dir, modeOf(from))
	if err != nil {
		return dropped, fmt.Errorf("%s: %w", dir, err)
	}
	defer to.Close()
	if err := v.step("foldered"); err != nil {
		return open, err
	}
	err = v.move(f, from, path.Base(note.Place.Rel), to, name)
	switch {
	case errors.Is(err, errKilled):
		return open, err
	case errors.Is(err, fs.ErrExist):
		return dropped, errNotIt // that name has just been taken: the next pass finds another
	case err != nil:
		// A share may say that it failed, and have done it.
		f.Close()
		came, again := v.finish(ctx, note)
		return came, errors.Join(err, again)
	}
	if err := v.step("renamed"); err != nil {
		return open, err
	}
	still := f.unchanged(note.Place.Look)
	if still == nil && (note.Delete || note.Place.Racy) {
		still = f.holds(ctx, note.Item.SHA256)
	}
	return v.conclude(f, to, note, still)
}

// conclude ends what begin and finish began: f stands in at, where the note
// says. With an error it isn't the file that was sent, or is being written to.
func (v *visit) conclude(f *file, at *os.Root, note store.Note, still error) (end, error) {
	_, name := split(note.To)
	switch {
	case errors.Is(still, errNotIt), errors.Is(still, errInUse):
		return v.putBack(f, at, name, note)
	case still != nil:
		return open, still // it can't be read: nobody knows yet
	case !note.Delete:
		return done, nil
	}
	if err := v.step("verified"); err != nil {
		return open, err
	}
	if err := f.remove(at, name); err != nil {
		return open, err
	}
	if err := v.step("deleted"); err != nil {
		return open, err
	}
	syncFolder(at)
	return done, nil
}

// putBack lets a file stand where it stood, under another name if that is
// taken: it is for the watcher again.
func (v *visit) putBack(f *file, at *os.Root, name string, note store.Note) (end, error) {
	dir, _ := split(note.Place.Rel)
	to, err := v.folder(dir, modeOf(at))
	if err != nil {
		return open, err
	}
	defer to.Close()
	for n := range mostNames {
		back := numbered(path.Base(note.Place.Rel), note.Item.FileID, n)
		err := v.move(f, at, name, to, back)
		if errors.Is(err, fs.ErrExist) {
			continue
		}
		if err != nil {
			return open, err
		}
		if err := v.step("put back"); err != nil {
			return open, err
		}
		v.log.Info("a file that has changed since it was sent was put back, to be looked at anew", "path", join(dir, back))
		return dropped, nil
	}
	return open, fmt.Errorf("%s can't be put back: too many files there have its name", note.To)
}

// finish goes on where a kill, or a share that failed, left a noted file.
func (v *visit) finish(ctx context.Context, note store.Note) (end, error) {
	here, err := v.lstat(note.Place.Rel)
	if err != nil {
		return open, err
	}
	there, err := v.lstat(note.To)
	if err != nil {
		return open, err
	}
	look, _, err := store.LookAt(v.path(note.Place.Rel))
	if err != nil && here != nil {
		return open, err
	}
	switch {
	case there == nil && here == nil:
		return v.proveGone()
	case there == nil, !there.Mode().IsRegular():
		return dropped, nil // nothing had happened, or all, and somebody has put a new file there
	case here != nil && (there.Size() == 0 || os.SameFile(here, there)):
		return v.undo(note) // in the middle of a rename in two steps
	case here != nil && look == note.Place.Look:
		return v.undoTwin(ctx, note, there)
	}
	f, at, err := v.open(note.To)
	if err != nil {
		return open, err
	}
	defer at.Close()
	defer f.Close()
	still := f.holds(ctx, note.Item.SHA256)
	if !note.Item.HasReceipt() || note.Delete && !v.Delete {
		still = errNotIt // it is to be sent again, or nobody wants it deleted any more
	}
	return v.conclude(f, at, note, still)
}

// undo takes away the second name of a file, or the empty one that was to
// keep its place: both are ours, since they stand where the note says.
func (v *visit) undo(note store.Note) (end, error) {
	dir, name := split(note.To)
	at, err := v.folder(dir, 0)
	if err != nil {
		return open, err
	}
	defer at.Close()
	if err := at.Remove(name); err != nil {
		return open, err
	}
	return dropped, nil
}

// undoTwin does so on file systems that give two names of one file two
// identities, as FUSE's may: what stands at both then has one time and one
// content. Anything else there is somebody's.
func (v *visit) undoTwin(ctx context.Context, note store.Note, there fs.FileInfo) (end, error) {
	if there.Size() != note.Place.Look.Size || there.ModTime().UnixNano() != note.Place.Look.ModTime {
		return dropped, nil
	}
	f, at, err := v.open(note.To)
	if err != nil {
		return open, err
	}
	defer at.Close()
	defer f.Close()
	switch err := f.holds(ctx, note.Item.SHA256); {
	case errors.Is(err, errNotIt), errors.Is(err, errInUse):
		return dropped, nil
	case err != nil:
		return open, err
	}
	_, name := split(note.To)
	if err := f.remove(at, name); err != nil {
		return open, err
	}
	return dropped, nil
}

// proveGone concludes from nothing being there only in a root that is: an
// empty folder may be what a share was mounted on.
func (v *visit) proveGone() (end, error) {
	top, err := v.base.Open(".")
	if err != nil {
		return open, err
	}
	defer top.Close()
	if _, err := top.ReadDir(1); err == nil && v.opts.Ready(v.Path) {
		return done, nil
	}
	return open, nil
}

// holds says whether the file's content is this one: errNotIt if not.
func (f *file) holds(ctx context.Context, sum store.Digest) error {
	before, err := f.look()
	if err != nil {
		return err
	}
	if _, err := f.Seek(0, io.SeekStart); err != nil {
		return err
	}
	h := sha256.New()
	if _, err := io.Copy(h, stoppable{ctx, f}); err != nil {
		return err
	}
	if store.Digest(h.Sum(nil)) != sum {
		return errNotIt
	}
	return f.unchanged(before)
}

type stoppable struct {
	ctx context.Context
	r   io.Reader
}

func (s stoppable) Read(p []byte) (int, error) {
	if err := s.ctx.Err(); err != nil {
		return 0, err
	}
	return s.r.Read(p)
}
