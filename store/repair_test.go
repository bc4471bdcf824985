package store

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"testing"
	"time"
)

func (w *wreck) repair() Repaired {
	w.t.Helper()
	r, err := Repair(w.t.Context(), w.options())
	w.must(err)
	return r
}

// neverAgain opens a store in which nothing precious may be due to be sent, and
// tells what became of each.
func (w *wreck) neverAgain(what string, but ...string) {
	w.t.Helper()
	w.must(w.tryOpen())
	w.recount()
	if d, err := w.Doubted(); err != nil || d == nil || d.Known != 0 {
		w.t.Errorf("%s: doubt %+v %v", what, d, err)
	}
	w.rescan()
	w.recount()
	lost := map[string]bool{}
	for _, rel := range but {
		lost[rel] = true
	}
	for rel, was := range w.was {
		it := w.at(rel)
		if it.State == Waiting && !lost[rel] {
			w.t.Errorf("%s: %s was %s and would be sent again", what, rel, was.State)
		}
		if it.State == Sent && (was.State == Held || was.State == Sending || it.FileID != was.FileID) || it.State == Held && it.Reason != Uncertain {
			w.t.Errorf("%s: %s was %+v\nis %+v", what, rel, was, it)
		}
	}
	w.close()
}

func TestRepairSound(t *testing.T) {
	t.Parallel()
	for _, clean := range []bool{true, false} {
		w := newWreck(t, clean)
		before := w.content()
		if r := w.repair(); !r.Sound || r.Salvaged || w.content() != before {
			t.Errorf("stopped cleanly %v: %+v", clean, r)
		}
	}
	if _, err := Repair(t.Context(), Options{Dir: t.TempDir()}); !errors.Is(err, ErrNothingLeft) {
		t.Error(err)
	}
}

// TestRepairOne: what a start mends is mended as a start does, without a doubt.
func TestRepairOne(t *testing.T) {
	t.Parallel()
	w := newWreck(t, true)
	for what, broken := range map[string]map[string][]byte{
		"ledger": {ledgerName: w.files[ledgerName][:9000]}, "journal": {journalName: damagedLine(w.files[journalName], 3)},
	} {
		w.broken(broken)
		if r := w.repair(); r.Sound || r.Salvaged || r.Items[Sent] != 2 {
			t.Errorf("%s: %+v", what, r)
		}
		w.must(w.tryOpen())
		if d, err := w.Doubted(); err != nil || d != nil {
			t.Errorf("%s: %+v %v", what, d, err)
		}
		w.close()
		w.keepsItsPromises(what)
	}
	// A flipped byte leaves size and time as the clean stop noted them.
	w.broken(nil)
	fi, err := os.Stat(w.file(ledgerName))
	w.must(err)
	b := bytes.ReplaceAll(w.files[ledgerName], []byte("sending"), []byte("Sending")) // also in free pages
	w.must(os.WriteFile(w.file(ledgerName), b, 0o600))
	w.must(os.Chtimes(w.file(ledgerName), w.noted(), w.noted()))
	if fi.Size() != int64(len(b)) {
		t.Fatal("the note is of no use here")
	}
	if r := w.repair(); r.Sound || r.Salvaged {
		t.Errorf("flipped: %+v", r)
	}
	w.keepsItsPromises("flipped")
}

// TestRepairBehindLedger damages each line in turn beside a sound ledger that
// lacks the last steps.
func TestRepairBehindLedger(t *testing.T) {
	t.Parallel()
	w := newWreck(t, false)
	whole := w.files[journalName]
	salvaged := 0
	for n := range bytes.Count(whole, []byte("\n")) {
		what := fmt.Sprint("line ", n+1)
		w.broken(map[string][]byte{journalName: damagedLine(whole, n+1)})
		r := w.repair()
		if !r.Salvaged {
			continue // a start could mend it
		}
		salvaged++
		if !r.LedgerSound || len(r.Kept) != 2 || r.LostBytes != int64(len(lineNumber(whole, n+1))) || len(r.Nameless) > 0 {
			t.Errorf("%s: %+v", what, r)
		}
		w.neverAgain(what)
	}
	if salvaged == 0 {
		t.Error("nothing had to be salvaged")
	}
	for what, journal := range map[string][]byte{"gone": nil, "zeros": make([]byte, len(whole)), "cut": whole[:len(whole)/2]} {
		w.broken(map[string][]byte{journalName: journal})
		if r := w.repair(); !r.Salvaged || !r.LedgerSound {
			t.Errorf("%s: %+v", what, r)
		}
		w.neverAgain(what, "late", "lost") // only the journal knew of these
	}
}

// TestRepairBoth damages both: what is whole in either is kept.
func TestRepairBoth(t *testing.T) {
	t.Parallel()
	w := newWreck(t, false)
	ledgers := map[string][]byte{"gone": nil, "a stump": w.files[ledgerName][:100]}
	for page := range len(w.files[ledgerName]) / 4096 {
		b := bytes.Clone(w.files[ledgerName])
		clear(b[page*4096 : (page+1)*4096])
		ledgers[fmt.Sprint("page ", page)] = b
	}
	journal := w.files[journalName]
	last := bytes.Count(journal, []byte("\n"))
	i := 0
	for what, ledger := range ledgers { // in any order, so that all meet over time
		n := []int{1, 5, last - 1}[i%3]
		i++
		w.broken(map[string][]byte{ledgerName: ledger, journalName: damagedLine(journal, n)})
		if r := w.repair(); r.Salvaged {
			w.neverAgain(fmt.Sprint(what, ", line ", n))
		}
	}
}

// TestRepairFromPages has no journal and a ledger that bbolt can't open: the
// pages still show what they knew.
func TestRepairFromPages(t *testing.T) {
	t.Parallel()
	w := newWreck(t, true)
	b := bytes.Clone(w.files[ledgerName])
	page := pageSizeOf(bytes.NewReader(b))
	clear(b[:2*page]) // both heads, without which bbolt has nothing to begin with
	for what, journal := range map[string][]byte{"gone": nil, "another's": newWreck(t, true).files[journalName]} {
		w.broken(map[string][]byte{ledgerName: b, journalName: journal, cleanName: nil})
		if journal != nil {
			w.must(os.WriteFile(w.file(journalName), damagedLine(journal, 3), 0o600))
		}
		r := w.repair()
		if !r.Salvaged || r.LedgerSound || r.Records == 0 || r.NewIdentity {
			t.Errorf("%s: %+v", what, r)
		}
		w.neverAgain(what)
	}
	w.broken(map[string][]byte{ledgerName: {}, journalName: {}, cleanName: nil})
	if _, err := Repair(t.Context(), w.options()); !errors.Is(err, ErrNothingLeft) {
		t.Error(err)
	}
	w.refuses("still", ErrDamaged)
}

// TestRepairABaseline of which a line is lost: it counts for nothing, and its
// root waits for a person's word like every other.
func TestRepairABaseline(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.must(b.SetHome("/scans", home(), byFolder))
	b.baseline(map[string][2]int64{"1/a.pdf": {10, 1}, "1/b.pdf": {10, 2}})
	b.close()
	journal, err := os.ReadFile(b.file(journalName))
	b.must(err)
	b.must(errors.Join(os.Truncate(b.file(ledgerName), 0), os.WriteFile(b.file(journalName), damagedLine(journal, 2), 0o600)))
	if r, err := Repair(t.Context(), b.options()); err != nil || !r.Salvaged || r.Lines != 3 {
		t.Fatalf("%+v, %v", r, err)
	}
	b.open()
	b.baselineIs(NoBaseline)
	if b.skips("1/b.pdf", aLook([2]int64{10, 2})) {
		t.Error("skipped by a baseline that isn't complete")
	}
	if d, err := b.DoubtAbout("/scans"); err != nil || d == nil {
		t.Error(d, err)
	}
}

// TestRepairNewer never takes a newer version's files apart.
func TestRepairNewer(t *testing.T) {
	t.Parallel()
	w := newWreck(t, false)
	whole := w.files[journalName]
	news, err := encodeLine(line{Seq: uint64(bytes.Count(whole, []byte("\n"))) + 1, Op: "teleported"})
	w.must(err)
	w.broken(map[string][]byte{ledgerName: w.files[ledgerName][:9000], journalName: append(damagedLine(whole, 2), news...)})
	before := w.content()
	if _, err := Repair(t.Context(), w.options()); !errors.Is(err, ErrNewer) || w.content() != before {
		t.Error(err)
	}
}

// FuzzPages: no bytes make the page reader panic or read outside.
func FuzzPages(f *testing.F) {
	b := newBench(f)
	b.offer(offer("1", "1/a", "a"))
	b.close()
	whole, err := os.ReadFile(b.file(ledgerName))
	b.must(err)
	f.Add(8192, []byte{1, 2, 3}, whole[:8192])
	for at := 0; at < len(whole); at += 4096 {
		f.Add(at+8, []byte{0xff, 0xff}, []byte{})
		f.Add(at+20, []byte{0xff, 0xff, 0xff, 0xff}, []byte{})
	}
	f.Fuzz(func(t *testing.T, at int, change, tail []byte) {
		raw := append(bytes.Clone(whole), tail...)
		if at < 0 || at+len(change) > len(raw) {
			return
		}
		copy(raw[at:], change)
		seen := 0
		if err := eachEntry(bytes.NewReader(raw), int64(len(raw)), func(k, v []byte) error { seen += len(k) + len(v); return nil }); err != nil {
			t.Fatal(err)
		}
	})
}

// TestMerge: of two things said of one item, that Bloxs has it counts, else the later.
func TestMerge(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	at := func(state State, reason Reason, minute int) Item {
		it := Item{State: state, Reason: reason, Changed: b.now.Add(time.Duration(minute) * time.Minute)}
		if state == Sent {
			it.FileID, it.SentAt = 7, it.Changed
		}
		return it
	}
	for i, c := range []struct {
		was, said Item
		is        State
	}{
		{at(Waiting, "", 5), at(Sent, "", 1), Sent},
		{at(Sent, "", 1), at(Sending, "", 5), Sent},
		{at(Sending, "", 1), at(Waiting, "", 5), Waiting}, // not stored, and later
		{at(Waiting, "", 5), at(Sending, "", 1), Waiting},
		{at(Waiting, "", 5), at(Held, Uncertain, 5), Held}, // in doubt the safer
		{at(Held, Uncertain, 5), at(Waiting, "", 5), Held},
		{at(Held, Rejected, 1), at(Sending, "", 2), Sending},
	} {
		rel := fmt.Sprint(i)
		b.offer(offer("1", rel, rel))
		was := b.at(rel)
		b.must(b.write(func(l ledger) error {
			put := c.was
			put.ID, put.Person, put.SHA256, put.Places, put.Root, put.Rel = was.ID, was.Person, was.SHA256, was.Places, was.Root, was.Rel
			return l.putItem(was, put)
		}))
		c.said.ID = was.ID
		b.must(b.write(func(l ledger) error { return l.merge(c.said) }))
		if it := b.at(rel); it.State != c.is || it.State == Sent && it.FileID != 7 || it.Places != 1 {
			t.Errorf("%d: %+v, want %s", i, it, c.is)
		}
	}
}

// TestRepairNameless: of a receipt without its gate's line and without a ledger
// it is known by the ID alone whose and which it was, and that is enough.
func TestRepairNameless(t *testing.T) {
	t.Parallel()
	w := newWreck(t, false)
	journal := w.files[journalName]
	gate := bytes.Count(journal[:bytes.Index(journal, []byte(`"file_id":18`))], []byte("\n")) // the line before its receipt
	w.broken(map[string][]byte{ledgerName: nil, journalName: damagedLine(journal, gate)})
	if r := w.repair(); !r.Salvaged || len(r.Nameless) != 1 || r.Nameless[0] != 18 {
		t.Errorf("%+v", r)
	}
	w.neverAgain("nameless")
}
