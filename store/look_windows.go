package store

import (
	"io/fs"
	"os"
	"unsafe"

	"golang.org/x/sys/windows"
)

// Anybody may read, write, rename and delete what is only looked at.
const shareAll = windows.FILE_SHARE_READ | windows.FILE_SHARE_WRITE | windows.FILE_SHARE_DELETE

// LookAt looks at what stands at a path, without following a link there, and
// without keeping anybody from anything. A folder's listing may be behind the
// file itself while somebody has it open, so this is the truth. Looks of
// anything but regular files mean nothing.
func LookAt(path string) (look Look, mode fs.FileMode, err error) {
	name, err := windows.UTF16PtrFromString(WindowsPath(path))
	if err != nil {
		return look, 0, &fs.PathError{Op: "look at", Path: path, Err: err}
	}
	h, err := windows.CreateFile(name, windows.FILE_READ_ATTRIBUTES, shareAll, nil, windows.OPEN_EXISTING,
		windows.FILE_FLAG_BACKUP_SEMANTICS|windows.FILE_FLAG_OPEN_REPARSE_POINT, 0)
	if err != nil {
		return look, 0, &fs.PathError{Op: "look at", Path: path, Err: err}
	}
	defer windows.CloseHandle(h)
	look, mode, err = lookOf(h)
	if err != nil {
		err = &fs.PathError{Op: "look at", Path: path, Err: err}
	}
	return look, mode, err
}

// LookOf looks at an open file, as LookAt does at its path.
func LookOf(f *os.File) (look Look, mode fs.FileMode, err error) {
	conn, err := f.SyscallConn()
	if err != nil {
		return look, 0, err
	}
	if bad := conn.Control(func(fd uintptr) { look, mode, err = lookOf(windows.Handle(fd)) }); bad != nil {
		return look, 0, bad
	}
	if err != nil {
		err = &fs.PathError{Op: "look at", Path: f.Name(), Err: err}
	}
	return look, mode, err
}

func lookOf(h windows.Handle) (look Look, mode fs.FileMode, err error) {
	var info windows.ByHandleFileInformation
	if err := windows.GetFileInformationByHandle(h, &info); err != nil {
		return look, 0, err
	}
	var basic struct{ creation, access, write, change, attributes int64 }
	size := uint32(unsafe.Sizeof(basic))
	if err := windows.GetFileInformationByHandleEx(h, windows.FileBasicInfo, (*byte)(unsafe.Pointer(&basic)), size); err != nil {
		return look, 0, err
	}
	var tag struct{ attributes, tag uint32 }
	if info.FileAttributes&windows.FILE_ATTRIBUTE_REPARSE_POINT != 0 {
		size := uint32(unsafe.Sizeof(tag))
		if err := windows.GetFileInformationByHandleEx(h, windows.FileAttributeTagInfo, (*byte)(unsafe.Pointer(&tag)), size); err != nil {
			return look, 0, err
		}
	}
	f := WindowsFile{
		Size: int64(info.FileSizeHigh)<<32 | int64(info.FileSizeLow), Write: basic.write, Change: basic.change,
		Volume: info.VolumeSerialNumber, ID: uint64(info.FileIndexHigh)<<32 | uint64(info.FileIndexLow),
		Attributes: info.FileAttributes, Tag: tag.tag,
	}
	return f.Look(), f.Mode(), nil
}
