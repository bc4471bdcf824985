//go:build windows

package archive

import (
	"errors"
	"io/fs"
	"os"
	"unsafe"

	"golang.org/x/sys/windows"
)

// guard: the open itself denies writers.
type guard struct{}

func (guard) holds(*os.File) error { return nil }

// openGuarded opens a file to read, rename and delete, and no link that has come
// in its place. Nobody can open it to write as long; if somebody has, it is
// errInUse. Others may rename or delete it.
func openGuarded(at *os.Root, name string) (*file, error) {
	dir, err := at.Open(".")
	if err != nil {
		return nil, err
	}
	defer dir.Close()
	text, err := windows.NewNTUnicodeString(name)
	if err != nil {
		return nil, &fs.PathError{Op: "open", Path: name, Err: err}
	}
	attributes := windows.OBJECT_ATTRIBUTES{RootDirectory: windows.Handle(dir.Fd()), ObjectName: text, Attributes: windows.OBJ_CASE_INSENSITIVE | windows.OBJ_DONT_REPARSE}
	attributes.Length = uint32(unsafe.Sizeof(attributes))
	var handle windows.Handle
	var status windows.IO_STATUS_BLOCK
	err = windows.NtCreateFile(&handle, windows.FILE_GENERIC_READ|windows.DELETE, &attributes, &status, nil, 0,
		windows.FILE_SHARE_READ|windows.FILE_SHARE_DELETE, windows.FILE_OPEN,
		windows.FILE_SYNCHRONOUS_IO_NONALERT|windows.FILE_NON_DIRECTORY_FILE, 0, 0)
	if err != nil {
		err = errno(err)
		if errors.Is(err, windows.ERROR_SHARING_VIOLATION) {
			return nil, errInUse
		}
		return nil, &fs.PathError{Op: "open", Path: name, Err: err}
	}
	return &file{os.NewFile(uintptr(handle), name), guard{}}, nil
}

// errno makes of the kernel's own errors those that the rest of Go knows.
func errno(err error) error {
	if status, ok := err.(windows.NTStatus); ok {
		return status.Errno()
	}
	return err
}

// renameInformation is FILE_RENAME_INFORMATION, which ends in the name.
type renameInformation struct {
	ReplaceIfExists uint32
	RootDirectory   windows.Handle
	FileNameLength  uint32
	FileName        [windows.MAX_LONG_PATH]uint16
}

func (r *renameInformation) set(dir windows.Handle, name string) error {
	text, err := windows.UTF16FromString(name)
	if err != nil || len(text) > len(r.FileName) {
		return errors.Join(windows.ERROR_INVALID_NAME, err)
	}
	r.RootDirectory, r.FileNameLength = dir, uint32(2*(len(text)-1))
	copy(r.FileName[:], text)
	return nil
}

// rename moves the very file that is open. A network share may not know a
// folder by its handle; then it is given the folder's whole path.
func rename(f, _ *os.File, name string, to *os.File, newName string, _ func(string) error) error {
	err := renameTo(f, windows.Handle(to.Fd()), newName)
	if errors.Is(err, windows.ERROR_INVALID_PARAMETER) || errors.Is(err, windows.ERROR_NOT_SUPPORTED) || errors.Is(err, windows.ERROR_INVALID_NAME) {
		err = renameByPath(f, to, newName)
	}
	if err != nil {
		return &fs.PathError{Op: "rename", Path: name, Err: err}
	}
	return nil
}

func renameTo(f *os.File, dir windows.Handle, name string) error {
	var info renameInformation
	if err := info.set(dir, name); err != nil {
		return err
	}
	var status windows.IO_STATUS_BLOCK
	return errno(windows.NtSetInformationFile(windows.Handle(f.Fd()), &status, (*byte)(unsafe.Pointer(&info)), uint32(unsafe.Sizeof(info)), windows.FileRenameInformation))
}

func renameByPath(f, to *os.File, newName string) error {
	path := make([]uint16, windows.MAX_LONG_PATH)
	n, err := windows.GetFinalPathNameByHandle(windows.Handle(to.Fd()), &path[0], uint32(len(path)), 0)
	if err != nil {
		return err
	}
	if int(n) >= len(path) {
		return windows.ERROR_FILENAME_EXCED_RANGE
	}
	var info renameInformation
	if err := info.set(0, windows.UTF16ToString(path[:n])+`\`+newName); err != nil {
		return err
	}
	return windows.SetFileInformationByHandle(windows.Handle(f.Fd()), windows.FileRenameInfo, (*byte)(unsafe.Pointer(&info)), uint32(unsafe.Sizeof(info)))
}

// remove deletes the very file that is open, which is called name; it goes when
// it is closed. Windows deletes no file that is marked as read-only.
func (f *file) remove(at *os.Root, name string) error {
	gone := uint8(1)
	remove := func() error {
		return windows.SetFileInformationByHandle(windows.Handle(f.Fd()), windows.FileDispositionInfo, &gone, 1)
	}
	err := remove()
	if errors.Is(err, windows.ERROR_ACCESS_DENIED) {
		if err = at.Chmod(name, 0o600); err == nil {
			err = remove()
		}
	}
	if err != nil {
		return &fs.PathError{Op: "delete", Path: f.Name(), Err: err}
	}
	return f.Close()
}

// syncFolder: Windows has no such call and needs none.
func syncFolder(*os.Root) {}
