//go:build !linux

package store

// BoundCheck is for systems that can bound a process by itself.
func BoundCheck() error { return nil }
