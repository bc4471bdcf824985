//go:build unix && !linux

package watcher

import (
	"io/fs"
	"path/filepath"

	"bloxdrop/store"
)

// lookAt is store.LookAt of a file just listed in dir.
func lookAt(dir *openFolder, e fs.DirEntry) (look store.Look, regular bool, err error) {
	look, mode, err := store.LookAt(filepath.Join(dir.Name(), e.Name()))
	return look, mode.IsRegular(), err
}
