//go:build windows

package check

import (
	"errors"
	"os"
	"path/filepath"

	"golang.org/x/sys/windows"

	"bloxdrop/store"
)

// disk is what the system says of the file system that a folder is on.
type disk struct {
	kind     string
	remote   bool // on another machine
	fleeting bool // gone after a restart
	free     uint64
}

func diskOf(dir string) (disk, error) {
	volume := filepath.VolumeName(dir) + `\`
	name, err := windows.UTF16PtrFromString(volume)
	if err != nil {
		return disk{}, err
	}
	d := disk{kind: volume}
	switch windows.GetDriveType(name) {
	case windows.DRIVE_REMOTE:
		d.kind, d.remote = "a network drive", true
	case windows.DRIVE_RAMDISK:
		d.kind, d.fleeting = "a RAM disk", true
	}
	path, err := windows.UTF16PtrFromString(store.WindowsPath(dir))
	if err == nil {
		err = windows.GetDiskFreeSpaceEx(path, &d.free, nil, nil)
	}
	return d, err
}

// mayWrite asks for the right to make files in a folder, and makes none.
func mayWrite(dir string) error { return ask(dir, windows.FILE_WRITE_DATA) } // of a folder: to add a file

// mayRead asks for the right to read a file, or to list a folder.
func mayRead(path string) error { return ask(path, windows.FILE_READ_DATA) }

func ask(name string, access uint32) error {
	path, err := windows.UTF16PtrFromString(name)
	if err != nil {
		return err
	}
	h, err := windows.CreateFile(path, access, windows.FILE_SHARE_READ|windows.FILE_SHARE_WRITE|windows.FILE_SHARE_DELETE,
		nil, windows.OPEN_EXISTING, windows.FILE_FLAG_BACKUP_SEMANTICS, 0)
	switch {
	case errors.Is(err, windows.ERROR_SHARING_VIOLATION):
		return nil // somebody has it open now, which is no matter of rights
	case err != nil:
		return &os.PathError{Op: "open", Path: name, Err: err}
	}
	return windows.CloseHandle(h)
}

// watchLimit is unknown: Windows has none that counts here.
func watchLimit() int { return 0 }
