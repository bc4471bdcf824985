package store

import (
	"errors"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"
)

// mounted mounts something until the test ends, or is skipped.
func mounted(t *testing.T, kind, dir, options string) (unmount func()) {
	t.Helper()
	if err := unix.Mount("bloxdrop", dir, kind, 0, options); err != nil {
		t.Skipf("a %s can't be mounted here: %v", kind, err)
	}
	there := true
	unmount = func() {
		if !there {
			return
		}
		there = false
		if err := unix.Unmount(dir, unix.MNT_DETACH); err != nil {
			t.Error(err)
		}
	}
	t.Cleanup(unmount)
	return unmount
}

// TestALookOutlivesItsMount: a share that is mounted anew, at a start, say, has
// another number, and its files are what they were. They need not be read again.
func TestALookOutlivesItsMount(t *testing.T) {
	dir := t.TempDir()
	at := func(name string) string { return filepath.Join(dir, name) }
	for _, name := range []string{"disk", "share", "other"} {
		if err := os.Mkdir(at(name), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	mounted(t, "tmpfs", at("disk"), "")
	if err := errors.Join(os.Mkdir(at("disk/files"), 0o755), os.Mkdir(at("disk/upper"), 0o755), os.Mkdir(at("disk/work"), 0o755), os.WriteFile(at("disk/files/a.pdf"), []byte("a"), 0o644)); err != nil {
		t.Fatal(err)
	}
	share := "lowerdir=" + at("disk/files") + ",upperdir=" + at("disk/upper") + ",workdir=" + at("disk/work")
	look := func() (Look, uint64) {
		t.Helper()
		l, _, err := LookAt(at("share/a.pdf"))
		if err != nil {
			t.Fatal(err)
		}
		fi, err := os.Stat(at("share/a.pdf"))
		if err != nil {
			t.Fatal(err)
		}
		return l, fi.Sys().(*syscall.Stat_t).Dev
	}
	unmount := mounted(t, "overlay", at("share"), share)
	before, first := look()
	unmount()
	mounted(t, "tmpfs", at("other"), "") // takes its number
	mounted(t, "overlay", at("share"), share)
	after, second := look()
	if first == second {
		t.Skip("it has its number again")
	}
	if before != after || before.Inode == 0 || before.ChangeTime == 0 {
		t.Errorf("it was %+v and is %+v", before, after)
	}
}
