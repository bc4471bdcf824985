//go:build !windows

package store

import "os"

// makeFolder makes the store's folder, for our own account alone.
func makeFolder(dir string) error { return os.MkdirAll(dir, 0o700) }
