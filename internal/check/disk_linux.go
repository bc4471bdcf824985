//go:build linux

package check

import (
	"fmt"
	"os"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// disk is what the system says of the file system that a folder is on.
type disk struct {
	kind     string
	remote   bool // others may change it without our system telling of it
	fleeting bool // gone after a restart
	free     uint64
}

func diskOf(dir string) (disk, error) {
	var st unix.Statfs_t
	if err := unix.Statfs(dir, &st); err != nil {
		return disk{}, err
	}
	d := disk{free: st.Bavail * uint64(st.Bsize)}
	switch magic := uint32(st.Type); magic {
	case unix.NFS_SUPER_MAGIC:
		d.kind, d.remote = "NFS", true
	case unix.SMB_SUPER_MAGIC, unix.CIFS_SUPER_MAGIC, unix.SMB2_SUPER_MAGIC:
		d.kind, d.remote = "SMB", true
	case unix.AFS_SUPER_MAGIC:
		d.kind, d.remote = "AFS", true
	case unix.CEPH_SUPER_MAGIC:
		d.kind, d.remote = "Ceph", true
	case unix.V9FS_MAGIC:
		d.kind, d.remote = "9p", true
	case unix.FUSE_SUPER_MAGIC:
		d.kind, d.remote = fuse, true
	case unix.TMPFS_MAGIC, unix.RAMFS_MAGIC:
		d.kind, d.fleeting = "tmpfs", true
	default:
		d.kind = fmt.Sprintf("type %#x", magic)
	}
	return d, nil
}

// watchLimit is how many folders the system lets an account watch; 0: unknown.
func watchLimit() int {
	b, err := os.ReadFile("/proc/sys/fs/inotify/max_user_watches")
	if err != nil {
		return 0
	}
	n, _ := strconv.Atoi(strings.TrimSpace(string(b)))
	return n
}
