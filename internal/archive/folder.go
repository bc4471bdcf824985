package archive

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"strings"
	"syscall"
	"unicode/utf8"

	"bloxdrop/internal/below"
	"bloxdrop/store"
)

// folder opens a folder of the root through no link. With a mode, those on the
// way to it that are missing are made.
func (v *visit) folder(dir string, create fs.FileMode) (*os.Root, error) {
	return below.Open(v.base, dir, create)
}

// modeOf is who may enter a folder: no more people are to see the files of a
// person in _sent than in the person's folder.
func modeOf(at *os.Root) fs.FileMode {
	if info, err := at.Stat("."); err == nil {
		return info.Mode().Perm() | 0o700
	}
	return 0o700
}

// file is a file of the root, open to read; while it is, nobody begins to
// write to it unseen, where the platform can tell.
type file struct {
	*os.File
	guard guard
}

// open opens a file of the root and the folder that it is in.
func (v *visit) open(rel string) (*file, *os.Root, error) {
	dir, name := split(rel)
	at, err := v.folder(dir, 0)
	if err != nil {
		return nil, nil, err
	}
	f, err := openIn(at, name)
	if err != nil {
		at.Close()
		return nil, nil, err
	}
	return f, at, nil
}

func openIn(at *os.Root, name string) (*file, error) {
	info, err := at.Lstat(name)
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, errNotIt
	}
	f, err := openGuarded(at, name)
	if err != nil {
		return nil, err
	}
	if opened, err := f.Stat(); err != nil || !os.SameFile(info, opened) {
		f.Close()
		return nil, errors.Join(errNotIt, err)
	}
	return f, nil
}

func (f *file) look() (store.Look, error) {
	look, _, err := store.LookOf(f.File)
	return look, err
}

// unchanged says whether the file is as it was, but for the change time, which
// a rename moves: errNotIt if not, errInUse where somebody opens it to write.
func (f *file) unchanged(was store.Look) error {
	is, err := f.look()
	if err != nil {
		return err
	}
	is.ChangeTime = was.ChangeTime
	if is != was {
		return errNotIt
	}
	return f.guard.holds(f.File)
}

// renamer moves the open file f, name in from, to newName in to; over another
// never: that is fs.ErrExist. step is told of what lies between two steps.
type renamer func(f, from *os.File, name string, to *os.File, newName string, step func(string) error) error

// moveIn renames between two folders, and makes sure that it was f that moved.
func moveIn(rename renamer, step func(string) error, f *file, from *os.Root, name string, to *os.Root, newName string) error {
	was, err := from.Open(".")
	if err != nil {
		return err
	}
	defer was.Close()
	is, err := to.Open(".")
	if err != nil {
		return err
	}
	defer is.Close()
	if err := rename(f.File, was, name, is, newName, step); err != nil {
		return err
	}
	moved, err := to.Lstat(newName)
	if err != nil {
		return err
	}
	if mine, err := f.Stat(); err != nil || !os.SameFile(mine, moved) {
		return errors.Join(errNotIt, err)
	}
	return nil
}

// asNotIt is for what the watcher will see by itself: the file has gone, or a
// link stands on the way to it.
func asNotIt(err error) error {
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ENOTDIR) || errors.Is(err, below.ErrNoFolder) {
		return errors.Join(errNotIt, err)
	}
	return err
}

// plain puts a file system's error into words.
func plain(err error) string {
	var pe *fs.PathError
	switch {
	case errors.Is(err, fs.ErrPermission):
		return "permission denied"
	case errors.Is(err, syscall.EXDEV):
		return "its folder and " + Folder + " are on different volumes"
	case errors.As(err, &pe):
		return pe.Err.Error()
	}
	return err.Error()
}

func split(rel string) (dir, name string) {
	if i := strings.LastIndexByte(rel, '/'); i >= 0 {
		return rel[:i], rel[i+1:]
	}
	return "", rel
}

func join(dir, name string) string {
	if dir == "" {
		return name
	}
	return dir + "/" + name
}

// longestName is in bytes; no common file system takes longer ones.
const longestName = 255

// numbered is the n-th name to try for a file: its own, then with the file ID
// before the extension, then with a number too.
func numbered(name string, fileID int64, n int) string {
	if n == 0 {
		return name
	}
	more := fmt.Sprintf(".%d", fileID)
	if n > 1 {
		more = fmt.Sprintf("%s-%d", more, n)
	}
	ext := path.Ext(name)
	if len(ext) > 20 || ext == name {
		ext = ""
	}
	stem := strings.TrimSuffix(name, ext)
	if room := longestName - len(more) - len(ext); len(stem) > room {
		stem = stem[:room]
		for range utf8.UTFMax - 1 { // not in the middle of a letter
			if r, size := utf8.DecodeLastRuneInString(stem); r == utf8.RuneError && size == 1 {
				stem = stem[:len(stem)-1]
			}
		}
	}
	return stem + more + ext
}
