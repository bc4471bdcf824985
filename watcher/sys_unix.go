//go:build unix

package watcher

import (
	"errors"
	"io/fs"
	"os"
	"syscall"

	"bloxdrop/store"
)

// openFlags keep an open from waiting for ever where a file has just been
// replaced by a named pipe.
const openFlags = os.O_RDONLY | syscall.O_NONBLOCK

// openFolder is a folder that is being listed.
type openFolder = os.File

// openDir opens a folder, and nothing else that may have come in its place.
// Only the root itself may be a link, since an administrator chose it.
func openDir(path string, isRoot bool) (*openFolder, error) {
	flags := os.O_RDONLY | syscall.O_DIRECTORY
	if !isRoot {
		flags |= syscall.O_NOFOLLOW
	}
	return os.OpenFile(path, flags, 0)
}

// isMissing says that nothing is there.
func isMissing(err error) bool { return errors.Is(err, fs.ErrNotExist) }

// lookCloser is for systems whose listings may be behind the files themselves.
func lookCloser(_ string, listed store.Look) store.Look { return listed }

// inUse is for systems where a program can keep others from reading.
func inUse(error) bool { return false }

// noWriters is for systems where that can be asked; looks tell of writers here.
func noWriters(*os.File, string) error { return nil }

// asTyped and asListed are for systems that have several ways to write a path.
func asTyped(path string) string                  { return path }
func asListed(_, rel string) (as string, ok bool) { return rel, true }

// nameTrouble is for systems that have files which they can't open.
func nameTrouble(string) error { return nil }

// errWatchLimit is how inotify says that the user has no watches left.
const errWatchLimit = syscall.ENOSPC
