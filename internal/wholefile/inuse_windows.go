//go:build windows

package wholefile

import (
	"errors"
	"os"

	"golang.org/x/sys/windows"
)

// inUse tells whether somebody has the file open: Windows says so in two ways,
// of which one also means that the rights don't suffice.
func inUse(err error) bool {
	return errors.Is(err, windows.ERROR_ACCESS_DENIED) || errors.Is(err, windows.ERROR_SHARING_VIOLATION)
}

// rename is on the disk when it returns, since nobody can sync a folder here.
// What Windows refuses is os.Rename's to try and to put into words.
func rename(from, to string) error {
	oldName, err := windows.UTF16PtrFromString(from)
	if err == nil {
		var newName *uint16
		if newName, err = windows.UTF16PtrFromString(to); err == nil {
			err = windows.MoveFileEx(oldName, newName, windows.MOVEFILE_REPLACE_EXISTING|windows.MOVEFILE_WRITE_THROUGH)
		}
	}
	if err != nil {
		return os.Rename(from, to)
	}
	return nil
}
