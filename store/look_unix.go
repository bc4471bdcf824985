//go:build unix

package store

import (
	"io/fs"
	"os"
)

// LookAt looks at what stands at a path, without opening it and without
// following a link there. Looks of anything but regular files mean nothing.
func LookAt(path string) (Look, fs.FileMode, error) {
	fi, err := os.Lstat(path)
	if err != nil {
		return Look{}, 0, err
	}
	return lookFrom(fi), fi.Mode(), nil
}

// LookOf looks at an open file, as LookAt does at its path.
func LookOf(f *os.File) (Look, fs.FileMode, error) {
	fi, err := f.Stat()
	if err != nil {
		return Look{}, 0, err
	}
	return lookFrom(fi), fi.Mode(), nil
}

func lookFrom(fi fs.FileInfo) Look {
	l := Look{Size: fi.Size(), ModTime: fi.ModTime().UnixNano()}
	l.ChangeTime, l.Device, l.Inode = identity(fi)
	return l
}
