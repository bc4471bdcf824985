// Package testfs makes in tests what not every system has, and holds what the
// tests of several packages share.
//
// It promises that a test which goes on has what it asked for, and that one
// which can't is skipped with the reason. It must never be part of the program.
package testfs

import (
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"testing"
)

// Link makes a symbolic link. On Windows that takes a right that an account may
// lack, and Wine says that it has made one and makes none.
func Link(t testing.TB, target, path string) {
	t.Helper()
	made, err := link(target, path)
	if made {
		return
	}
	if runtime.GOOS != "windows" {
		t.Fatalf("link %s to %s: %v", path, target, err)
	}
	t.Skipf("no symbolic links here (%v)", err)
}

// MayLink says whether Link makes one, for tests of which links are a part.
func MayLink(t testing.TB) bool {
	t.Helper()
	made, err := link("there", filepath.Join(t.TempDir(), "link"))
	if !made && runtime.GOOS != "windows" {
		t.Fatal(err)
	}
	return made
}

func link(target, path string) (made bool, err error) {
	err = os.Symlink(target, path)
	fi, lookErr := os.Lstat(path)
	return err == nil && lookErr == nil && fi.Mode()&fs.ModeSymlink != 0, err
}
