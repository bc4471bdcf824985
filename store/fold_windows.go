package store

import "strings"

// foldPath makes one key of the ways to write one path.
func foldPath(p string) string { return strings.ToLower(p) }
