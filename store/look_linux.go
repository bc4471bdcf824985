package store

import (
	"io/fs"
	"syscall"
)

// identity leaves the device out: that of a share changes with every mount, and
// then all its files would be read again. Inode and change time tell files
// apart, and the roots' folders are compared with their devices.
func identity(fi fs.FileInfo) (changeTime int64, device, inode uint64) {
	st, ok := fi.Sys().(*syscall.Stat_t)
	if !ok {
		return 0, 0, 0
	}
	return st.Ctim.Nano(), 0, st.Ino
}
