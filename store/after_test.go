package store

import (
	"errors"
	"fmt"
	"slices"
	"testing"
)

// listed are the paths that wait for what follows their upload.
func (b *bench) listed() (rels []string) {
	b.t.Helper()
	for after := ""; ; {
		page, next, err := b.SentPlaces("/scans", after, 2)
		b.must(err)
		for _, p := range page {
			if p.Item.ID != p.Place.Item || !p.Item.HasReceipt() {
				b.t.Fatalf("%+v", p)
			}
			rels = append(rels, p.Place.Rel)
		}
		if after = next; after == "" {
			return rels
		}
	}
}

func (b *bench) lists(want ...string) {
	b.t.Helper()
	if got := b.listed(); !slices.Equal(got, want) {
		b.t.Fatalf("listed are %q, want %q", got, want)
	}
}

func TestSentPlacesAreListed(t *testing.T) {
	b := newBench(t)
	b.offer(offer("1", "1/a", "A"), offer("1", "1/b", "A"), offer("1", "1/c", "C"), offer("2", "2/d", "D"), offer("2", "2/e", "E"))
	b.send("1/a", 11)
	b.lists()
	b.must(b.AfterUpload("/scans", true))
	b.lists("1/a", "1/b")
	b.send("1/c", 12) // a receipt lists all places
	b.offer(offer("1", "1/f", "C"))
	b.lists("1/a", "1/b", "1/c", "1/f")
	b.offer(offer("1", "1/b", "other")) // another content is no sent one
	b.gone("1/c")
	b.lists("1/a", "1/f")

	// A person's word is no receipt, unless it names the file ID.
	for rel, fileID := range map[string]int64{"2/d": 0, "2/e": 13} {
		it := b.openGate(rel)
		b.must(b.NobodyKnows(it.ID, false, Try{}))
		b.must(b.Resolve(it.ID, true, fileID))
	}
	b.lists("1/a", "1/f", "2/e")
	b.kill()
	b.open()
	b.lists("1/a", "1/f", "2/e")
	b.must(b.AfterUpload("/scans", false))
	b.lists()
	b.must(b.AfterUpload("/scans", true))
	b.lists("1/a", "1/f", "2/e")
	if page, _, err := b.SentPlaces("/elsewhere", "", 9); err != nil || len(page) != 0 {
		t.Fatal(page, err)
	}
}

// A root that was "keep" for years may hold any number of files.
func TestSentPlacesAreListedInParts(t *testing.T) {
	b := newBench(t)
	b.large = true
	const files = 2*commitAfter + 7
	for i := range files {
		rel := fmt.Sprintf("1/%05d", i)
		b.offer(offer("1", rel, rel))
		b.send(rel, int64(i+1))
	}
	b.must(b.AfterUpload("/scans", true))
	if n := len(b.listed()); n != files {
		t.Fatalf("%d of %d are listed", n, files)
	}
	b.recount()
	b.must(b.AfterUpload("/scans", false))
	b.lists()
	b.recount()
}

func TestNotes(t *testing.T) {
	b := newBench(t)
	b.must(b.AfterUpload("/scans", true)) // before anything is known of the root
	b.offer(offer("1", "1/a", "A"), offer("1", "1/b", "B"), offer("1", "1/c", "C"))
	b.send("1/a", 11)
	b.send("1/b", 12)
	page, _, err := b.SentPlaces("/scans", "", 9)
	b.must(err)
	waits, place, err := b.ItemAt("/scans", "1/c")
	b.must(err)
	stale := page[0]
	stale.Place.Look.ModTime++
	noted, err := b.NoteDown([]Note{
		{SentPlace: stale, To: "_sent/1/stale"}, // it is not that file any more
		{SentPlace: page[0], To: "_sent/1/a"},
		{SentPlace: page[0], To: "_sent/1/another"},         // there is one already
		{SentPlace: SentPlace{place, waits}, To: "_sent/x"}, // it has no receipt
		{SentPlace: page[1], To: "1/.bloxdrop-b", Delete: true},
	})
	b.must(err)
	if len(noted) != 2 || noted[0].To != "_sent/1/a" || noted[1].To != "1/.bloxdrop-b" {
		t.Fatalf("%+v", noted)
	}
	b.kill()
	b.open()
	notes, err := b.Notes("/scans", 9)
	b.must(err)
	if len(notes) != 2 || notes[0].Place.Rel != "1/a" || notes[0].Item.FileID != 11 || notes[1].Delete != true || notes[1].To != "1/.bloxdrop-b" {
		t.Fatalf("%+v", notes)
	}

	b.must(b.EndNotes(notes[:1], true))
	if _, _, err := b.ItemAt("/scans", "1/a"); !errors.Is(err, ErrNoItem) {
		t.Fatalf("the file has gone, and its place is left: %v", err)
	}
	if it := b.item(page[0].Item.ID); it.State != Sent || it.Places != 0 {
		t.Fatalf("%+v", it)
	}
	// What was offered meanwhile at that path stays.
	other := offer("1", "1/b", "B")
	other.Look.ModTime = 9
	b.offer(other)
	b.must(b.EndNotes(notes[1:], true))
	b.is("1/b", Sent, "")
	b.lists("1/b")
	if notes, err = b.Notes("/scans", 9); err != nil || len(notes) != 0 {
		t.Fatal(notes, err)
	}
	b.reopen()
}

// Damage in either bucket is found by the deep check.
func TestDeepCheckOfWhatFollows(t *testing.T) {
	for name, damage := range map[string]func(l ledger, key []byte) error{
		"an entry too few":  func(l ledger, key []byte) error { return l.bucket(bucketSentPlaces).Delete(key) },
		"an entry too many": func(l ledger, key []byte) error { return l.bucket(bucketSentPlaces).Put(append(key, 'x'), []byte{1}) },
		"a note's key": func(l ledger, key []byte) error {
			return l.bucket(bucketNotes).Put(append(key, 'x'), l.bucket(bucketNotes).Get(key))
		},
	} {
		t.Run(name, func(t *testing.T) {
			b := newBench(t)
			b.must(b.AfterUpload("/scans", true))
			b.offer(offer("1", "1/a", "A"))
			b.send("1/a", 11)
			b.noted(Note{To: "_sent/1/a"})
			b.large = true
			b.must(b.writeThrough(func(l ledger) error { return verify(l.tx, *l.m) }))
			b.must(b.writeThrough(func(l ledger) error { return damage(l, placeKey(1, "1/a")) }))
			b.must(b.read(func(l ledger) error {
				if err := verify(l.tx, *l.m); !errors.Is(err, errRecord) {
					t.Errorf("the deep check says %v", err)
				}
				return nil
			}))
			b.kill()
		})
	}
}
