//go:build unix

package check

import "golang.org/x/sys/unix"

// mayWrite asks whether files can be made in a folder, and makes none.
func mayWrite(dir string) error { return unix.Access(dir, unix.W_OK|unix.X_OK) }

// mayRead asks whether a file can be read, or a folder listed.
func mayRead(path string) error { return unix.Access(path, unix.R_OK) }
