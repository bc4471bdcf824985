package watcher

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/sys/windows"

	"bloxdrop/store"
)

const openFlags = os.O_RDONLY

// shareAll keeps nobody from reading, writing, renaming or deleting.
const shareAll = windows.FILE_SHARE_READ | windows.FILE_SHARE_WRITE | windows.FILE_SHARE_DELETE

// isMissing says that nothing is there. It is narrower than fs.ErrNotExist,
// which on Windows is also a server that cannot be reached.
func isMissing(err error) bool {
	return errors.Is(err, windows.ERROR_FILE_NOT_FOUND) || errors.Is(err, windows.ERROR_PATH_NOT_FOUND)
}

// lookCloser looks at the file itself where its folder's listing is not what is
// known of it: a listing may be behind as long as somebody has the file open.
func lookCloser(path string, listed store.Look) store.Look {
	if look, _, err := store.LookAt(path); err == nil {
		return look
	}
	return listed
}

// inUse says that another program has a file open, and lets us not read it or
// has not done writing it.
func inUse(err error) bool {
	return errors.Is(err, windows.ERROR_SHARING_VIOLATION) || errors.Is(err, windows.ERROR_LOCK_VIOLATION)
}

// asTyped gives a path as people write it, where a program has put it into the
// form for long ones.
func asTyped(path string) string {
	if rest, ok := strings.CutPrefix(path, `\\?\UNC\`); ok {
		return `\\` + rest
	}
	return strings.TrimPrefix(path, `\\?\`)
}

// asListed gives a path as its folders list it, as far as it is there: by its
// long names, and in their case. It is not ok where no path can be so; with a
// colon it would be a stream beside a file.
func asListed(dir, rel string) (as string, ok bool) {
	if strings.ContainsAny(rel, `<>:"|?*`) {
		return rel, false
	}
	if rel == "" {
		return "", true
	}
	parts := strings.Split(rel, "/")
	for i := range parts {
		path := filepath.Join(dir, filepath.Join(parts[:i+1]...))
		name, err := windows.UTF16PtrFromString(store.WindowsPath(path))
		if err != nil {
			return rel, false
		}
		var found windows.Win32finddata
		h, err := windows.FindFirstFile(name, &found)
		if err != nil {
			break
		}
		_ = windows.FindClose(h)
		parts[i] = windows.UTF16ToString(found.FileName[:])
	}
	return strings.Join(parts, "/"), true
}

// nameTrouble tells of names that other systems can put into a share, but that
// Windows takes for another file or a device when they are opened.
func nameTrouble(rel string) error {
	for name := range strings.SplitSeq(rel, "/") {
		if strings.HasSuffix(name, ".") || strings.HasSuffix(name, " ") || !filepath.IsLocal(name) {
			return fmt.Errorf("Windows can't open the name %q: rename it, so that it ends in no dot or space and is no device's", name)
		}
	}
	return nil
}

// noWriters fails as inUse where somebody has the open file f of a path open for
// writing: a copy that has paused is not whole, and while it goes on the file's
// times may stand still. It keeps writers out for a moment only, since a
// scanner that finds its file closed to it may lose a page.
func noWriters(f *os.File, path string) error {
	h, err := openHandle(path, windows.GENERIC_READ, windows.FILE_SHARE_READ|windows.FILE_SHARE_DELETE, windows.FILE_FLAG_OPEN_REPARSE_POINT)
	if err != nil {
		return err
	}
	alone := os.NewFile(uintptr(h), path)
	defer alone.Close()
	is, err := f.Stat()
	if err != nil {
		return err
	}
	asked, err := alone.Stat()
	if err != nil {
		return err
	}
	if !os.SameFile(is, asked) {
		return errChanged
	}
	return nil
}

// openHandle opens a folder, or nothing but a look at a file.
func openHandle(path string, access, share, flags uint32) (windows.Handle, error) {
	name, err := windows.UTF16PtrFromString(store.WindowsPath(path))
	if err == nil {
		var h windows.Handle
		h, err = windows.CreateFile(name, access, share, nil, windows.OPEN_EXISTING, flags, 0)
		if err == nil {
			return h, nil
		}
	}
	return windows.InvalidHandle, &fs.PathError{Op: "open", Path: path, Err: err}
}
