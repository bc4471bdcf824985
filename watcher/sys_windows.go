//go:build windows

package watcher

import (
	"errors"
	"os"
)

// openFlags: an open that denies writers comes with the Windows work, as do
// identity and change time in store.LookOf.
const openFlags = os.O_RDONLY

func openDir(path string, _ bool) (*os.File, error) { return os.Open(path) }

// errWatchLimit never comes: Windows has no such limit.
var errWatchLimit = errors.New("no watches left")
