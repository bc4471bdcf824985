package watcher

import (
	"testing"

	"golang.org/x/sys/windows"
)

// pipe makes none: on Windows no pipe lies in a folder.
func pipe(t testing.TB, path string) {
	t.Helper()
	t.Skip("no pipe lies in a folder on Windows")
}

// onWine tells Wine from Windows.
func onWine() bool {
	return windows.NewLazySystemDLL("ntdll.dll").NewProc("wine_get_version").Find() == nil
}
