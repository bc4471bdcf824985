package store

import (
	"errors"
	"os"
	"reflect"
	"strings"
	"syscall"
	"testing"
	"unsafe"

	bolt "go.etcd.io/bbolt"
)

// fillDisk lets every use of f fail as a full disk does, until it is opened anew.
func fillDisk(t *testing.T, f *os.File) {
	t.Helper()
	full, err := os.OpenFile("/dev/full", os.O_RDWR, 0)
	if err == nil {
		err = errors.Join(syscall.Dup3(int(full.Fd()), int(f.Fd()), syscall.O_CLOEXEC), full.Close())
	}
	if err != nil {
		t.Fatal(err)
	}
}

// sealJournal lets the journal be read but not written, until mend is called.
func (b *bench) sealJournal() (mend func()) {
	b.t.Helper()
	sealed, err := os.Open(b.file(journalName))
	b.must(err)
	swap := func(f *os.File) (was *os.File) {
		b.mu.Lock()
		defer b.mu.Unlock()
		b.journal.mu.Lock()
		defer b.journal.mu.Unlock()
		was, b.journal.f = b.journal.f, f
		return was
	}
	whole := swap(sealed)
	return func() { b.must(swap(whole).Close()) }
}

// fileOf reaches for bbolt's own file, which it shows to nobody.
func fileOf(db *bolt.DB) *os.File {
	field := reflect.ValueOf(db).Elem().FieldByName("file")
	return *(**os.File)(unsafe.Pointer(field.UnsafeAddr()))
}

func TestJournalCantBeWritten(t *testing.T) {
	b := newBench(t)
	b.offer(offer("1", "1/a", "a"), offer("1", "1/b", "b"), offer("1", "1/c", "c"))
	b.openGate("1/b")
	mend := b.sealJournal()
	a, c := b.at("1/a"), b.at("1/b")
	for range 3 {
		if err := b.OpenGate(a.ID, Place{Root: "/scans", Rel: "1/a"}); !errors.Is(err, syscall.EBADF) && !errors.Is(err, syscall.EINVAL) {
			t.Fatal(err)
		}
		if err := b.Receipt(c.ID, 5); err == nil {
			t.Fatal("a receipt on a full disk")
		}
		if err := b.Offer([]Offer{offer("1", "1/d", "d")}); err == nil {
			t.Fatal("an offer counts as durable beside a journal that can't be written")
		}
		b.is("1/a", Waiting, "") // what can be read is what is durable
		b.is("1/b", Sending, "")
	}
	mend()
	b.must(b.Receipt(c.ID, 5))
	b.send("1/a", 6)
	b.offer(offer("1", "1/d", "d"))
	b.kill()
	b.open()
	b.is("1/a", Sent, "")
	b.is("1/b", Sent, "")
	if n := len(b.journalLines()); n != 5 {
		t.Fatalf("%d lines", n)
	}
}

// TestJournalTakenAway: no step counts that is written into a file without its
// name, which the next start would not find.
func TestJournalTakenAway(t *testing.T) {
	b := newBench(t)
	b.offer(offer("1", "1/a", "a"))
	id, away := b.at("1/a").ID, b.file("away")
	gate := func() error { return b.OpenGate(id, Place{Root: "/scans", Rel: "1/a"}) }
	b.must(os.Rename(b.file(journalName), away))
	if err := gate(); err == nil || !strings.Contains(err.Error(), "taken away") {
		t.Fatal(err)
	}
	copied, err := os.ReadFile(away)
	b.must(errors.Join(err, os.WriteFile(b.file(journalName), copied, 0o600)))
	if err := gate(); err == nil {
		t.Fatal("another file in its place is none the wiser")
	}
	b.is("1/a", Waiting, "")
	b.must(os.Rename(away, b.file(journalName)))
	b.send("1/a", 5)
	b.kill()
	b.open()
	b.is("1/a", Sent, "")
}

// TestAllWaitersLearnOfAFailure: none of those who share a failed sync may take
// another's later success for their own.
func TestAllWaitersLearnOfAFailure(t *testing.T) {
	b := newBench(t)
	b.large = true
	mend := b.sealJournal()
	for i, err := range gateMany(b, 20) {
		if err == nil {
			t.Errorf("worker %d was told that its gate is open", i)
		}
	}
	mend()
	b.send("0", 1)
	if c := b.counts(); c.Items[Waiting] != 19 || c.Items[Sending] != 0 {
		t.Fatalf("%+v", c)
	}
	b.kill()
	b.open()
	if c := b.counts(); c.Items[Waiting] != 19 || c.Items[Sent] != 1 {
		t.Fatalf("%+v", c)
	}
}

func TestLedgerCantBeWritten(t *testing.T) {
	b := newBench(t)
	b.offer(offer("1", "1/a", "a"), offer("1", "1/b", "b"))
	b.openGate("1/a")
	fillDisk(t, fileOf(b.db.Load())) // mended by opening it anew
	if err := b.Offer([]Offer{offer("1", "1/c", "c")}); !errors.Is(err, syscall.ENOSPC) {
		t.Fatal(err)
	}
	b.is("1/a", Sending, "") // its line is in the journal
	if c := b.counts(); c.Places != 2 {
		t.Fatalf("%+v", c)
	}
	b.must(b.Receipt(b.at("1/a").ID, 3))
	b.offer(offer("1", "1/c", "c"))
	b.reopen()
	b.is("1/a", Sent, "")
	b.is("1/c", Waiting, "")
}

// TestLedgerGone: while the ledger can't be opened again, all fails; a receipt
// that comes meanwhile is refused, and taken afterwards.
func TestLedgerGone(t *testing.T) {
	b := newBench(t)
	b.offer(offer("1", "1/a", "a"), offer("1", "1/b", "b"))
	id := b.openGate("1/a").ID
	ledger := b.ID()
	fillDisk(t, fileOf(b.db.Load()))
	away := b.file("away")
	b.must(errors.Join(os.Rename(b.file(ledgerName), away), os.Mkdir(b.file(ledgerName), 0o700)))
	for range 2 {
		if err := b.Offer([]Offer{offer("1", "1/c", "c")}); err == nil {
			t.Fatal("offered to no ledger")
		}
		if err := b.Receipt(id, 4); err == nil {
			t.Fatal("a receipt for no ledger")
		}
		if _, err := b.Item(id); err == nil || b.ID() != ledger {
			t.Fatal("read from no ledger")
		}
		if _, err := b.Known("/scans", "1", []string{"a"}); err == nil {
			t.Fatal("known without a ledger")
		}
	}
	if err := errors.Join(os.Remove(b.file(ledgerName)), os.Rename(away, b.file(ledgerName))); err != nil {
		t.Fatal(err)
	}
	if it, err := b.Item(id); err != nil || it.State != Sending {
		t.Fatalf("the first read of a ledger that is back: %+v %v", it, err)
	}
	b.must(b.Receipt(id, 4))
	b.reopen()
	b.is("1/a", Sent, "")
}

func TestClosedStore(t *testing.T) {
	b := newBench(t)
	b.offer(offer("1", "1/a", "a"))
	id, s := b.at("1/a").ID, b.Store
	b.close()
	for _, err := range []error{s.OpenGate(id, Place{}), s.Offer(nil), s.Gone("/scans", nil), s.PauseByHand(true)} {
		if err == nil {
			t.Fatal("a closed store takes a step")
		}
	}
	if _, err := s.Item(id); err == nil {
		t.Fatal("a closed store is read")
	}
	b.open()
	b.is("1/a", Waiting, "")
}
