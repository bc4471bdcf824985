package store

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"runtime"
	"strings"
	"sync"
	"testing"
)

// journalLines reads the journal as a person would.
func (b *bench) journalLines() (all []line) {
	b.t.Helper()
	raw, err := os.ReadFile(b.file(journalName))
	b.must(err)
	for part := range bytes.SplitSeq(bytes.TrimSuffix(raw, []byte("\n")), []byte("\n")) {
		ln, err := decodeLine(part)
		b.must(err)
		all = append(all, ln)
	}
	return all
}

func TestWhatReturnedIsOnTheDisk(t *testing.T) {
	b := newBench(t)
	b.offer(offer("1", "1/a", "a"), offer("1", "1/b", "b"))
	last := func() line {
		all := b.journalLines()
		return all[len(all)-1]
	}
	it := b.openGate("1/a")
	if ln := last(); ln.Op != opGate || ln.Item != it.ID || ln.Person.ID != "1" || ln.Path != "1/a" || ln.SHA256 != it.SHA256.String() {
		t.Fatalf("%+v", ln)
	}
	b.must(b.NotStored(it.ID, Try{Detail: "reset"}))
	if ln := last(); ln.Op != opNotStored || ln.Item != it.ID || ln.Cause != "reset" {
		t.Fatalf("%+v", ln)
	}
	b.send("1/a", 1<<60)
	if ln := last(); ln.Op != opReceipt || ln.Item != it.ID || ln.FileID != 1<<60 {
		t.Fatalf("%+v", ln)
	}
	it = b.openGate("1/b")
	b.must(b.NobodyKnows(it.ID, false, Try{Detail: "cut"}))
	if ln := last(); ln.Op != opUncertain || ln.Item != it.ID || ln.Cause != "cut" || ln.Again {
		t.Fatalf("%+v", ln)
	}
	b.must(b.Resolve(it.ID, true, 9))
	if ln := last(); ln.Op != opResolution || ln.Item != it.ID || ln.FileID != 9 || !ln.Sent {
		t.Fatalf("%+v", ln)
	}
	for i, ln := range b.journalLines() {
		if ln.Seq != uint64(i+1) {
			t.Fatalf("line %d has number %d", i+1, ln.Seq)
		}
	}
}

// gateMany lets n workers open a gate each while the disk is busy, and goes on
// when all wait for it.
func gateMany(b *bench, n int) (errs []error) {
	for i := range n {
		b.offer(offer(fmt.Sprint(i), fmt.Sprint(i), fmt.Sprint(i)))
	}
	b.journal.mu.Lock()
	b.journal.syncing = true
	want := b.journal.end.Seq + uint64(n)
	b.journal.mu.Unlock()
	errs = make([]error, n)
	var workers sync.WaitGroup
	for i := range n {
		id := b.at(fmt.Sprint(i)).ID
		workers.Go(func() { errs[i] = b.OpenGate(id, Place{Root: "/scans", Rel: fmt.Sprint(i)}) })
	}
	for all := false; !all; runtime.Gosched() {
		b.journal.mu.Lock()
		if all = b.journal.end.Seq == want; all {
			b.journal.syncing = false
			b.journal.settled.Broadcast()
		}
		b.journal.mu.Unlock()
	}
	workers.Wait()
	return errs
}

func TestWorkersShareASync(t *testing.T) {
	b := newBench(t)
	b.large = true
	before := b.JournalSyncs()
	for _, err := range gateMany(b, 20) {
		b.must(err)
	}
	if n := b.JournalSyncs() - before; n != 1 {
		t.Fatalf("%d syncs for 20 workers", n)
	}
	if n := len(b.journalLines()); n != 21 {
		t.Fatalf("%d lines", n)
	}
	b.kill()
	b.open()
	if c := b.counts(); c.Items[Sending] != 20 {
		t.Fatalf("%+v", c)
	}
}

// TestALineThatWasCutIsNotOnTheDisk: who waits for one that was given up with
// another's failure learns that, also when all is well again by then.
func TestALineThatWasCutIsNotOnTheDisk(t *testing.T) {
	b := newBench(t)
	b.offer(offer("1", "1/a", "a"))
	it := b.at("1/a")
	gate, err := b.apply(func(l ledger) error {
		is := it
		is.State = Sending
		if err := l.putItem(it, is); err != nil {
			return err
		}
		return b.append(l, line{Op: opGate, At: b.now}.about(it))
	})
	b.must(err)
	b.mu.Lock()
	err = b.rollback()
	b.mu.Unlock()
	b.must(err)
	if err := b.journal.wait(gate); err == nil {
		t.Error("the gate of a step that was undone counts as written down")
	}
	b.is("1/a", Waiting, "")
	b.send("1/a", 5)
	b.kill()
	b.open()
	b.is("1/a", Sent, "")
}

func TestWorkersAtRandom(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.large = true
	const workers, files = 8, 12
	salt := []byte(b.m.Salt)
	var all sync.WaitGroup
	for w := range workers {
		all.Go(func() {
			for i := range files {
				o := offer(fmt.Sprint(w), fmt.Sprint(w, "-", i), fmt.Sprint(i))
				id := newItemID(salt, o.Person, o.SHA256)
				if err := errors.Join(b.Offer([]Offer{o}), b.OpenGate(id, Place{Root: o.Root, Rel: o.Rel}), b.Receipt(id, int64(i+1))); err != nil {
					t.Error(err)
				}
			}
		})
	}
	all.Wait()
	if n := b.JournalSyncs(); n >= 2*workers*files {
		t.Errorf("%d syncs for %d lines", n, 2*workers*files)
	}
	b.kill()
	b.open()
	if c := b.counts(); c.Items[Sent] != workers*files {
		t.Fatalf("%+v", c)
	}
}

// TestTornEnd cuts the journal off at every byte of its last line.
func TestTornEnd(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.offer(offer("1", "1/a", "a"), offer("1", "1/b", "b"))
	b.send("1/a", 17)
	b.must(b.commitNow()) // the ledger has it
	whole, err := os.ReadFile(b.file(journalName))
	b.must(err)
	b.openGate("1/b")
	longer, err := os.ReadFile(b.file(journalName))
	b.must(err)
	b.kill()
	ledger, err := os.ReadFile(b.file(ledgerName))
	b.must(err)
	for cut := len(whole); cut <= len(longer); cut++ {
		if cut > len(whole)+3 && cut < len(longer)-3 && cut%59 != 0 {
			continue // each is tried by FuzzReadLines; here a few go the whole way
		}
		b.must(errors.Join(os.WriteFile(b.file(ledgerName), ledger, 0o600), os.WriteFile(b.file(journalName), longer[:cut], 0o600)))
		b.open()
		b.is("1/a", Sent, "")
		want := Waiting
		if cut == len(longer) {
			want = Sending
		}
		b.is("1/b", want, "")
		if cut < len(longer) {
			b.openGate("1/b") // and its line stands behind the last whole one
		}
		if n := len(b.journalLines()); n != 4 {
			t.Fatalf("cut at %d: %d lines", cut, n)
		}
		b.kill()
	}
}

func TestNamesThatAreNotText(t *testing.T) {
	b := newBench(t)
	o := offer("Jos\xe9", "Jos\xe9/\xff\x01<&>\u2028.pdf", "x")
	b.offer(o)
	b.must(b.NobodyKnows(b.openGate(o.Rel).ID, false, Try{Detail: strings.Repeat("long ", 1<<20)}))
	was := durable(b.at(o.Rel))
	b.close()
	b.must(os.Remove(b.file(ledgerName)))
	b.open()
	is := durable(b.item(was.ID))
	was.Places, was.FirstSeen = is.Places, is.FirstSeen
	if is != was {
		t.Fatalf("was %+v\nis  %+v", was, is)
	}
	if n := len(b.journalLines()); n != 3 {
		t.Fatal(n)
	}
}
