//go:build !linux

package watcher

import (
	"io/fs"
	"os"

	"bloxdrop/store"
)

// lookAt is store.LookOf of a file just listed in dir.
func lookAt(_ *os.File, e fs.DirEntry) (look store.Look, regular bool, err error) {
	info, err := e.Info()
	if err != nil {
		return look, false, err
	}
	return store.LookOf(info), info.Mode().IsRegular(), nil
}
