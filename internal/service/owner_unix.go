//go:build unix

package service

import (
	"os"
	"os/user"
	"strconv"
	"syscall"
)

// Owner is whose a secret's file is.
type Owner struct {
	uid, gid int
	given    bool // to another than who writes it
}

// OwnerOf is asked before the file is written anew: it stays whose it was. A new
// one of root's is the service's account's.
func OwnerOf(path string) Owner {
	if info, err := os.Lstat(path); err == nil && info.Mode().IsRegular() {
		if st, ok := info.Sys().(*syscall.Stat_t); ok {
			return Owner{int(st.Uid), int(st.Gid), true}
		}
	}
	if os.Geteuid() != 0 {
		return Owner{}
	}
	account, err := user.Lookup(Name)
	if err != nil {
		return Owner{}
	}
	uid, err := strconv.Atoi(account.Uid)
	if err != nil {
		return Owner{}
	}
	gid, err := strconv.Atoi(account.Gid)
	return Owner{uid, gid, err == nil}
}

// Guard gives a file, which its owner alone may read already, to the owner. It
// follows no link that somebody may have put there meanwhile.
func (o Owner) Guard(path string) error {
	if !o.given {
		return nil
	}
	return os.Lchown(path, o.uid, o.gid)
}
