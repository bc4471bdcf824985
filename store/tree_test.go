package store

import (
	"bytes"
	"encoding/binary"
	"errors"
	"os"
	"strings"
	"testing"

	bolt "go.etcd.io/bbolt"
)

const testPage = 4096

// pages are where a ledger has some that are in use, as bbolt finds them.
type pages struct{ root, branch, leaf, free, inline int }

func pagesOf(t *testing.T, path string) (p pages) {
	t.Helper()
	db, err := bolt.Open(path, 0o600, &bolt.Options{ReadOnly: true, PreLoadFreelist: true})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	err = db.View(func(tx *bolt.Tx) error {
		p.root = testPage * int(tx.Cursor().Bucket().Root())
		for id := range int(tx.Size()) / testPage {
			info, err := tx.Page(id)
			if err != nil {
				return err
			}
			switch {
			case info.Type == "branch":
				p.branch = testPage * id
			case info.Type == "freelist":
				p.free = testPage * id
			case info.Type == "leaf" && testPage*id != p.root && info.Count > 1:
				p.leaf = testPage * id
			}
		}
		return nil
	})
	b, err2 := os.ReadFile(path)
	if err := errors.Join(err, err2); err != nil {
		t.Fatal(err)
	}
	// A bucket of the root that stands in its page: its root page is 0.
	for i := range int(binary.NativeEndian.Uint16(b[p.root+10:])) {
		el := p.root + pageHead + leafEntry*i
		value := el + int(binary.NativeEndian.Uint32(b[el+4:])) + int(binary.NativeEndian.Uint32(b[el+8:]))
		if binary.NativeEndian.Uint64(b[value:]) == 0 && binary.NativeEndian.Uint16(b[value+bucketHead+10:]) > 0 {
			p.inline = value + bucketHead
		}
	}
	if p.root == 0 || p.branch == 0 || p.leaf == 0 || p.free == 0 || p.inline == 0 {
		t.Fatalf("the ledger is too simple: %+v", p)
	}
	return p
}

// TestPagesThatLeadBboltAstray: on most of them bbolt's own check goes round for
// ever or takes all memory, so they are looked for before it is asked.
func TestPagesThatLeadBboltAstray(t *testing.T) {
	t.Parallel()
	w := newWreck(t, true)
	path := w.file(ledgerName)
	whole, p := w.files[ledgerName], pagesOf(t, path)
	u16, u32, u64 := binary.NativeEndian.PutUint16, binary.NativeEndian.PutUint32, binary.NativeEndian.PutUint64
	child := p.branch + pageHead + 8 // of its first element
	for what, damage := range map[string]struct {
		do   func(b []byte)
		says string
	}{
		"nothing":                         {func([]byte) {}, ""},
		"a branch that leads to itself":   {func(b []byte) { u64(b[child:], uint64(p.branch/testPage)) }, "has a place already"},
		"a branch that leads to the root": {func(b []byte) { u64(b[child:], uint64(p.root/testPage)) }, "has a place already"},
		"a branch that leads out":         {func(b []byte) { u64(b[child:], 1<<40) }, "is none of"},
		"a branch without elements":       {func(b []byte) { u16(b[p.branch+10:], 0) }, "leads nowhere"},
		"a leaf of another number":        {func(b []byte) { u64(b[p.leaf:], 1) }, "it says that it is page 1"},
		"a leaf that claims the file": {func(b []byte) {
			u32(b[p.leaf+12:], 1<<31)
			u64(b[p.free+pageHead:], uint64(p.leaf/testPage)) // of a free page bbolt tells nothing
		}, "place already|is none of"},
		"a leaf that is a free page": {func(b []byte) { u64(b[p.free+pageHead:], uint64(p.leaf/testPage)) }, "has a place already"},
		"a bucket in its place that is a branch": {func(b []byte) {
			u16(b[p.inline+8:], pageBranch)
			u64(b[p.inline+pageHead+8:], 0)
		}, "a bucket is no leaf"},
		"the first page is free": {func(b []byte) { u64(b[p.free+pageHead:], 0) }, "page 0 is none of"},
		"billions of free pages": {func(b []byte) {
			u16(b[p.free+10:], manyFree)
			u64(b[p.free+pageHead:], 1<<33)
		}, "claims 8589934592 pages"},
		"the list of free pages is a leaf": {func(b []byte) { u16(b[p.free+8:], pageLeaf) }, "of kind 0x2"},
		"both first pages":                 {func(b []byte) { clear(b[pageHead:100]); clear(b[testPage+pageHead : testPage+100]) }, "neither"},
	} {
		b := bytes.Clone(whole)
		damage.do(b)
		err := checkTree(bytes.NewReader(b), int64(len(b)), testPage)
		if damage.says == "" && err != nil {
			t.Errorf("%s: %v", what, err)
		} else if damage.says != "" && (err == nil || !anyOf(err.Error(), damage.says)) {
			t.Errorf("%s: %v, want %q", what, err, damage.says)
		}
	}
}

func anyOf(s, of string) bool {
	for _, part := range strings.Split(of, "|") {
		if strings.Contains(s, part) {
			return true
		}
	}
	return false
}

// TestCheckLooksAtPagesFirst: bbolt's own check finds nothing in a ledger that
// lists one of its first two pages as free, and a later step writes over it.
func TestCheckLooksAtPagesFirst(t *testing.T) {
	t.Parallel()
	w := newWreck(t, true)
	b, p := bytes.Clone(w.files[ledgerName]), pagesOf(t, w.file(ledgerName))
	n := binary.NativeEndian.Uint16(b[p.free+10:])
	binary.NativeEndian.PutUint16(b[p.free+10:], n+1)
	binary.NativeEndian.PutUint64(b[p.free+pageHead+8*int(n):], 1)
	w.broken(map[string][]byte{ledgerName: b})
	if err := deepCheck(t.Context(), w.file(ledgerName)); !errors.Is(err, ErrDamaged) || !strings.Contains(err.Error(), "page 1 is none of") {
		t.Fatal(err)
	}
	w.keepsItsPromises("its second page is free")
}
