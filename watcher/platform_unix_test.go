//go:build unix

package watcher

import (
	"syscall"
	"testing"
)

func pipe(t testing.TB, path string) {
	t.Helper()
	if err := syscall.Mkfifo(path, 0o600); err != nil {
		t.Fatal(err)
	}
}
