package store

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"strings"
	"testing"
	"time"
)

// wreck is a store at rest whose files are broken over and over.
type wreck struct {
	*bench
	files map[string][]byte
	was   map[string]Item // by path, when it came to rest

	applied position // of the journal, in the ledger
}

// newWreck has an item of each kind, and for a kill some steps that only the
// journal has.
func newWreck(t testing.TB, clean bool) *wreck {
	w := &wreck{bench: newBench(t), files: map[string][]byte{}, was: map[string]Item{}}
	w.large = true // open recounts
	w.rescan()
	var more []Offer
	for i := range 30 { // some pages full
		more = append(more, offer("9", fmt.Sprint("9/", i), fmt.Sprint(i)))
	}
	w.offer(more...)
	w.send("sent", 17)
	w.must(w.NobodyKnows(w.openGate("uncertain").ID, false, try("cut")))
	w.openGate("sending")
	w.reopen()
	w.send("late", 18)
	w.must(w.NobodyKnows(w.openGate("lost").ID, false, try("lost")))
	for _, rel := range precious {
		w.was[rel] = w.at(rel)
	}
	if clean {
		w.close()
	} else {
		w.kill()
	}
	for _, name := range []string{ledgerName, journalName, cleanName} {
		if b, err := os.ReadFile(w.file(name)); err == nil {
			w.files[name] = b
		}
	}
	m, err := readMeta(w.file(ledgerName))
	w.must(err)
	w.applied = m.Applied
	return w
}

var precious = []string{"sent", "uncertain", "sending", "late", "lost"}

func (w *wreck) rescan() {
	var all []Offer
	for _, rel := range precious {
		all = append(all, offer("1", rel, rel))
	}
	w.offer(all...)
}

// broken puts the store back to rest, but for what broken holds; nil is no file.
func (w *wreck) broken(broken map[string][]byte) {
	w.t.Helper()
	for _, name := range []string{ledgerName, journalName, cleanName} {
		b, ok := broken[name]
		if !ok {
			b = w.files[name]
		}
		err := os.Remove(w.file(name))
		if b != nil {
			err = os.WriteFile(w.file(name), b, 0o600)
		}
		if err != nil && !errors.Is(err, os.ErrNotExist) {
			w.t.Fatal(err)
		}
	}
}

// keepsItsPromises opens the store and looks for what it must not forget.
func (w *wreck) keepsItsPromises(what string) {
	w.t.Helper()
	if err := w.tryOpen(); err != nil {
		w.t.Fatalf("%s: %v", what, err)
	}
	w.recount()
	w.rescan()
	w.recount()
	for rel, was := range w.was {
		if it := w.at(rel); it.ID != was.ID || it.State != was.State || it.Reason != was.Reason || it.FileID != was.FileID {
			w.t.Errorf("%s: %s was %+v\nis %+v", what, rel, was, it)
		}
	}
	var taken []ItemID
	for it := w.take(); it.ID != ""; it = w.take(taken...) {
		if it.Person != person("9") {
			w.t.Errorf("%s: %s would be sent again", what, it.Rel)
		}
		taken = append(taken, it.ID)
	}
	w.close()
}

// refuses checks that Open says want and changes nothing.
func (w *wreck) refuses(what string, want error) {
	w.t.Helper()
	before := w.content()
	if err := w.tryOpen(); !errors.Is(err, want) {
		w.t.Fatalf("%s: %v, want %v", what, err, want)
	}
	w.Store = nil
	if after := w.content(); after != before {
		w.t.Errorf("%s: the files were changed", what)
	}
}

func (w *wreck) content() string {
	entries, err := os.ReadDir(w.dir)
	w.must(err)
	var all strings.Builder
	for _, e := range entries {
		b, err := os.ReadFile(w.file(e.Name()))
		w.must(err)
		fmt.Fprintf(&all, "%s %q\n", e.Name(), b)
	}
	return all.String()
}

func TestDamagedLedger(t *testing.T) {
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	for _, clean := range []bool{true, false} {
		t.Run(fmt.Sprint("stopped cleanly ", clean), func(t *testing.T) {
			t.Parallel()
			w := newWreck(t, clean)
			whole := w.files[ledgerName]
			try := func(what string, ledger []byte) {
				w.broken(map[string][]byte{ledgerName: ledger})
				w.keepsItsPromises(what)
			}
			try("whole", whole)
			try("removed", nil)
			n := len(whole)
			rnd := rand.New(rand.NewPCG(seed, 2))
			for _, cut := range []int{0, 1, 4096, 8192, 12288, n / 2, n - 4096, rnd.IntN(n)} {
				try(fmt.Sprint("cut to ", cut), whole[:cut])
			}
			for page := range n / 4096 {
				if (page%2 == 0) == clean { // each is zeroed in one of the two
					b := bytes.Clone(whole)
					clear(b[page*4096 : (page+1)*4096])
					try(fmt.Sprint("zeroed page ", page), b)
				}
			}
			for i := range 6 {
				b := bytes.Clone(whole)
				for range 1 << i {
					b[rnd.IntN(n)] ^= byte(1 + rnd.IntN(255))
				}
				try(fmt.Sprint(1<<i, " bytes scribbled on, seed ", seed), b)
			}
		})
	}
}

// lineNumber finds the n-th line, from 1, in a journal.
func lineNumber(journal []byte, n int) []byte {
	return bytes.SplitAfter(journal, []byte("\n"))[n-1]
}

func damagedLine(journal []byte, n int) []byte {
	ln := lineNumber(journal, n)
	bad := bytes.Clone(ln)
	bad[len(bad)/2] ^= 1
	return bytes.Replace(journal, ln, bad, 1)
}

func TestDamagedJournal(t *testing.T) {
	t.Parallel()
	w := newWreck(t, true)
	whole := w.files[journalName]
	last := bytes.Count(whole, []byte("\n"))
	damages := map[string][]byte{
		"removed": nil, "empty": {}, "no journal": []byte("something else\n"), "first line": damagedLine(whole, 1),
		"middle": damagedLine(whole, 3), "last line": damagedLine(whole, last), "cut": whole[:len(whole)/2], "cut short": whole[:len(whole)-1],
		"line left out": bytes.Replace(whole, lineNumber(whole, 4), nil, 1), "zeros": make([]byte, len(whole)),
	}
	for what, journal := range damages {
		w.broken(map[string][]byte{journalName: journal, cleanName: w.files[cleanName]})
		// Only the journal has changed since the clean stop.
		w.must(os.Chtimes(w.file(ledgerName), time.Time{}, w.noted()))
		w.keepsItsPromises(what)
		w.must(os.Remove(w.file(ledgerName))) // the new journal holds it all by itself
		w.keepsItsPromises(what + ", then the ledger removed")
	}
}

// TestTouchedLedgerIsComplete: behind a clean stop a lost journal is written anew
// also where something has touched the ledger since, as bbolt's open does on
// Windows, with a kill behind it; but not from an older ledger.
func TestTouchedLedgerIsComplete(t *testing.T) {
	t.Parallel()
	w := newWreck(t, true)
	for what, journal := range map[string][]byte{"removed": nil, "damaged": damagedLine(w.files[journalName], 3)} {
		w.broken(map[string][]byte{journalName: journal})
		w.must(os.Chtimes(w.file(ledgerName), time.Time{}, time.Unix(1, 0)))
		w.keepsItsPromises(what)
	}
	w.broken(nil)
	w.open()
	w.rescan()
	w.offer(offer("1", "new", "new"))
	w.send("new", 19)
	w.close()
	older := w.files[ledgerName]
	note, err := os.ReadFile(w.file(cleanName))
	w.must(err)
	w.files[cleanName] = note
	w.broken(map[string][]byte{ledgerName: older, journalName: nil})
	w.refuses("an older ledger", ErrDamaged)
}

// noted is the ledger's time in the note of the clean stop.
func (w *wreck) noted() time.Time {
	w.t.Helper()
	var ns int64
	s := string(w.files[cleanName])
	if _, err := fmt.Sscanf(s[strings.Index(s, `"ledger_time":`):], `"ledger_time":%d`, &ns); err != nil {
		w.t.Fatal(err)
	}
	return time.Unix(0, ns)
}

func TestDamagedJournalAfterAKill(t *testing.T) {
	t.Parallel()
	w := newWreck(t, false)
	whole := w.files[journalName]
	last := bytes.Count(whole, []byte("\n"))
	w.broken(map[string][]byte{journalName: damagedLine(whole, 3)})
	w.keepsItsPromises("a line that the ledger has long applied")
	for what, journal := range map[string][]byte{
		"removed": nil, "empty": {}, "first line and the rest": make([]byte, len(whole)), "cut": whole[:len(whole)/2],
		"a step that only the journal had": damagedLine(whole, last-1),
	} {
		w.broken(map[string][]byte{journalName: journal})
		w.refuses(what, ErrDamaged)
	}
}

func TestBothDamaged(t *testing.T) {
	t.Parallel()
	w := newWreck(t, false)
	half := len(w.files[ledgerName]) / 2
	for what, broken := range map[string]map[string][]byte{
		"no ledger, a damaged journal":    {ledgerName: nil, journalName: damagedLine(w.files[journalName], 3)},
		"half a ledger, no journal":       {ledgerName: w.files[ledgerName][:half], journalName: nil},
		"half a ledger, an empty journal": {ledgerName: w.files[ledgerName][:half], journalName: {}},
		"an empty ledger, zeros":          {ledgerName: {}, journalName: make([]byte, 100)},
	} {
		w.broken(broken)
		w.refuses(what, ErrDamaged)
	}
}

// TestShorterJournal: one that ends earlier than a clean stop left it, at a line's
// end, makes no ledger anew; what its last lines said would be sent again.
func TestShorterJournal(t *testing.T) {
	t.Parallel()
	w := newWreck(t, true)
	whole := w.files[journalName]
	last := lineNumber(whole, bytes.Count(whole, []byte("\n")))
	w.broken(map[string][]byte{ledgerName: nil, journalName: whole[:len(whole)-len(last)]})
	w.refuses("the last line is missing", ErrDamaged)
}

// TestForkedJournal is of the same ledger, as long as it should be and longer,
// but went another way: a copy of the store that somebody started, say.
func TestForkedJournal(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.offer(offer("1", "1/a", "a"), offer("1", "1/b", "b"), offer("1", "1/c", "c"))
	b.close()
	fork := &bench{t: t, dir: t.TempDir(), now: b.now}
	b.must(os.CopyFS(fork.dir, os.DirFS(b.dir)))
	b.open()
	b.send("1/a", 11)
	b.close()
	fork.open()
	fork.send("1/b", 12)
	fork.send("1/c", 13)
	fork.close()
	other, err := os.ReadFile(fork.file(journalName))
	b.must(errors.Join(err, os.WriteFile(b.file(journalName), other, 0o600), os.Remove(b.file(cleanName))))
	if err := b.tryOpen(); !errors.Is(err, ErrDamaged) {
		t.Errorf("%v", err)
	}
}

func TestJournalOfAnotherLedger(t *testing.T) {
	t.Parallel()
	for _, clean := range []bool{true, false} {
		w, other := newWreck(t, clean), newWreck(t, clean)
		w.broken(map[string][]byte{journalName: other.files[journalName]})
		w.refuses("another's journal", ErrDamaged)
	}
}
