package store

import (
	"fmt"
	"slices"
	"testing"
)

const movedTo = "/mnt/scans" // where what was /scans is mounted by now

// skipsAt offers one file of a root to its baseline.
func (b *bench) skipsAt(root, rel string, look Look) bool {
	b.t.Helper()
	skips, err := b.Skip(root, []Found{{Rel: rel, Look: look, Person: person(rel[:1])}})
	b.must(err)
	return skips[0]
}

// wantsAt begins with a root that has existing = "skip", as a start does.
func (b *bench) wantsAt(root string) {
	b.t.Helper()
	if is, err := b.WantBaseline(root); err != nil || is != BaselineWanted {
		b.t.Fatal(is, err)
	}
	b.must(b.SetHome(root, Home{Environment: "e"}, nil))
}

// TestInheritedBaseline: a root at another path is no first start. What was
// skipped stays skipped, and what waited there, or came since, goes.
func TestInheritedBaseline(t *testing.T) {
	t.Parallel()
	for _, lost := range []string{"", ledgerName, journalName} {
		b := newBench(t)
		b.large = true
		b.wantsAt("/scans")
		many := map[string][2]int64{}
		for i := range int64(pageOfBaseline + 2) {
			many[fmt.Sprintf("1/%d.pdf", i)] = [2]int64{10 + i, 1 + i}
		}
		b.baseline(many)
		b.offer(offer("1", "1/waits", "waits"))
		b.wantsAt(movedTo)
		for range 2 { // the marker may not be writable, and tells it again
			b.must(b.Inherit(movedTo, "/scans"))
		}
		if _, err := b.KeepRoots([]string{movedTo}); err != nil {
			t.Fatal(err)
		}
		b.comesBack(lost)
		if is, err := b.WantBaseline(movedTo); err != nil || is != BaselineKept {
			t.Fatal(lost, is, err)
		}
		if n, err := b.BaselineFiles(movedTo); err != nil || n != len(many) {
			t.Errorf("%q lost: %d files, %v", lost, n, err)
		}
		var found []Found
		for rel, f := range many {
			found = append(found, Found{Rel: rel, Look: aLook(f), Person: person("1")})
		}
		if skips, err := b.Skip(movedTo, found); err != nil || slices.Contains(skips, false) {
			t.Errorf("%q lost: some would be sent, %v", lost, err)
		}
		waits := offer("1", "1/waits", "waits")
		waits.Root = movedTo
		if b.skipsAt(movedTo, waits.Rel, waits.Look) {
			t.Errorf("%q lost: what waited is skipped", lost)
		}
		b.offer(waits)
		if it := b.take(); it.SHA256 != waits.SHA256 {
			t.Errorf("%q lost: what waited is not due: %+v", lost, it)
		}
	}
}

// TestInheritedUpload: a root that began with "upload" goes on like that.
func TestInheritedUpload(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.must(b.SetHome("/scans", Home{Environment: "e"}, nil))
	b.wantsAt(movedTo)
	b.must(b.Inherit(movedTo, "/scans"))
	if is, err := b.Baseline(movedTo); err != nil || is != NoBaseline {
		t.Fatal(is, err)
	}
}

// TestNothingInherited: from a path that is unknown, or where a baseline was
// never complete, and by a root that has one.
func TestNothingInherited(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.wantsAt("/half")
	b.wantsAt(movedTo)
	for _, from := range []string{"/unknown", "/half", movedTo} {
		b.must(b.Inherit(movedTo, from))
		if is, err := b.Baseline(movedTo); err != nil || is != BaselineWanted {
			t.Fatal(from, is, err)
		}
	}
	b.baseline(map[string][2]int64{"1/a.pdf": {10, 1}})
	b.wantsAt("/other")
	b.must(b.Inherit("/other", "/scans"))
	b.must(b.Inherit("/scans", "/unknown"))
	if n, err := b.BaselineFiles("/scans"); err != nil || n != 1 || !b.skipsAt("/other", "1/a.pdf", aLook([2]int64{10, 1})) {
		t.Error(n, err)
	}
}

// TestInheritedNotes: a file that a kill has left put aside at the old path is
// seen to at the new one, and then its person can be forgotten.
func TestInheritedNotes(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.must(b.AfterUpload("/scans", true))
	b.offer(offer("1", "1/a", "a"))
	b.send("1/a", 11)
	b.noted(Note{To: "1/.bloxdrop-0", Delete: true})
	b.must(b.Inherit(movedTo, "/scans"))
	_, err := b.KeepRoots([]string{movedTo})
	b.must(err)
	b.comesBack("")
	left, err := b.Notes("/scans", 10)
	b.must(err)
	notes, err := b.Notes(movedTo, 10)
	b.must(err)
	if len(left) != 0 || len(notes) != 1 || notes[0].Place.Root != movedTo || notes[0].Place.Rel != "1/a" || notes[0].To != "1/.bloxdrop-0" || !notes[0].Delete || !notes[0].Item.HasReceipt() {
		t.Fatalf("%+v, and left %+v", notes, left)
	}
	b.must(b.EndNotes(notes, true))
	if kept, err := b.Forget("1", func(_, _, _ string) bool { return false }); kept != 1 || err != nil {
		t.Error(kept, err)
	}
}
