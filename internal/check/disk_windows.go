//go:build windows

package check

import (
	"os"
	"path/filepath"

	"golang.org/x/sys/windows"
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
	path, err := windows.UTF16PtrFromString(dir)
	if err == nil {
		err = windows.GetDiskFreeSpaceEx(path, &d.free, nil, nil)
	}
	return d, err
}

// mayWrite asks for the right to make files in a folder, and makes none.
func mayWrite(dir string) error {
	path, err := windows.UTF16PtrFromString(dir)
	if err != nil {
		return err
	}
	const addFile = 0x2 // FILE_ADD_FILE
	h, err := windows.CreateFile(path, addFile, windows.FILE_SHARE_READ|windows.FILE_SHARE_WRITE|windows.FILE_SHARE_DELETE,
		nil, windows.OPEN_EXISTING, windows.FILE_FLAG_BACKUP_SEMANTICS, 0)
	if err != nil {
		return &os.PathError{Op: "open", Path: dir, Err: err}
	}
	return windows.CloseHandle(h)
}

// watchLimit is unknown: Windows has none that counts here.
func watchLimit() int { return 0 }
