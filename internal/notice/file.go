package notice

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"

	"bloxdrop/internal/failpoint"
	"bloxdrop/watcher"
)

// read gives a file's text, and tells by that whether we have written it.
func read(at *os.Root, name string) (text string, ours bool, err error) {
	info, err := at.Lstat(name)
	if err != nil {
		return "", false, err
	}
	if !info.Mode().IsRegular() || info.Size() > watcher.LargestNotice {
		return name, false, nil
	}
	f, err := at.Open(name)
	if err != nil {
		return "", false, err
	}
	defer f.Close()
	if opened, err := f.Stat(); err != nil || !os.SameFile(info, opened) {
		return name, false, err
	}
	b, err := io.ReadAll(io.LimitReader(f, watcher.LargestNotice))
	return string(b), watcher.Wrote(b), err
}

// isStump tells of the text of a temporary file that a kill or a power cut
// may have left. Somebody else's says something.
func isStump(text string) bool { return strings.Trim(text, "\x00") == "" }

// writer makes a file of ours appear whole.
type writer func(at *os.Root, name string, data []byte) (fs.FileInfo, error)

// write puts a file in the place of another of ours.
func write(at *os.Root, name string, data []byte) (fs.FileInfo, error) {
	return place(at, name, data, func() error { return rename(at, name) })
}

// create is write where nothing may stand: fs.ErrExist if something does by now.
func create(at *os.Root, name string, data []byte) (fs.FileInfo, error) {
	return place(at, name, data, func() error {
		err := at.Link(watcher.TempNotice, name)
		if err == nil {
			failpoint.At("notice linked")
			_ = at.Remove(watcher.TempNotice) // else the next look does
		} else if !errors.Is(err, fs.ErrExist) {
			err = createWithoutLinks(at, name)
		}
		return err
	})
}

// createWithoutLinks keeps the name with an empty file, which nobody misses.
func createWithoutLinks(at *os.Root, name string) error {
	f, err := at.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	if err := f.Close(); err != nil {
		return err
	}
	return rename(at, name)
}

// rename gives the temporary file its name, whatever has that.
func rename(at *os.Root, name string) error {
	err := at.Rename(watcher.TempNotice, name)
	if err != nil && runtime.GOOS == "windows" {
		err = renameByPath(at, name)
	}
	return err
}

// renameByPath is for network shares, which may know no folder by its handle. If
// a link has come on the way, there is no such temporary file behind it.
func renameByPath(at *os.Root, name string) error {
	return os.Rename(filepath.Join(at.Name(), watcher.TempNotice), filepath.Join(at.Name(), name))
}

// place writes a temporary file, and has move give it its name. Who may enter
// the folder may read it, whatever the umask of the service.
func place(at *os.Root, name string, data []byte, move func() error) (fs.FileInfo, error) {
	if err := makeRoom(at); err != nil {
		return nil, err
	}
	f, err := at.OpenFile(watcher.TempNotice, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return nil, err
	}
	_, err = f.Write(data)
	if dir, bad := at.Stat("."); bad == nil {
		_ = f.Chmod(0o644 | dir.Mode().Perm()&0o022) // not every share has modes
	}
	if err = errors.Join(err, f.Sync(), f.Close()); err == nil {
		failpoint.At("notice rename")
		err = move()
	}
	if err != nil {
		return nil, errors.Join(err, at.Remove(watcher.TempNotice))
	}
	return at.Lstat(name)
}

// makeRoom takes away the temporary file that a kill has left.
func makeRoom(at *os.Root) error {
	text, ours, err := read(at, watcher.TempNotice)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil:
		return err
	case !ours && !isStump(text):
		return fmt.Errorf("%q is there, and not bloxdrop's", watcher.TempNotice)
	}
	return at.Remove(watcher.TempNotice)
}
