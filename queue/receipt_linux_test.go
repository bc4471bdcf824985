package queue

import (
	"errors"
	"fmt"
	"os"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"bloxdrop/store"
)

// sealJournal lets the journal's file be read but not written, as on a disk
// that is broken, until mend is called.
func (b *bench) sealJournal() (mend func()) {
	b.t.Helper()
	path := b.file("journal.jsonl")
	fd := -1
	for n := range 256 {
		if name, err := os.Readlink(fmt.Sprintf("/proc/self/fd/%d", n)); err == nil && name == path {
			fd = n
		}
	}
	if fd < 0 {
		b.t.Fatal("the journal is not open")
	}
	whole, err := syscall.Dup(fd)
	b.must(err)
	sealed, err := os.Open(path)
	b.must(err)
	b.must(syscall.Dup3(int(sealed.Fd()), fd, syscall.O_CLOEXEC))
	b.must(sealed.Close())
	return func() { b.must(errors.Join(syscall.Dup3(whole, fd, syscall.O_CLOEXEC), syscall.Close(whole))) }
}

// TestReceiptCantBeWritten keeps a receipt until it can, says its ID meanwhile,
// and opens no gate.
func TestReceiptCantBeWritten(t *testing.T) {
	inBubble(t, func(b *bench) {
		b.offer("1/a", "1/b", "1/c")
		a, waits := b.openGate(b.next()), b.next()
		mend := b.sealJournal()
		ended := make(chan bool)
		go func() { b.Done(a, Outcome{Class: Delivered, FileID: 4711, Status: 200}); close(ended) }()
		synctest.Wait()
		time.Sleep(10 * time.Second)
		b.paused(ByStore)
		if !strings.Contains(b.log.String(), "file_id=4711") {
			b.t.Error("the log does not name the file ID")
		}
		if err := b.gate(waits); !errors.Is(err, ErrNotNow) {
			b.t.Errorf("a gate opens: %v", err)
		}
		b.Done(waits, Outcome{Class: Stopped})
		mend()
		<-ended
		if it := b.is("1/a", store.Sent, ""); it.FileID != 4711 {
			b.t.Errorf("%+v", it)
		}
		b.paused("")
		b.openGate(b.next())
		b.openGate(b.next())
	})
}

// TestGateCantBeWritten sends nothing, tries again after a second, and goes on
// by itself.
func TestGateCantBeWritten(t *testing.T) {
	inBubble(t, func(b *bench) {
		b.offer("1/a", "1/b")
		a, bb := b.next(), b.next()
		mend := b.sealJournal()
		if err := b.gate(a); err == nil || errors.Is(err, ErrNotNow) {
			b.t.Fatalf("a gate opens: %v", err)
		}
		b.paused(ByStore)
		if err := b.gate(bb); !errors.Is(err, ErrNotNow) {
			b.t.Errorf("another gate opens: %v", err)
		}
		b.Done(a, Outcome{Class: Stopped})
		b.Done(bb, Outcome{Class: Stopped})
		mend()
		probe := b.after(time.Second)
		b.openGate(probe)
		b.paused("")
		b.Done(probe, delivered)
		b.openGate(b.next())
	})
}

// TestAbandon gives up what can't be written when the service ends; the next
// start holds it.
func TestAbandon(t *testing.T) {
	inBubble(t, func(b *bench) {
		b.offer("1/a")
		a := b.openGate(b.next())
		mend := b.sealJournal()
		ended := make(chan bool)
		go func() { b.Done(a, delivered); close(ended) }()
		time.Sleep(3 * time.Second)
		b.Abandon()
		b.Abandon() // twice is once
		<-ended
		b.paused(ByStore)
		mend()
		b.reopen()
		b.is("1/a", store.Held, store.Uncertain)
	})
}
