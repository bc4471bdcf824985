//go:build !linux

package bloxs

import "syscall"

// unacknowledged knows nothing here, so that Flushed is true at once. On
// Windows SIO_TCP_INFO will tell.
func unacknowledged(syscall.RawConn) (int, error) { return 0, nil }

// established leaves it to the errors that Read and Write have seen.
func established(syscall.RawConn) error { return nil }
