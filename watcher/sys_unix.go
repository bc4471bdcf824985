//go:build unix

package watcher

import (
	"os"
	"syscall"
)

// openFlags keep an open from waiting for ever where a file has just been
// replaced by a named pipe.
const openFlags = os.O_RDONLY | syscall.O_NONBLOCK

// openDir opens a folder, and nothing else that may have come in its place.
// Only the root itself may be a link, since an administrator chose it.
func openDir(path string, isRoot bool) (*os.File, error) {
	flags := os.O_RDONLY | syscall.O_DIRECTORY
	if !isRoot {
		flags |= syscall.O_NOFOLLOW
	}
	return os.OpenFile(path, flags, 0)
}

// errWatchLimit is how inotify says that the user has no watches left.
const errWatchLimit = syscall.ENOSPC
