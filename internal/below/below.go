// Package below opens folders of a watched root.
//
// It promises that what it opens is a folder below that root, reached through
// folders alone. It must never follow a link, not even one to another folder of
// the same root: what is done there would be done to another person's files.
package below

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"
)

// ErrNoFolder says that something else stands where a folder should.
var ErrNoFolder = errors.New("it is no folder, but a file or a link")

// Open opens the folder dir, "/"-separated, of a root; "" is the root itself.
// With a mode, those that are missing are made.
func Open(base *os.Root, dir string, create fs.FileMode) (*os.Root, error) {
	at, err := base.OpenRoot(".")
	if err != nil || dir == "" {
		return at, err
	}
	for part := range strings.SplitSeq(dir, "/") {
		next, err := enter(at, part, create)
		at.Close()
		if err != nil {
			return nil, err
		}
		at = next
	}
	return at, nil
}

func enter(at *os.Root, part string, create fs.FileMode) (*os.Root, error) {
	info, err := at.Lstat(part)
	if errors.Is(err, fs.ErrNotExist) && create != 0 {
		if err := at.Mkdir(part, create); err != nil && !errors.Is(err, fs.ErrExist) {
			return nil, err
		}
		info, err = at.Lstat(part)
	}
	if err != nil {
		return nil, err
	}
	if !info.IsDir() {
		return nil, fmt.Errorf("%q: %w", part, ErrNoFolder)
	}
	next, err := at.OpenRoot(part)
	if err != nil {
		return nil, err
	}
	// What was a folder a moment ago may have become a link to one.
	if entered, err := next.Stat("."); err != nil || !os.SameFile(info, entered) {
		next.Close()
		return nil, errors.Join(fmt.Errorf("%q: %w", part, ErrNoFolder), err)
	}
	return next, nil
}
