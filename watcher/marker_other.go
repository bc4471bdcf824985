//go:build !windows

package watcher

func hide(string) error { return nil }
