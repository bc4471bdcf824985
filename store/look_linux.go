package store

import (
	"os"
	"syscall"
)

// LookOf takes a Look from what Lstat or Stat said of a file.
func LookOf(fi os.FileInfo) Look {
	l := Look{Size: fi.Size(), ModTime: fi.ModTime().UnixNano()}
	if st, ok := fi.Sys().(*syscall.Stat_t); ok {
		l.ChangeTime = st.Ctim.Nano()
		l.Device, l.Inode = st.Dev, st.Ino
	}
	return l
}
