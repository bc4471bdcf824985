package store

import (
	"os"
	"testing"
)

// TestDoubt outlives a kill and either file.
func TestDoubt(t *testing.T) {
	b := newBench(t)
	b.offer(offer("1", "1/a", "a"))
	b.send("1/a", 5)
	if d, err := b.Doubted(); err != nil || d != nil {
		t.Fatalf("%+v %v", d, err)
	}
	known := b.Position()
	b.must(b.Doubt("restored from monday", known, 1000))
	want, err := b.Doubted()
	b.must(err)
	if want.Known != known || want.Position != 1001 || want.Position != b.Position() || want.Cause != "restored from monday" {
		t.Fatalf("%+v at %d", want, b.Position())
	}
	same := func(how string) {
		t.Helper()
		got, err := b.Doubted()
		if err != nil || got == nil || got.Cause != want.Cause || got.Known != want.Known || got.Position != want.Position || !got.Since.Equal(want.Since) {
			t.Fatalf("%s: %+v %v", how, got, err)
		}
		if b.Position() < want.Position {
			t.Fatalf("%s: the position fell to %d", how, b.Position())
		}
	}
	b.kill()
	b.open()
	same("killed")
	for range 2 {
		b.close()
		b.must(os.Remove(b.file(journalName)))
		b.open()
		same("journal written anew")
		b.close()
		b.must(os.Remove(b.file(ledgerName)))
		b.open()
		same("ledger rebuilt")
	}
	b.must(b.Doubt("repaired", 0, 3))
	if d, err := b.Doubted(); err != nil || d.Known != 0 || d.Position != b.Position() {
		t.Fatalf("%+v %v at %d", d, err, b.Position())
	}
	b.must(b.Doubt("restored from tuesday", b.Position(), 0))
	if d, err := b.Doubted(); err != nil || d.Known != 0 {
		t.Fatalf("the former doubt is forgotten: %+v %v", d, err)
	}
}
