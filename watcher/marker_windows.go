//go:build windows

package watcher

import (
	"golang.org/x/sys/windows"

	"bloxdrop/store"
)

// hide keeps a file from people who only look at their folders: its dot does
// not, here.
func hide(path string) error {
	p, err := windows.UTF16PtrFromString(store.WindowsPath(path))
	if err != nil {
		return err
	}
	return windows.SetFileAttributes(p, windows.FILE_ATTRIBUTE_HIDDEN)
}
