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
	if info, err := os.Stat(path); err == nil {
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

// Guard lets its owner alone read a file.
func (o Owner) Guard(path string) error {
	if err := os.Chmod(path, 0o600); err != nil || !o.given {
		return err
	}
	return os.Chown(path, o.uid, o.gid)
}
