//go:build !linux && !windows

package check

import "errors"

// disk is what the system says of the file system that a folder is on.
type disk struct {
	kind             string
	remote, fleeting bool
	free             uint64
}

func diskOf(string) (disk, error) { return disk{}, errors.ErrUnsupported }

func watchLimit() int { return 0 }
