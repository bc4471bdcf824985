package watcher

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"syscall"
	"time"
	"unsafe"

	"golang.org/x/sys/windows"

	"bloxdrop/store"
)

// listBuffer takes some 500 names at a time; it is as much as all servers give.
const listBuffer = 64 << 10

// openFolder is a folder that is being listed. Its listing tells size, times
// and identity of each file without opening it, and while it is open everybody
// may rename and delete the folder and what is in it.
type openFolder struct {
	*os.File
	volume uint32
	class  uint32   // what is asked for next
	buf    []uint64 // aligned
	rest   []byte   // of buf, not handed out yet
}

// openDir opens a folder, and nothing else that may have come in its place.
// Only the root itself may be a link, since an administrator chose it.
func openDir(path string, isRoot bool) (*openFolder, error) {
	flags := uint32(windows.FILE_FLAG_BACKUP_SEMANTICS)
	if !isRoot {
		flags |= windows.FILE_FLAG_OPEN_REPARSE_POINT
	}
	h, err := openHandle(path, windows.FILE_LIST_DIRECTORY|windows.FILE_READ_ATTRIBUTES, shareAll, flags)
	if err != nil {
		return nil, err
	}
	d := &openFolder{File: os.NewFile(uintptr(h), path), class: windows.FileIdBothDirectoryRestartInfo}
	_, mode, err := store.LookOf(d.File)
	switch {
	case err != nil:
	case mode&fs.ModeSymlink != 0:
		err = &fs.PathError{Op: "open", Path: path, Err: syscall.ELOOP}
	case !mode.IsDir():
		err = &fs.PathError{Op: "open", Path: path, Err: syscall.ENOTDIR}
	default:
		var info windows.ByHandleFileInformation
		if err = windows.GetFileInformationByHandle(h, &info); err == nil {
			d.volume = info.VolumeSerialNumber
			return d, nil
		}
	}
	d.Close()
	return nil, err
}

// ReadDir gives the next entries, at most n, and io.EOF behind the last.
func (d *openFolder) ReadDir(n int) (entries []fs.DirEntry, err error) {
	for len(entries) < n {
		if len(d.rest) == 0 {
			if err := d.fill(); err != nil {
				return entries, err
			}
		}
		e, rest, err := nextListed(d.rest, d.class == windows.FileIdBothDirectoryInfo)
		if err != nil {
			return entries, &fs.PathError{Op: "list", Path: d.Name(), Err: err}
		}
		d.rest = rest
		if name := syscall.UTF16ToString(e.name); name != "." && name != ".." {
			e.file.Volume = d.volume
			entries = append(entries, folderEntry{name, e.file})
		}
	}
	return entries, nil
}

// fill asks for more. A file system that knows no file IDs is asked without.
func (d *openFolder) fill() error {
	if d.buf == nil {
		d.buf = make([]uint64, listBuffer/8)
	}
	buf := unsafe.Slice((*byte)(unsafe.Pointer(&d.buf[0])), listBuffer)
	clear(buf)
	err := windows.GetFileInformationByHandleEx(windows.Handle(d.Fd()), d.class, &buf[0], listBuffer)
	first := d.class == windows.FileIdBothDirectoryRestartInfo || d.class == windows.FileFullDirectoryRestartInfo
	switch {
	case err == nil:
	case errors.Is(err, windows.ERROR_NO_MORE_FILES), first && errors.Is(err, windows.ERROR_FILE_NOT_FOUND):
		return io.EOF
	case d.class == windows.FileIdBothDirectoryRestartInfo && notSupported(err):
		d.class = windows.FileFullDirectoryRestartInfo
		return d.fill()
	default:
		return &fs.PathError{Op: "list", Path: d.Name(), Err: err}
	}
	switch d.class {
	case windows.FileIdBothDirectoryRestartInfo:
		d.class = windows.FileIdBothDirectoryInfo
	case windows.FileFullDirectoryRestartInfo:
		d.class = windows.FileFullDirectoryInfo
	}
	d.rest = buf
	return nil
}

func notSupported(err error) bool {
	return errors.Is(err, windows.ERROR_INVALID_PARAMETER) || errors.Is(err, windows.ERROR_NOT_SUPPORTED) ||
		errors.Is(err, windows.ERROR_INVALID_FUNCTION) || errors.Is(err, windows.ERROR_INVALID_LEVEL)
}

// folderEntry is an entry of a listing, and the fs.FileInfo of it.
type folderEntry struct {
	name string
	file store.WindowsFile
}

func (e folderEntry) Name() string               { return e.name }
func (e folderEntry) IsDir() bool                { return e.file.Mode().IsDir() }
func (e folderEntry) Type() fs.FileMode          { return e.file.Mode() }
func (e folderEntry) Info() (fs.FileInfo, error) { return e, nil }
func (e folderEntry) Size() int64                { return e.file.Size }
func (e folderEntry) Mode() fs.FileMode          { return e.file.Mode() }
func (e folderEntry) ModTime() time.Time         { return time.Unix(0, e.file.Look().ModTime) }
func (e folderEntry) Sys() any                   { return nil }

// lookAt is store.LookAt of a file just listed, as its folder tells it.
func lookAt(_ *openFolder, e fs.DirEntry) (look store.Look, regular bool, err error) {
	file := e.(folderEntry).file
	return file.Look(), file.Mode().IsRegular(), nil
}
