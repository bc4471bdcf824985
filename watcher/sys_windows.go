package watcher

import (
	"errors"
	"io/fs"
	"os"

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
