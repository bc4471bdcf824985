package store

import (
	"errors"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"
)

// baseline takes one of these files, each path with its size and inode.
func (b *bench) baseline(files map[string][2]int64) int {
	b.t.Helper()
	n, err := b.TakeBaseline("/scans", func(add func([]BaselineFile) error) error {
		for _, rel := range slices.Sorted(maps.Keys(files)) {
			if err := add([]BaselineFile{{rel, aLook(files[rel])}}); err != nil {
				return err
			}
		}
		return nil
	})
	b.must(err)
	return n
}

func aLook(f [2]int64) Look { return Look{Size: f[0], ModTime: 100 + f[1], Inode: uint64(f[1])} }

// skips offers one file to the baseline.
func (b *bench) skips(rel string, look Look) bool {
	b.t.Helper()
	skips, err := b.Skip("/scans", []Found{{Rel: rel, Look: look, Person: person(rel[:1])}})
	b.must(err)
	return skips[0]
}

func (b *bench) baselineIs(want Baseline) {
	b.t.Helper()
	if is, err := b.Baseline("/scans"); err != nil || is != want {
		b.t.Fatalf("baseline %d, want %d: %v", is, want, err)
	}
}

func TestSkipMatches(t *testing.T) {
	b := newBench(t)
	b.baseline(map[string][2]int64{"1/a.pdf": {10, 1}, "1/sub/b.pdf": {20, 2}, "2/\xff.pdf": {30, 3}, "1/none.pdf": {40, 0}, "1/empty.pdf": {0, 4}})
	for _, f := range []struct {
		what, rel string
		look      Look
		want      bool
	}{
		{"itself", "1/a.pdf", aLook([2]int64{10, 1}), true},
		{"itself, in a folder", "1/sub/b.pdf", aLook([2]int64{20, 2}), true},
		{"a name that is no text", "2/\xff.pdf", aLook([2]int64{30, 3}), true},
		{"renamed", "1/other.pdf", aLook([2]int64{20, 2}), true},
		{"moved to another person", "2/a/b.pdf", aLook([2]int64{20, 2}), true},
		{"copied back with another time", "1/none.pdf", Look{Size: 40, ModTime: 9, Inode: 77}, true},
		{"another file elsewhere", "1/new.pdf", Look{Size: 20, ModTime: 102, Inode: 5}, false},
		{"its inode, used again", "1/new.pdf", Look{Size: 20, ModTime: 500, Inode: 2}, false},
		{"changed", "1/none.pdf", Look{Size: 41, ModTime: 9, Inode: 77}, false},
		{"empty", "1/empty.pdf", Look{Size: 0, ModTime: 104, Inode: 4}, false},
		{"was empty", "1/empty.pdf", Look{Size: 5, ModTime: 600, Inode: 4}, false},
		{"without identity", "1/noone.pdf", Look{Size: 40, ModTime: 100}, false},
	} {
		if got := b.skips(f.rel, f.look); got != f.want {
			t.Errorf("%s: skipped %t", f.what, got)
		}
	}
	if it := b.at("2/a/b.pdf"); it.State != Skipped || it.Person != person("2") || it.Base != "1/sub/b.pdf" || it.Places != 3 {
		t.Errorf("%+v", it) // all three names of it
	}
}

// TestSkipAnother: a new file that takes the place and has the size of one that
// moved away is not that one, whichever is seen first.
func TestSkipAnother(t *testing.T) {
	b := newBench(t)
	b.baseline(map[string][2]int64{"1/form.pdf": {10, 1}})
	moved, fresh := Found{Rel: "1/old form.pdf", Look: aLook([2]int64{10, 1})}, Found{Rel: "1/form.pdf", Look: Look{Size: 10, ModTime: 999, Inode: 9}}
	skips, err := b.Skip("/scans", []Found{fresh, moved})
	b.must(err)
	if skips[0] || !skips[1] {
		t.Fatal(skips)
	}
}

func TestSkippedGoAndComeBack(t *testing.T) {
	b := newBench(t)
	b.baseline(map[string][2]int64{"1/a.pdf": {1, 1}})
	b.skips("1/a.pdf", aLook([2]int64{1, 1}))
	id := b.at("1/a.pdf").ID
	b.gone("1/a.pdf")
	if it := b.item(id); it.State != Withdrawn {
		t.Fatalf("%+v", it)
	}
	if err := b.NobodyKnows(id, false, try("")); !errors.Is(err, ErrNotState) {
		t.Fatal("what nobody ever read is uncertain:", err)
	}
	b.skips("1/b.pdf", aLook([2]int64{1, 1}))
	if it := b.item(id); it.State != Skipped || it.Rel != "1/b.pdf" {
		t.Fatalf("%+v", it)
	}
	b.offer(offer("1", "1/b.pdf", "new content")) // it was edited
	b.is("1/b.pdf", Waiting, "")
	b.gone("1/b.pdf")
	b.offer(offer("1", "1/a.pdf", "x")) // and is what it was, though nobody asked before
	b.is("1/a.pdf", Skipped, "")
}

// TestBaselineBrokenOff: files of a run that was never complete count for
// nothing, whatever is lost in between.
func TestBaselineBrokenOff(t *testing.T) {
	for _, lost := range []string{"", ledgerName, journalName} {
		b := newBench(t)
		if is, err := b.WantBaseline("/scans"); err != nil || is != BaselineWanted {
			t.Fatal(is, err)
		}
		b.must(b.SetHome("/scans", Home{Environment: "e"}, nil))
		stop := errors.New("a folder can't be read")
		_, err := b.TakeBaseline("/scans", func(add func([]BaselineFile) error) error {
			b.must(add([]BaselineFile{{"1/a.pdf", aLook([2]int64{1, 1})}, {"1/b.pdf", aLook([2]int64{2, 2})}}))
			return stop
		})
		if !errors.Is(err, stop) {
			t.Fatal(err)
		}
		if err := b.Offer([]Offer{offer("1", "1/a.pdf", "A")}); !errors.Is(err, errNoBaseline) {
			t.Fatal("taken in before the baseline:", err)
		}
		if b.skips("1/a.pdf", aLook([2]int64{1, 1})) {
			t.Fatal("skipped by a baseline that isn't complete")
		}
		b.comesBack(lost)
		if is, err := b.WantBaseline("/scans"); err != nil || is != BaselineWanted {
			t.Fatal(lost, is, err)
		}
		b.baseline(map[string][2]int64{"1/b.pdf": {2, 2}})
		if b.skips("1/a.pdf", aLook([2]int64{1, 1})) || !b.skips("1/b.pdf", aLook([2]int64{2, 2})) {
			t.Fatal("the broken-off run counts")
		}
		b.baselineIs(BaselineKept)
	}
}

// TestBaselineLasts over a kill, and over the loss of either file.
func TestBaselineLasts(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.large = true
	files := map[string][2]int64{}
	for i := range int64(600) {
		files[fmt.Sprintf("%d/%s/%d.pdf", i%7, strings.Repeat("long", int(i%300)), i)] = [2]int64{i + 1, i}
	}
	files["1/\xff\xfe.pdf"] = [2]int64{7, 9999}
	if n := b.baseline(files); n != len(files) {
		t.Fatal(n)
	}
	b.skips("1/\xff\xfe.pdf", aLook(files["1/\xff\xfe.pdf"]))
	if n, err := b.Send("/scans", "1/\xff\xfe.pdf"); n != 1 || err != nil {
		t.Fatal(n, err)
	}
	check := func(what string) {
		t.Helper()
		b.baselineIs(BaselineKept)
		if n, err := b.BaselineFiles("/scans"); n != 600 || err != nil {
			t.Fatal(what, n, err)
		}
		for rel, f := range files {
			if skips := b.skips(rel, aLook(f)); skips != (rel != "1/\xff\xfe.pdf") {
				t.Fatalf("%s: %q: skipped %t", what, rel, skips)
			}
		}
		if is, err := b.WantBaseline("/scans"); err != nil || is != BaselineKept {
			t.Fatal(what, is, err)
		}
		b.recount()
	}
	check("at first")
	b.kill()
	b.open()
	check("killed")
	for _, lost := range []string{ledgerName, journalName, ledgerName} {
		b.comesBack(lost)
		check(lost + " lost")
	}
}

// TestBaselineAnew: a second one takes the place of the first, and what waits goes to the
// skipped; what was sent, or may have been, stays what it is.
func TestBaselineAnew(t *testing.T) {
	b := newBench(t)
	b.baseline(map[string][2]int64{"1/old.pdf": {1, 1}})
	b.skips("1/old.pdf", aLook([2]int64{1, 1}))
	there := map[string][2]int64{"1/old.pdf": {1, 1}}
	for _, f := range from {
		if f.state == Skipped || f.state == Sending {
			continue
		}
		o := offer(f.name, "9/"+f.name, f.name)
		b.offer(o)
		f.enter(b, o.Rel, f.name)
		there[o.Rel] = [2]int64{o.Look.Size, 50}
	}
	b.baseline(there)
	for _, f := range from {
		rel := "9/" + f.name
		if _, ok := there[rel]; !ok {
			continue
		}
		stays := f.state == Sent || f.reason == Uncertain
		if skips := b.skips(rel, aLook(there[rel])); skips == stays {
			t.Errorf("%s: skipped %t", f.name, skips)
		} else if !stays {
			b.is(rel, Skipped, "")
		} else {
			b.is(rel, f.state, f.reason)
		}
	}
	if n, err := b.BaselineFiles("/scans"); n != len(there) || err != nil {
		t.Fatal(n, err)
	}
	runs := map[string]bool{}
	b.must(b.read(func(l ledger) error {
		return l.scan(bucketBaseFiles, nil, func(k []byte) error { runs[string(k[:8])] = true; return nil })
	}))
	if len(runs) != 1 {
		t.Errorf("%d runs are still there", len(runs))
	}
}

// TestBaselineKeepsTheFormer: a second baseline may be taken of a folder in which
// the share is not mounted. What was skipped before stays skipped when it is back.
func TestBaselineKeepsTheFormer(t *testing.T) {
	b := newBench(t)
	b.baseline(map[string][2]int64{"1/a.pdf": {10, 1}, "1/b.pdf": {20, 2}, "1/form.pdf": {30, 3}, "1/sent.pdf": {40, 4}, "1/none.pdf": {50, 0}})
	b.skips("1/sent.pdf", aLook([2]int64{40, 4}))
	if n, err := b.Send("/scans", "1/sent.pdf"); n != 1 || err != nil {
		t.Fatal(n, err)
	}
	if n := b.baseline(map[string][2]int64{"1/old form.pdf": {30, 3}, "1/b.pdf": {21, 5}}); n != 2 {
		t.Errorf("%d files are said to be there now", n)
	}
	b.everyWay(func(t *testing.T) {
		for _, f := range []struct {
			rel  string
			look Look
			want bool
		}{
			{"1/a.pdf", aLook([2]int64{10, 1}), true},
			{"1/none.pdf", aLook([2]int64{50, 0}), true},
			{"1/b.pdf", aLook([2]int64{21, 5}), true},
			{"1/old form.pdf", aLook([2]int64{30, 3}), true},
			{"1/form.pdf", Look{Size: 30, ModTime: 999, Inode: 9}, false}, // that one moved away
			{"1/sent.pdf", aLook([2]int64{40, 4}), false},                 // somebody wants it sent
			{"1/new.pdf", Look{Size: 10, ModTime: 999, Inode: 10}, false},
		} {
			if got := b.skips(f.rel, f.look); got != f.want {
				t.Errorf("%s: skipped %t", f.rel, got)
			}
		}
	})
	if n, err := b.BaselineFiles("/scans"); n != 4 || err != nil {
		t.Error(n, err)
	}
}

// TestLargeBaselineKeepsTheFormer does so over several pages.
func TestLargeBaselineKeepsTheFormer(t *testing.T) {
	b := newBench(t)
	var first []BaselineFile
	var files []Found
	for i := range int64(2500) {
		f := BaselineFile{fmt.Sprintf("1/%04d.pdf", i), aLook([2]int64{1 + i, 1 + i})}
		first = append(first, f)
		files = append(files, Found{Rel: f.Rel, Look: f.Look, Person: person("1")})
	}
	_, err := b.TakeBaseline("/scans", func(add func([]BaselineFile) error) error { return add(first) })
	b.must(err)
	b.baseline(map[string][2]int64{"1/1700.pdf": {1701, 1701}, "1/new.pdf": {1, 9999}})
	b.everyWay(func(t *testing.T) {
		if n, err := b.BaselineFiles("/scans"); n != 2501 || err != nil {
			t.Error(n, err)
		}
	})
	if skips, err := b.Skip("/scans", files); err != nil || slices.Contains(skips, false) {
		t.Errorf("some would be sent: %v", err)
	}
}

func TestTwoBaselinesAtOnce(t *testing.T) {
	b := newBench(t)
	_, err := b.TakeBaseline("/scans", func(add func([]BaselineFile) error) error {
		b.must(add([]BaselineFile{{"1/a.pdf", aLook([2]int64{1, 1})}}))
		b.baseline(map[string][2]int64{"1/b.pdf": {2, 2}})
		return add([]BaselineFile{{"1/c.pdf", aLook([2]int64{3, 3})}})
	})
	if !errors.Is(err, errRun) {
		t.Fatal(err)
	}
	if b.skips("1/a.pdf", aLook([2]int64{1, 1})) || !b.skips("1/b.pdf", aLook([2]int64{2, 2})) {
		t.Fatal("the first one counts")
	}
}

// TestBaselineLateLine: a line of a run that was broken off comes to nothing,
// also behind the next one's.
func TestBaselineLateLine(t *testing.T) {
	b := newBench(t)
	for _, ln := range []line{
		{Run: 2, Files: []lineFile{{Path: "1/a.pdf", Size: 1}}}, {Run: 1, Files: []lineFile{{Path: "1/b.pdf", Size: 2}}},
		{Run: 1, Complete: true, Count: 1}, {Run: 2, Complete: true, Count: 1},
	} {
		ln.Op, ln.Root = opBaseline, "/scans"
		b.must(b.note(ln))
	}
	if b.skips("1/b.pdf", Look{Size: 2}) || !b.skips("1/a.pdf", Look{Size: 1}) {
		t.Error("the run that was broken off counts")
	}
}

// TestBaselineIsForTheFirstStart: a root that has run has no first start any more.
func TestBaselineIsForTheFirstStart(t *testing.T) {
	for what, run := range map[string]func(b *bench){
		"a home":  func(b *bench) { b.must(b.SetHome("/scans", Home{Environment: "e"}, nil)) },
		"a place": func(b *bench) { b.offer(offer("1", "1/a.pdf", "A")) },
		"an item": func(b *bench) { b.offer(offer("1", "1/a.pdf", "A")); b.gone("1/a.pdf") },
		"a receipt": func(b *bench) {
			b.offer(offer("1", "1/a.pdf", "A"))
			b.send("1/a.pdf", 1)
			b.close()
			b.must(os.Remove(b.file(ledgerName)))
			b.open()
		},
	} {
		b := newBench(t)
		run(b)
		if is, err := b.WantBaseline("/scans"); is != NoBaseline || err != nil {
			t.Errorf("%s: %d %v", what, is, err)
		}
		if is, err := b.WantBaseline("/other"); is != BaselineWanted || err != nil {
			t.Errorf("%s: another root: %d %v", what, is, err)
		}
		b.must(b.UnwantBaseline("/other"))
		if is, err := b.Baseline("/other"); is != NoBaseline || err != nil {
			t.Errorf("%s: unwanted: %d %v", what, is, err)
		}
	}
}

func TestPathOf(t *testing.T) {
	for _, dir := range append(awkward, "") {
		for _, name := range awkward {
			rel := strings.TrimPrefix(dir+"/"+name, "/")
			if got := pathOf(placeKey(3, rel)[4:]); got != Fold(rel) {
				t.Errorf("%q became %q", rel, got)
			}
		}
	}
}

// TestSkippedInPages: of a damaged ledger no item is taken that stands for a
// file of a baseline, since its ID is not that of a content.
func TestSkippedInPages(t *testing.T) {
	b := newBench(t)
	b.baseline(map[string][2]int64{"1/a.pdf": {1, 1}, "1/b.pdf": {2, 2}})
	b.skips("1/a.pdf", aLook([2]int64{1, 1}))
	b.skips("1/b.pdf", aLook([2]int64{2, 2}))
	b.gone("1/b.pdf")
	b.offer(offer("1", "1/c.pdf", "C"))
	b.close()
	f, err := os.Open(b.file(ledgerName))
	b.must(err)
	defer f.Close()
	found := 0
	b.must(itemsInPages(f, func(it Item) error {
		if found++; it.Base != "" {
			t.Errorf("%+v", it)
		}
		return nil
	}))
	if found == 0 {
		t.Error("nothing was found")
	}
	b.open()
}
