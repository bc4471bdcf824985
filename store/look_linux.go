package store

import (
	"io/fs"
	"syscall"
)

func identity(fi fs.FileInfo) (changeTime int64, device, inode uint64) {
	st, ok := fi.Sys().(*syscall.Stat_t)
	if !ok {
		return 0, 0, 0
	}
	return st.Ctim.Nano(), st.Dev, st.Ino
}
