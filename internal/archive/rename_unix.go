//go:build unix

package archive

import (
	"errors"
	"fmt"
	"io/fs"
	"os"

	"golang.org/x/sys/unix"
)

// rename takes the best way that the file system has.
func rename(f, from *os.File, name string, to *os.File, newName string, step func(string) error) error {
	err := renameNoReplace(from, name, to, newName)
	if unsupported(err) {
		err = renameByLink(f, from, name, to, newName, step)
	}
	if unsupported(err) || errors.Is(err, unix.EPERM) || errors.Is(err, unix.EMLINK) {
		err = renameOverEmpty(f, from, name, to, newName, step)
	}
	return err
}

// unsupported is how file systems say that they have no such rename or link:
// CIFS, NFS and many of FUSE.
func unsupported(err error) bool {
	return errors.Is(err, unix.EINVAL) || errors.Is(err, unix.ENOSYS) || errors.Is(err, unix.ENOTSUP) || errors.Is(err, unix.EOPNOTSUPP)
}

// renameByLink gives the file its new name, which fails if that is taken, and
// then takes the old one away. A kill in between leaves both.
func renameByLink(f, from *os.File, name string, to *os.File, newName string, step func(string) error) error {
	if err := unix.Linkat(int(from.Fd()), name, int(to.Fd()), newName, 0); err != nil {
		return pathError("link", newName, err)
	}
	if err := step("linked"); err != nil {
		return err
	}
	// If the old name is another's file by now, that one must stay.
	if err := sameAs(f, from, name); err != nil {
		_ = unix.Unlinkat(int(to.Fd()), newName, 0) // where it fails, the note tells of it
		return err
	}
	return pathError("unlink", name, unix.Unlinkat(int(from.Fd()), name, 0))
}

// renameOverEmpty keeps the new name with an empty file of ours, for file
// systems without links, and renames over that. A kill in between leaves it.
func renameOverEmpty(f, from *os.File, name string, to *os.File, newName string, step func(string) error) error {
	fd, err := unix.Openat(int(to.Fd()), newName, unix.O_CREAT|unix.O_EXCL|unix.O_WRONLY|unix.O_CLOEXEC, 0o600)
	if err != nil {
		return pathError("create", newName, err)
	}
	_ = unix.Close(fd) // nothing was written
	if err := step("kept free"); err != nil {
		return err
	}
	err = sameAs(f, from, name)
	if err == nil {
		err = unix.Renameat(int(from.Fd()), name, int(to.Fd()), newName)
	}
	if err != nil {
		_ = unix.Unlinkat(int(to.Fd()), newName, 0) // where it fails, the note tells of it
		return pathError("rename", name, err)
	}
	return nil
}

func sameAs(f, dir *os.File, name string) error {
	var is, mine unix.Stat_t
	if err := unix.Fstatat(int(dir.Fd()), name, &is, unix.AT_SYMLINK_NOFOLLOW); err != nil {
		return pathError("look at", name, err)
	}
	if err := unix.Fstat(int(f.Fd()), &mine); err != nil {
		return pathError("look at", name, err)
	}
	if is.Dev != mine.Dev || is.Ino != mine.Ino {
		return fmt.Errorf("%s: %w", name, errNotIt)
	}
	return nil
}

func pathError(op, name string, err error) error {
	if err == nil || errors.Is(err, errNotIt) {
		return err
	}
	return &fs.PathError{Op: op, Path: name, Err: err}
}

// openGuarded opens a file that a look has just shown to be a regular one.
func openGuarded(at *os.Root, name string) (*file, error) {
	f, err := at.OpenFile(name, os.O_RDONLY|unix.O_NONBLOCK, 0) // should it be a pipe by now
	if err != nil {
		return nil, err
	}
	g, err := guardOf(f)
	if err != nil {
		f.Close()
		return nil, err
	}
	return &file{f, g}, nil
}

// remove deletes the file, which must be the one at name.
func (f *file) remove(at *os.Root, name string) error {
	info, err := at.Lstat(name)
	if err != nil {
		return err
	}
	if mine, err := f.Stat(); err != nil || !os.SameFile(mine, info) {
		return errors.Join(errNotIt, err)
	}
	if err := f.guard.holds(f.File); err != nil {
		return err
	}
	return at.Remove(name)
}

// syncFolder makes a deletion durable where that can be: an error costs
// nothing, since the file's content is in Bloxs.
func syncFolder(at *os.Root) {
	if dir, err := at.Open("."); err == nil {
		_ = dir.Sync()
		dir.Close()
	}
}
