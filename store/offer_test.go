package store

import (
	"errors"
	"slices"
	"testing"
	"time"
)

func (b *bench) counts() Counts {
	b.t.Helper()
	c, err := b.Counts()
	b.must(err)
	return c
}

func TestSameContentIsOneItem(t *testing.T) {
	b := newBench(t)
	b.offer(offer("1", "1/a.pdf", "A"), offer("1", "1/copy of a.pdf", "A"), offer("2", "2/a.pdf", "A"), offer("1", "1/b.pdf", "B"))
	if b.at("1/a.pdf").ID != b.at("1/copy of a.pdf").ID || b.at("1/a.pdf").ID == b.at("2/a.pdf").ID || b.at("1/a.pdf").ID == b.at("1/b.pdf").ID {
		t.Fatal("an item is one content for one person")
	}
	if c := b.counts(); c.Items[Waiting] != 3 || c.Places != 4 || c.Placed != 3 {
		t.Fatalf("%+v", c)
	}
	b.send("1/a.pdf", 4)
	b.is("1/copy of a.pdf", Sent, "")
	b.is("2/a.pdf", Waiting, "")
	before := b.picture()
	b.offer(offer("1", "1/a.pdf", "A"), offer("1", "1/copy of a.pdf", "A"), offer("2", "2/a.pdf", "A"))
	for id, it := range b.picture() {
		if was := before[id]; it.State != was.State || it.Places != was.Places || it.FileID != was.FileID {
			t.Errorf("offered twice: was %+v, is %+v", was, it)
		}
	}
}

func TestAnotherKindOfIdentifierIsAnotherItem(t *testing.T) {
	b := newBench(t)
	keys := []PersonKey{person("1"), person("1"), person("1"), person("1"), person("2")}
	keys[1].Kind, keys[2].Relation, keys[3].Environment = "externalIdentifier", "organisations", "https://other.bloxs.io"
	for i, key := range keys {
		o := offer("1", string(rune('a'+i)), "A")
		o.Person = key
		b.offer(o)
	}
	if n := len(b.picture()); n != len(keys) {
		t.Fatalf("%d items", n)
	}
}

func TestRenameCopyMove(t *testing.T) {
	t.Parallel()
	// The rescan may see the new name first, or the old one gone first.
	for name, order := range map[string][]int{"new first": {0, 1}, "gone first": {1, 0}} {
		t.Run(name, func(t *testing.T) {
			b := newBench(t)
			b.offer(offer("1", "1/sent.pdf", "S"), offer("1", "1/waits.pdf", "W"))
			sent, waits := b.send("1/sent.pdf", 8), b.at("1/waits.pdf")
			moves := []func(){
				func() { b.offer(offer("1", "1/x/sent.pdf", "S"), offer("1", "1/x/waits.pdf", "W")) },
				func() { b.gone("1/sent.pdf", "1/waits.pdf") },
			}
			for _, i := range order {
				b.now = b.now.Add(time.Second)
				moves[i]()
			}
			b.reopen()
			b.is("1/x/sent.pdf", Sent, "")
			b.is("1/x/waits.pdf", Waiting, "")
			if it := b.item(waits.ID); it.Rel != "1/x/waits.pdf" || !it.FirstSeen.Equal(waits.FirstSeen) || it.Places != 1 {
				t.Errorf("%+v", it)
			}
			if it := b.item(sent.ID); it.FileID != 8 || it.Places != 1 {
				t.Errorf("%+v", it)
			}
		})
	}
}

func TestDeletedCopyIsNotShown(t *testing.T) {
	b := newBench(t)
	b.offer(offer("1", "1/a.pdf", "A"))
	b.now = b.now.Add(time.Minute)
	b.offer(offer("1", "1/copy.pdf", "A"))
	b.gone("1/copy.pdf")
	if it := b.at("1/a.pdf"); it.Rel != "1/a.pdf" || it.State != Waiting {
		t.Fatalf("%+v", it)
	}
	b.gone("1/a.pdf", "1/never-there.pdf")
	if len(b.picture()) != 1 || b.counts().Items[Withdrawn] != 1 {
		t.Fatalf("%+v", b.picture())
	}
	if _, _, err := b.ItemAt("/scans", "1/a.pdf"); !errors.Is(err, ErrNoItem) {
		t.Fatal(err)
	}
}

func TestEditLeavesTheOldItem(t *testing.T) {
	b := newBench(t)
	for _, f := range from {
		b.offer(offer(f.name, f.name, f.name))
		f.enter(b, f.name, f.name)
		if f.state == Withdrawn {
			b.offer(offer(f.name, f.name, f.name))
		}
		old := b.at(f.name)
		b.offer(offer(f.name, f.name, f.name+", edited"))
		left := b.item(old.ID)
		want, reason := old.State, old.Reason
		if old.State == Waiting || old.State == Skipped || old.State == Held && old.Reason != Uncertain {
			want = Withdrawn
		}
		if left.State != want || left.Reason != reason || left.Places != 0 {
			t.Errorf("%s: the old content is %s %s with %d places", f.name, left.State, left.Reason, left.Places)
		}
		if f.reason == UnknownPerson {
			b.is(f.name, Held, UnknownPerson)
		} else {
			b.is(f.name, Waiting, "")
		}
		// The edit is undone: what was decided of the old content still holds.
		b.offer(offer(f.name, f.name, f.name))
		switch {
		case f.reason == NameMismatch, // it has a new place, perhaps in a renamed folder
			f.state == Skipped: // it is the baseline's no more
			b.is(f.name, Waiting, "")
		default:
			b.is(f.name, old.State, old.Reason)
		}
	}
}

// awkward names, each a folder and a file beside its likes.
var awkward = []string{"a", "a b", "ab", "a\x01", "a\x02", "a\x01b", "a\x02\x11", "\x01", "\x02", "\x10", "a\xff", "\xfe\xff", "é", "a.pdf", " ", "..."}

func TestGoneBelow(t *testing.T) {
	t.Parallel()
	for _, gone := range append(slices.Clone(awkward), "", "none") {
		b := newBench(t)
		b.large = true
		var batch []Offer
		for _, name := range awkward {
			for _, rel := range []string{name, name + "/" + name, name + "/sub/" + name, "sub/" + name + "/x"} {
				batch = append(batch, offer("1", rel, rel))
			}
		}
		other := offer("1", gone+"/x", "elsewhere")
		other.Root = "/scans2"
		b.offer(append(batch, other)...)
		b.must(b.GoneBelow("/scans", gone))
		b.must(b.GoneBelow("/nowhere", gone))
		b.recount()
		for _, o := range batch {
			below := gone == "" || len(o.Rel) > len(gone) && o.Rel[:len(gone)+1] == gone+"/"
			_, _, err := b.ItemAt("/scans", o.Rel)
			if below != errors.Is(err, ErrNoItem) || !below && err != nil {
				t.Errorf("gone below %q: %q: %v", gone, o.Rel, err)
			}
		}
		if _, _, err := b.ItemAt("/scans2", gone+"/x"); err != nil {
			t.Error(err)
		}
		b.close()
	}
}

func TestPlacesFilesKnown(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.large = true
	if n, folders, err := b.Places("/scans", ""); n != 0 || folders != nil || err != nil {
		t.Fatal("an unknown root has places:", n, folders, err)
	}
	awkward := slices.Sorted(slices.Values(awkward)) // its own: other tests run beside it
	for _, dir := range append([]string{""}, awkward...) {
		for _, name := range awkward {
			o := offer("1", name+"/deep/er/x", "deep")
			if dir != "" {
				o = offer("1", dir+"/"+name, dir+name)
			}
			o.Racy = name == "a"
			b.offer(o)
		}
	}
	_, folders, err := b.Places("/scans", "")
	b.must(err)
	if slices.Sort(folders); !slices.Equal(folders, awkward) {
		t.Fatalf("folders %q, want %q", folders, awkward)
	}
	for _, dir := range awkward {
		n, folders, err := b.Places("/scans", dir)
		b.must(err)
		names, err := b.Files("/scans", dir)
		b.must(err)
		if n != len(awkward) || !slices.Equal(names, awkward) || !slices.Equal(folders, []string{"deep"}) {
			t.Errorf("in %q: %d files %q, folders %q", dir, n, names, folders)
		}
		known, err := b.Known("/scans", dir, append([]string{"none", "deep", ""}, awkward...))
		b.must(err)
		for i, k := range known {
			if k.Found != (i > 2) {
				t.Errorf("%d in %q: %+v", i, dir, k)
			}
			if k.Found && (k.Item != b.at(dir+"/"+awkward[i-3]).ID || k.Look.Inode != 7 || k.Racy != (awkward[i-3] == "a")) {
				t.Errorf("%q in %q: %+v", awkward[i-3], dir, k)
			}
		}
	}
}

func TestNewestPlaces(t *testing.T) {
	b := newBench(t)
	for _, name := range []string{"m", "a", "z", "c"} {
		b.offer(offer("1", name, "same"))
		b.now = b.now.Add(time.Second)
	}
	places, err := b.PlacesOf(b.at("a").ID, 3)
	b.must(err)
	var rels []string
	for _, p := range places {
		rels = append(rels, p.Rel)
	}
	if !slices.Equal(rels, []string{"c", "z", "a"}) {
		t.Fatal(rels)
	}
}
