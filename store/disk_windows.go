//go:build windows

package store

import (
	"errors"
	"os"

	"golang.org/x/sys/windows"
)

// freeBytes is what an account like ours may still write on the disk of dir.
func freeBytes(dir string) (free uint64, err error) {
	path, err := windows.UTF16PtrFromString(WindowsPath(dir))
	if err == nil {
		err = windows.GetDiskFreeSpaceEx(path, &free, nil, nil)
	}
	return free, err
}

func isFull(err error) bool {
	return errors.Is(err, windows.ERROR_DISK_FULL) || errors.Is(err, windows.ERROR_HANDLE_DISK_FULL) ||
		errors.Is(err, windows.ERROR_DISK_QUOTA_EXCEEDED)
}

// allocate needs no writing: NTFS gives a longer file its room at once.
func allocate(f *os.File, size int64) error { return f.Truncate(size) }
