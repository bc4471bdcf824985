//go:build !windows

package wholefile

import "os"

func inUse(error) bool { return false }

func rename(from, to string) error { return os.Rename(from, to) }
