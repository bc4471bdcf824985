package store

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"bloxdrop/internal/testfs"
)

// part is a place of the structure of a file: a field, a key, a value, a line's end.
type part struct {
	name     string
	from, to int
}

// ledgerParts are the fields of every page of a bbolt file, and the first, middle
// and last elements of each with their keys and values.
func ledgerParts(b []byte) (parts []part) {
	const page = 4096
	add := func(id int, name string, at, size int) {
		if at >= 0 && size > 0 && at+size <= len(b) {
			parts = append(parts, part{fmt.Sprintf("page %d: %s", id, name), at, at + size})
		}
	}
	for at := 0; at+page <= len(b); at += page {
		id := at / page
		flags, count := binary.NativeEndian.Uint16(b[at+8:]), int(binary.NativeEndian.Uint16(b[at+10:]))
		add(id, "id", at, 8)
		add(id, "flags", at+8, 2)
		add(id, "count", at+10, 2)
		add(id, "overflow", at+12, 4)
		head := at + pageHead
		switch {
		case flags == 0x04: // meta
			for i, f := range []string{"magic", "version", "page size", "flags"} {
				add(id, f, head+4*i, 4)
			}
			for i, f := range []string{"root", "root sequence", "freelist", "pages", "transaction", "checksum"} {
				add(id, f, head+16+8*i, 8)
			}
		case flags == 0x10: // freelist
			add(id, "first free page", head, 8)
			add(id, "last free page", head+8*max(count-1, 0), 8)
		case flags == pageLeaf || flags == 0x01:
			for i := range count {
				n := map[int]string{count - 1: "last", count / 2: "middle", 0: "first"}[i]
				if n == "" {
					continue
				}
				el := head + leafEntry*i
				fields := []string{"flags", "position", "key size", "value size"}
				if flags == 0x01 {
					fields = []string{"position", "key size", "page", "page, its upper half"}
				}
				for j, f := range fields {
					add(id, n+" element's "+f, el+4*j, 4)
				}
				u := func(at int) int { return int(binary.NativeEndian.Uint32(b[at:])) }
				pos, key, value := u(el+4), u(el+8), u(el+12)
				if flags == 0x01 {
					pos, key, value = u(el), u(el+4), 0
				}
				add(id, n+" key", el+pos, key)
				add(id, n+" value", el+pos+key, value)
				add(id, n+" value's checksum", el+pos+key+value-4, min(4, value))
			}
		}
	}
	return parts
}

// journalParts are the fields of every line.
func journalParts(b []byte) (parts []part) {
	at := 0
	for n, line := range bytes.SplitAfter(b, []byte("\n")) {
		add := func(name string, from, to int) {
			parts = append(parts, part{fmt.Sprintf("line %d: %s", n+1, name), at + from, at + to})
		}
		if len(line) == 0 {
			break
		}
		add("first byte", 0, 1)
		add("checksum", len(crcHead), len(crcHead)+8)
		for from := crcLen - 1; from >= 0; { // each member begins behind a comma
			to := bytes.IndexByte(line[from+1:], ',')
			if to < 0 {
				to = len(line) - 2 - from
			}
			name, _, _ := strings.Cut(string(line[from+1:from+1+to]), ":")
			add(name, from+1, from+1+to)
			if next := bytes.IndexByte(line[from+1:], ','); next < 0 {
				break
			} else {
				from += 1 + next
			}
		}
		add("last brace", len(line)-2, len(line)-1)
		add("line end", len(line)-1, len(line))
		at += len(line)
	}
	return parts
}

// harmed is a file in which one part is flipped, zeroed, or where it is cut off.
func harmed(b []byte, how string, p part) []byte {
	b = bytes.Clone(b)
	switch how {
	case "flipped":
		b[(p.from+p.to)/2] ^= 0x10
	case "zeroed":
		clear(b[p.from:p.to])
	case "cut":
		b = b[:p.from]
	}
	return b
}

// survives opens the store as it was broken. It comes up, or refuses and is
// repaired; nothing precious is sent again either way.
func (w *wreck) survives(what string) (refused bool) {
	w.t.Helper()
	before := w.content()
	err := w.tryOpen()
	if errors.Is(err, ErrDamaged) {
		w.Store, refused = nil, true
		if w.content() != before {
			w.t.Errorf("%s: the files were changed", what)
		}
		if _, err := Repair(w.t.Context(), w.options()); err != nil {
			w.t.Fatalf("%s: %v", what, err)
		}
		err = w.tryOpen()
	}
	if err != nil {
		w.t.Fatalf("%s: %v", what, err)
	}
	doubt, err := w.Doubted()
	if err != nil || refused && doubt == nil {
		w.t.Errorf("%s: repaired, and in no doubt: %v", what, err)
	}
	if w.read(func(l ledger) error {
		return (&recounting{l: l, index: map[string]map[string]bool{}, items: map[State]int{}, holds: map[ItemID]int{}, hours: map[int64]int{}}).all()
	}) != nil {
		w.t.Fatalf("%s: it was opened, and is damaged", what)
	}
	w.recount()
	w.rescan()
	for rel, was := range w.was {
		it := w.at(rel)
		if refused && it.State == Waiting {
			continue // what its line said is lost; the doubt keeps it back until a person has looked
		}
		if it.State != Sent && it.State != Sending && !(it.State == Held && it.Reason == Uncertain) {
			w.t.Errorf("%s: %s was %s, and as %s would be sent again", what, rel, was.State, it.State)
		}
		if it.State == Sent && (was.State != Sent || it.FileID != was.FileID) {
			w.t.Errorf("%s: %s was %+v\nis %+v", what, rel, was, it)
		}
	}
	w.close()
	return refused
}

// unsynced tells of what a kill may leave just so: a journal that ends earlier
// than it did, but not before what the ledger has.
func (w *wreck) unsynced(p part) bool { return p.from >= int(w.applied.End) }

// wound damages one part of one of the files.
func (w *wreck) wound(name, how string, p part) (refused bool) {
	w.t.Helper()
	w.broken(map[string][]byte{name: harmed(w.files[name], how, p)})
	return w.survives(fmt.Sprintf("%s, %s: %s", name, p.name, how))
}

// TestDamageEverywhere flips, zeroes and cuts at the places of the structure of
// ledger and journal, after a clean stop and after a kill. BLOXDROP_DAMAGE=1
// takes every place of both, 80 every eightieth of the ledger, and four times as many of the journal.
func TestDamageEverywhere(t *testing.T) {
	every, err := strconv.Atoi(os.Getenv("BLOXDROP_DAMAGE"))
	if err != nil {
		every = 80
	}
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	for _, name := range []string{ledgerName, journalName} {
		for _, clean := range []bool{true, false} {
			stop := map[bool]string{true: "a clean stop", false: "a kill"}[clean]
			t.Run(name+" after "+stop, func(t *testing.T) {
				t.Parallel()
				w := newWreck(t, clean)
				parts, every := ledgerParts(w.files[name]), every
				if name == journalName {
					parts, every = journalParts(w.files[name]), max(every/4, 1)
				}
				rnd, places, runs, refused := rand.New(rand.NewPCG(seed, 1)), 0, 0, 0
				for _, p := range parts {
					if rnd.IntN(every) > 0 {
						continue
					}
					places++
					for _, how := range []string{"flipped", "zeroed", "cut"} {
						if how == "cut" && name == journalName && !clean && w.unsynced(p) {
							continue
						}
						runs++
						if w.wound(name, how, p) {
							refused++
						}
					}
				}
				testfs.Row(t, fmt.Sprintf("| %s damaged after %s, at %d of %d places; paused until `repair`: %d | %d | 0 | 0 | 0 | 0 |", name, stop, places, len(parts), refused, runs))
				if runs == 0 {
					t.Error("nothing was damaged")
				}
			})
		}
	}
}

// FuzzDamage does to any bytes of one of the files what it likes.
func FuzzDamage(f *testing.F) {
	wrecks := map[bool]*wreck{}
	for _, clean := range []bool{true, false} {
		wrecks[clean] = newWreck(f, clean)
		f.Add(clean, true, uint(4096+pageHead+4), uint(4), byte(0))
		f.Add(clean, true, uint(12), uint(2), byte(0xff))
		f.Add(clean, false, uint(100), uint(1), byte(1))
		f.Add(clean, false, uint(300), uint(0), byte(0))
	}
	f.Fuzz(func(t *testing.T, clean, ofLedger bool, at, n uint, flip byte) {
		w := wrecks[clean]
		was := w.bench.t
		w.bench.t = t
		defer func() { w.bench.t = was }()
		name := map[bool]string{true: ledgerName, false: journalName}[ofLedger]
		b := bytes.Clone(w.files[name])
		from := int(at % uint(len(b)))
		to := min(from+int(n%64), len(b))
		switch {
		case from == to && !ofLedger && !clean && w.unsynced(part{from: from}):
			return
		case from == to:
			b = b[:from]
		default:
			for i := from; i < to; i++ {
				b[i] ^= flip
			}
		}
		w.broken(map[string][]byte{name: b})
		w.survives(fmt.Sprintf("%s, %d bytes at %d: %#x", name, to-from, from, flip))
	})
}
