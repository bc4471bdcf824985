//go:build !linux && !windows

package bloxs

import "syscall"

// unacknowledged knows nothing here, so that Flushed is true at once.
func unacknowledged(syscall.RawConn, int64) (int64, error) { return 0, nil }

func acknowledges(syscall.RawConn) bool { return false }

// established leaves it to the errors that Read and Write have seen.
func established(syscall.RawConn) error { return nil }
