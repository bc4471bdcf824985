package store

import (
	"errors"
	"fmt"
	"os"
	"testing"
	"time"

	"bloxdrop/internal/testfs"
)

// TestBallast: no gate may open where a receipt might find no room, and those
// whose gates are open find it.
func TestBallast(t *testing.T) {
	dir := t.TempDir()
	testfs.SmallDisk(t, dir, 56)
	b := &bench{t: t, dir: dir, now: time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC), large: true}
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
	undo := testfs.Fill(t, dir, 10<<20)
	if full("10 MiB left"); !there() {
		t.Fatal("the ballast is gone while there is room")
	}
	undo()
	undo = testfs.Fill(t, dir, 0)
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
