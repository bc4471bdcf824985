package store

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// smallDisk mounts a disk of so many MiB.
func smallDisk(t *testing.T, mib int) string {
	t.Helper()
	dir := t.TempDir()
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
	return dir
}

// stuff takes up all room on a disk but so many bytes.
func (b *bench) stuff(but uint64) (undo func()) {
	b.t.Helper()
	path := filepath.Join(b.dir, "somebody else's")
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	b.must(err)
	free, err := freeBytes(b.dir)
	b.must(err)
	_, err = io.CopyN(f, zeros{}, int64(free-but))
	b.must(errors.Join(err, f.Close()))
	return func() { b.must(os.Remove(path)) }
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) { return len(p), nil }

// TestBallast: no gate may open where a receipt might find no room, and those
// whose gates are open find it.
func TestBallast(t *testing.T) {
	b := &bench{t: t, dir: smallDisk(t, 56), now: time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC), large: true}
	b.open()
	there := func() bool {
		fi, err := os.Stat(b.file(ballastName))
		return err == nil && fi.Size() == ballastSize
	}
	full := func(what string) {
		t.Helper()
		if err := b.Room(); !errors.Is(err, ErrDiskFull) {
			t.Fatalf("%s: %v", what, err)
		}
	}
	b.must(b.Room())
	if !there() {
		t.Fatal("no ballast")
	}
	var all []Offer
	for i := range 300 {
		all = append(all, offer("1", fmt.Sprint(i), fmt.Sprint(i)))
	}
	b.offer(all...)
	for i := range all {
		b.openGate(fmt.Sprint(i))
	}
	undo := b.stuff(10 << 20)
	if full("10 MiB left"); !there() {
		t.Fatal("the ballast is gone while there is room")
	}
	undo()
	undo = b.stuff(0)
	failed := 0
	for i := range all {
		id := b.at(fmt.Sprint(i)).ID
		for err := b.Receipt(id, int64(i+1)); err != nil; err = b.Receipt(id, int64(i+1)) {
			if failed++; failed > 3 || !isFull(err) {
				t.Fatalf("receipt %d: %v", i, err)
			}
		}
	}
	if failed == 0 || there() {
		t.Fatalf("%d receipts failed, ballast there: %v", failed, there())
	}
	full("ballast given up")
	undo()
	if b.must(b.Room()); !there() {
		t.Fatal("the ballast is not made anew")
	}
	b.kill()
	b.open()
	if c := b.counts(); c.Items[Sent] != 300 {
		t.Fatalf("%+v", c)
	}
	b.close()
}
