package store

import "strings"

// Fold makes one key of the ways to write one path.
func Fold(path string) string { return strings.ToLower(path) }
