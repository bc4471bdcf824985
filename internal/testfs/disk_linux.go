//go:build linux

package testfs

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"testing"

	"golang.org/x/sys/unix"
)

// SmallDisk mounts a disk of so many MiB on dir. Only root can.
func SmallDisk(t testing.TB, dir string, mib int) {
	t.Helper()
	err := unix.Mount("bloxdrop", dir, "tmpfs", 0, fmt.Sprintf("size=%dm", mib))
	if errors.Is(err, unix.EPERM) {
		t.Skip("only root can mount a small disk to fill")
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := unix.Unmount(dir, unix.MNT_DETACH); err != nil {
			t.Error(err)
		}
	})
}

// Fill takes up all room on the disk of dir but so many bytes, until undone.
func Fill(t testing.TB, dir string, but int64) (undo func()) {
	t.Helper()
	var st unix.Statfs_t
	err := unix.Statfs(dir, &st)
	free := int64(st.Bavail)*st.Bsize - but
	path := filepath.Join(dir, "somebody else's")
	if err == nil {
		err = write(path, free)
	}
	if errors.Is(err, unix.ENOSPC) && but == 0 {
		err = nil // others write there meanwhile
	}
	if err != nil {
		t.Fatal(err)
	}
	return func() {
		if err := os.Remove(path); err != nil {
			t.Error(err)
		}
	}
}

func write(path string, n int64) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	_, err = io.CopyN(f, zeros{}, n)
	return errors.Join(err, f.Close())
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) { return len(p), nil }
