//go:build !linux && !windows

package store

import (
	"errors"
	"os"
	"syscall"
)

// freeBytes is not known here: only a write tells that a disk is full.
func freeBytes(string) (uint64, error) { return 0, errors.ErrUnsupported }

func isFull(err error) bool { return errors.Is(err, syscall.ENOSPC) }

func allocate(f *os.File, size int64) error { return fill(f, size) }
