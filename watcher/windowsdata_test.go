package watcher

import (
	"encoding/binary"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"unicode/utf16"

	"bloxdrop/store"
)

// padded is one entry: a fixed part, a name behind it, up to a multiple of 8.
func padded(fixed int, name string, nameLengthAt int) []byte {
	b := make([]byte, fixed)
	for _, u := range utf16.Encode([]rune(name)) {
		b = binary.LittleEndian.AppendUint16(b, u)
	}
	binary.LittleEndian.PutUint32(b[nameLengthAt:], uint32(len(b)-fixed))
	for len(b)%8 != 0 {
		b = append(b, 0)
	}
	return b
}

// chained puts entries behind each other.
func chained(entries ...[]byte) (all []byte) {
	for i, e := range entries {
		if i < len(entries)-1 {
			binary.LittleEndian.PutUint32(e, uint32(len(e)))
		}
		all = append(all, e...)
	}
	return all
}

func listingEntry(name string, withID bool) []byte {
	fixed := 68
	if withID {
		fixed = 104
	}
	b := padded(fixed, name, 60)
	le := binary.LittleEndian
	le.PutUint64(b[24:], 116444736000000000+10) // 1 µs after 1970
	le.PutUint64(b[32:], 116444736000000000+20)
	le.PutUint64(b[40:], 5<<32)
	le.PutUint32(b[56:], 0x20)
	if withID {
		le.PutUint64(b[96:], 42)
	}
	return b
}

func TestNextListed(t *testing.T) {
	for _, withID := range []bool{true, false} {
		rest := chained(listingEntry("a", withID), listingEntry("Löwe 🦁.pdf", withID))
		var names []string
		for rest != nil {
			e, r, err := nextListed(rest, withID)
			if err != nil {
				t.Fatal(err)
			}
			names, rest = append(names, string(utf16.Decode(e.name))), r
			want := store.Look{Size: 5 << 32, ModTime: 1000, ChangeTime: 2000}
			if e.file.Volume = 7; withID {
				want.Device, want.Inode = 7, 42
			}
			if got := e.file.Look(); got != want || !e.file.Mode().IsRegular() {
				t.Errorf("got %+v, want %+v", got, want)
			}
		}
		if !slices.Equal(names, []string{"a", "Löwe 🦁.pdf"}) {
			t.Errorf("names %q", names)
		}
	}
}

func change(action uint32, name string) []byte {
	b := padded(12, name, 8)
	binary.LittleEndian.PutUint32(b[4:], action)
	return b
}

func TestChangesMarkTheirFolders(t *testing.T) {
	rest := chained(change(actionAdded, `1 - Jansen\letter.pdf`), change(actionModified, `2`), change(actionRenamedFrom, `3\a`),
		change(actionRenamedTo, `4\b`), change(actionRemoved, `5\sub\c`))
	dirty := newDirtySet()
	for rest != nil {
		action, name, r, ok := nextChange(rest)
		if !ok {
			t.Fatal("cannot be read")
		}
		markChange(dirty, action, strings.ReplaceAll(string(utf16.Decode(name)), `\`, "/"))
		rest = r
	}
	folders, all := dirty.take()
	got := map[string]string{}
	for rel, h := range folders {
		got[rel] = strings.Join(slices.Sorted(maps.Keys(h.names)), ",")
	}
	want := map[string]string{"1 - Jansen": "letter.pdf", "": "", "3": "", "4": "b", "5/sub": ""}
	if all || !maps.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

// Windows tells of a folder, too, when a file in it is added or removed.
func TestAChangedFolderIsNotItsParentsChange(t *testing.T) {
	t.Parallel()
	b := newBench(t, func(o *Options) { o.NoEvents = true })
	b.write("1/f", "f")
	r := b.roots[0]
	r.scan(t.Context(), true)
	asked := func(changes ...string) bool {
		for _, rel := range changes {
			markChange(r.dirty, actionModified, rel)
		}
		before := b.q.counted()
		r.scan(t.Context(), false)
		return b.q.counted() > before
	}
	if asked("1") {
		t.Error("the root was listed for a folder that is known")
	}
	if !asked("1/f") {
		t.Error("a changed file was not looked at")
	}
	b.write("2/g", "g")
	if !asked("1", "2") {
		t.Error("a folder that is not known was not looked for")
	}
	for i := range maxHintNames + 1 {
		markChange(r.dirty, actionModified, fmt.Sprint("1/", i))
	}
	if h := r.dirty.folders["1"]; h.touched != nil || !h.other {
		t.Error("the names have no bound")
	}
}

// FuzzWindowsData: whatever a server gives, reading it ends, and leaves nothing
// but what it gave.
func FuzzWindowsData(f *testing.F) {
	f.Add(chained(listingEntry("a", true), listingEntry("b", true)), true)
	f.Add(chained(listingEntry("a", false), listingEntry("b", false)), false)
	f.Add(chained(change(actionAdded, "a"), change(actionRemoved, "b")), false)
	f.Fuzz(func(t *testing.T, b []byte, withID bool) {
		for rest := b; rest != nil; {
			e, r, err := nextListed(rest, withID)
			if err != nil {
				break
			}
			if 2*len(e.name) > len(rest) || len(r) >= len(rest) {
				t.Fatalf("%d characters and %d bytes from %d bytes", len(e.name), len(r), len(rest))
			}
			rest = r
		}
		for rest := b; rest != nil; {
			_, name, r, ok := nextChange(rest)
			if !ok {
				break
			}
			if 2*len(name) > len(rest) || len(r) >= len(rest) {
				t.Fatalf("%d characters and %d bytes from %d bytes", len(name), len(r), len(rest))
			}
			rest = r
		}
	})
}
