//go:build !windows

package store

// Fold leaves a path as it is: two names that differ in case or normal form
// are two files here. A name that a client lists in another normal form costs
// a hash, joins its item as one more place, and is never sent again.
func Fold(path string) string { return path }
