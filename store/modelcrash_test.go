package store_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"

	"bloxdrop/store"
)

// second lets the store's own clock come to its next commit.
func (w *twins) second() {
	time.Sleep(time.Second)
	synctest.Wait()
	w.must(w.model.Flush())
}

func (w *twins) reopen() {
	w.must(w.store.Close())
	w.must(w.model.Close())
	w.open()
	w.model.Reopen(0)
}

// crash ends both between two steps. What was begun of a next line is cut off.
func (w *twins) crash() {
	w.kill()
	if w.often(1) {
		journal := filepath.Join(w.dir, store.JournalName)
		b, err := os.ReadFile(journal)
		w.must(err)
		last := strings.SplitAfter(string(b), "\n")
		torn := last[max(len(last)-2, 0)]
		torn = torn[:rapid.IntRange(0, len(torn)-1).Draw(w.T, "torn at")]
		w.must(os.WriteFile(journal, append(b, torn...), 0o600))
	}
	w.open()
	w.model.Reopen(0)
}

// tornStep is a crash in the middle of a step that writes one line of the
// journal: some bytes of it are on the disk, or all, and the ledger is behind.
func (w *twins) tornStep() {
	before := w.copyFiles()
	it := w.item(store.Sending)
	var do func(l ledger) error
	switch waiting := w.item(store.Waiting); {
	case it.State == store.Sending && w.often(3):
		w.files++
		t := w.try()
		switch rapid.IntRange(0, 2).Draw(w.T, "outcome") {
		case 0:
			do = func(l ledger) error { return l.Receipt(it.ID, w.files) }
		case 1:
			do = func(l ledger) error { return l.NotStored(it.ID, t) }
		default:
			do = func(l ledger) error { return l.NobodyKnows(it.ID, false, t) }
		}
	case waiting.State == store.Waiting:
		do = func(l ledger) error { return l.OpenGate(waiting.ID, store.Place{Root: waiting.Root, Rel: waiting.Rel}) }
	default:
		since, err := w.store.PausedByHand()
		w.must(err)
		do = func(l ledger) error { return l.PauseByHand(since.IsZero()) }
	}
	w.must(do(w.store))
	after := w.copyFiles()
	w.dies = true
	if err := do(w.model); err == nil {
		w.Fatal("the model does not die")
	}
	w.dies = false
	w.kill()
	line := after[store.JournalName][len(before[store.JournalName]):]
	n, survive := len(line), 1
	if w.often(1) {
		n, survive = rapid.IntRange(0, len(line)-1).Draw(w.T, "torn at"), 0
	}
	before[store.JournalName] = append(before[store.JournalName], line[:n]...)
	w.putFiles(before)
	w.open()
	w.model.Reopen(survive)
}

// lose takes one of the two files away.
func (w *twins) lose() {
	if w.often(1) {
		w.kill()
		w.must(os.Remove(filepath.Join(w.dir, store.LedgerName)))
		w.open()
		w.model.RebuildLedger()
		return
	}
	w.must(w.store.Close())
	w.must(w.model.Close())
	w.must(os.Remove(filepath.Join(w.dir, store.JournalName)))
	w.open()
	w.model.RewriteJournal()
}

// compare looks at everything that shows.
func (w *twins) compare() {
	faults, err := w.store.Recount()
	w.must(err)
	if faults != nil {
		w.Fatalf("the recount finds:\n%q", faults)
	}
	look := func(what string, at func(l ledger) (any, error)) {
		w.Helper()
		a, errA := at(w.store)
		b, errB := at(w.model)
		if kind(errA) != kind(errB) {
			w.Fatalf("%s: the store says %v, and its model %v", what, errA, errB)
		}
		w.same(what, a, b)
	}
	for _, state := range allStates {
		look(string(state), func(l ledger) (any, error) { return l.List(state, "", 1000) })
		p, err := w.store.List(state, "", 1000)
		w.must(err)
		for _, it := range p.Items {
			look("places of "+it.Rel, func(l ledger) (any, error) { return l.PlacesOf(it.ID, 8) })
		}
	}
	look("counts", func(l ledger) (any, error) { return l.Counts() })
	look("paused", func(l ledger) (any, error) { return l.PausedByHand() })
	look("position", func(l ledger) (any, error) { return l.Position(), nil })
	look("doubted", func(l ledger) (any, error) { return l.Doubted() })
	for _, horizon := range []time.Duration{time.Minute, 2 * time.Hour} {
		look("look-up due", func(l ledger) (any, error) {
			key, ok, next, err := l.LookUpDue(horizon)
			return []any{key, ok, next}, err
		})
	}
	for _, environment := range []string{"a", "b"} {
		for _, id := range []string{"1", "2"} {
			key := store.PersonKey{Environment: "https://" + environment + ".bloxs.io", Relation: "persons", Kind: "reference", ID: id}
			look("person "+id, func(l ledger) (any, error) { return l.Person(key) })
		}
	}
	for _, root := range allRoots {
		w.compareRoot(root, look)
	}
}

func (w *twins) compareRoot(root string, look func(string, func(ledger) (any, error))) {
	look("places in", func(l ledger) (any, error) { return l.PlacesIn(root) })
	look("baseline", func(l ledger) (any, error) { return l.Baseline(root) })
	look("baseline files", func(l ledger) (any, error) { return l.BaselineFiles(root) })
	look("marked", func(l ledger) (any, error) { return l.Marked(root) })
	look("adopted", func(l ledger) (any, error) { return l.Adopted(root) })
	look("doubt about", func(l ledger) (any, error) { return l.DoubtAbout(root) })
	look("notes", func(l ledger) (any, error) { return l.Notes(root, 100) })
	look("sent places", func(l ledger) (any, error) {
		page, _, err := l.SentPlaces(root, "", 100)
		return page, err
	})
	for _, dir := range append([]string{""}, allFolders...) {
		look("known in "+dir, func(l ledger) (any, error) { return l.Known(root, dir, allNames) })
		look("files in "+dir, func(l ledger) (any, error) { return l.Files(root, dir) })
		look("places in "+dir, func(l ledger) (any, error) {
			files, folders, err := l.Places(root, dir)
			return fmt.Sprint(files, folders), err
		})
		for _, name := range allNames {
			look("item at "+dir, func(l ledger) (any, error) {
				it, p, err := l.ItemAt(root, dir+"/"+name)
				return []any{it, p}, err
			})
		}
	}
}
