package store

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"runtime"
	"testing"
	"time"

	bolt "go.etcd.io/bbolt"

	"bloxdrop/internal/testfs"
)

// alter changes the ledger of a store that is not open.
func (b *bench) alter(fn func(tx *bolt.Tx) error) {
	b.t.Helper()
	db, err := openLedger(b.file(ledgerName))
	b.must(err)
	b.must(errors.Join(db.Update(fn), db.Close()))
}

func TestNewerLedger(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(tx *bolt.Tx) error{
		"other buckets": func(tx *bolt.Tx) error { return tx.DeleteBucket(bucketOrder) },
		"other records": func(tx *bolt.Tx) error { return tx.Bucket(bucketItems).Put([]byte("new"), []byte("shape")) },
	} {
		w := newWreck(t, true)
		w.alter(func(tx *bolt.Tx) error {
			m, err := metaOf(tx)
			m.Schema = schemaVersion + 1
			return errors.Join(err, ledger{tx: tx, m: &m}.saveMeta(), change(tx))
		})
		w.refuses(name, ErrNewer)
	}
}

func TestLockedStore(t *testing.T) {
	b := newBench(t)
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	if _, err := Open(ctx, b.opts); !errors.Is(err, ErrLocked) {
		t.Fatal(err)
	}
	b.offer(offer("1", "1/a", "a")) // the first is none the worse
}

// TestLockedLedger: one that another holds open is not taken for damaged.
func TestLockedLedger(t *testing.T) {
	t.Parallel()
	w := newWreck(t, true)
	db, err := openLedger(w.file(ledgerName))
	w.must(err)
	want := ErrLocked
	if runtime.GOOS == "windows" {
		want = errUnchecked // bbolt's open touches the file there, so that it looks changed
	}
	w.refuses("held open", want)
	w.must(db.Close())
	w.keepsItsPromises("let go")
}

func TestFirstStart(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "var", "lib")
	if Exists(dir) {
		t.Fatal("there is nothing yet")
	}
	b := &bench{t: t, dir: dir}
	b.open()
	first := b.ID()
	if b.reopen(); b.ID() != first || first == "" || !Exists(dir) {
		t.Fatalf("%q, then %q", first, b.ID())
	}
	b.close()
	// Both lost, but something tells that there was a store: it does not begin anew in silence.
	for name, harm := range map[string]func(string) error{
		"emptied": func(path string) error { return os.Truncate(path, 0) },
		"removed": os.Remove,
	} {
		b.must(errors.Join(harm(b.file(ledgerName)), harm(b.file(journalName))))
		if err := b.tryOpen(); !errors.Is(err, ErrDamaged) {
			t.Fatalf("%s: %v", name, err)
		}
		b.must(os.WriteFile(b.file(ledgerName), nil, 0o600))
		b.must(os.WriteFile(b.file(journalName), nil, 0o600))
	}
	b.Store = nil
}

// TestKilledAtBirth: the journal is there, the ledger not yet.
func TestKilledAtBirth(t *testing.T) {
	b := newBench(t)
	id := b.ID()
	b.kill()
	b.must(os.Remove(b.file(ledgerName)))
	b.must(os.WriteFile(b.file(ledgerName+".new"), []byte("half"), 0o600))
	if b.open(); b.ID() != id {
		t.Fatalf("%q, then %q", id, b.ID())
	}
}

// TestCleanStartNeedsNoCheck, and any other start has one.
func TestCleanStartNeedsNoCheck(t *testing.T) {
	b := newBench(t)
	opts := b.opts
	checks := 0
	opts.DeepCheck = func(context.Context, string) error { checks++; return nil }
	b.close()
	restart := func(want int) {
		t.Helper()
		s, err := Open(t.Context(), opts)
		b.must(err)
		b.Store = s
		if checks != want {
			t.Fatalf("%d deep checks, want %d", checks, want)
		}
	}
	restart(0)
	b.close()
	restart(0)
	b.kill()
	restart(1)
	b.close()
	b.must(os.Chtimes(b.file(ledgerName), time.Time{}, time.Unix(1, 0)))
	restart(2)
}

// TestAFileThatCannotBeOpened is no damage: nothing is set aside or made anew.
func TestAFileThatCannotBeOpened(t *testing.T) {
	for _, name := range []string{ledgerName, journalName} {
		for _, clean := range []bool{true, false} {
			b := newBench(t)
			b.offer(offer("1", "1/a", "a"))
			b.send("1/a", 7)
			if b.close(); !clean {
				b.must(os.Remove(b.file(cleanName)))
			}
			b.must(os.Rename(b.file(name), b.file("away")))
			testfs.Link(t, name, b.file(name)) // leads to itself, for anybody
			if err := b.tryOpen(); !errors.Is(err, errUnchecked) {
				t.Errorf("%s, stopped cleanly %v: %v", name, clean, err)
			}
			b.must(os.Remove(b.file(name)))
			b.must(os.Rename(b.file("away"), b.file(name)))
			b.open()
			b.is("1/a", Sent, "")
		}
	}
}

// TestDamageMetWhileRunning: all writing ends, and the next start mends it.
func TestDamageMetWhileRunning(t *testing.T) {
	b := newBench(t)
	b.offer(offer("1", "1/a", "a"), offer("1", "1/b", "b"))
	b.send("1/a", 5)
	a, other := b.at("1/a").ID, b.at("1/b").ID
	b.close()
	b.alter(func(tx *bolt.Tx) error {
		v := tx.Bucket(bucketItems).Get(itemKey(a))
		v = append([]byte(nil), v...)
		v[len(v)/2] ^= 1
		return tx.Bucket(bucketItems).Put(itemKey(a), v)
	})
	opts := Options{Dir: b.dir, Now: func() time.Time { return b.now }, Log: slog.New(slog.DiscardHandler), DeepCheck: func(context.Context, string) error { return nil }}
	s, err := Open(t.Context(), opts)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.OpenGate(other, Place{Root: "/scans", Rel: "1/b"}); err != nil {
		t.Fatal("nothing was met yet:", err)
	}
	if _, err := s.Item(a); !errors.Is(err, ErrDamaged) {
		t.Fatal(err)
	}
	for _, err := range []error{s.Receipt(other, 6), s.Offer(nil), s.OpenGate(other, Place{})} {
		if !errors.Is(err, ErrDamaged) {
			t.Fatal(err)
		}
	}
	if err := s.Close(); !errors.Is(err, ErrDamaged) {
		t.Fatal(err)
	}
	b.open()
	b.offer(offer("1", "1/a", "a"), offer("1", "1/b", "b"))
	b.is("1/a", Sent, "")
	b.is("1/b", Sending, "")
}

// TestNewerJournal: a step that this version doesn't know is no damage, and
// nothing is rebuilt without it.
func TestNewerJournal(t *testing.T) {
	t.Parallel()
	for _, clean := range []bool{true, false} {
		w := newWreck(t, clean)
		whole := w.files[journalName]
		news, err := encodeLine(line{Seq: uint64(bytes.Count(whole, []byte("\n"))) + 1, Op: "teleported"})
		w.must(err)
		longer := append(bytes.Clone(whole), news...)
		for what, broken := range map[string]map[string][]byte{
			"beside its ledger": {journalName: longer},
			"without a ledger":  {journalName: longer, ledgerName: nil},
			"damaged before":    {journalName: damagedLine(longer, 3)},
		} {
			w.broken(broken)
			w.refuses(what, ErrNewer)
		}
	}
}

// TestPositionOnlyGrows, whatever is written anew.
func TestPositionOnlyGrows(t *testing.T) {
	t.Parallel()
	w := newWreck(t, true)
	last := uint64(0)
	grown := func(what string, least uint64) {
		t.Helper()
		w.open()
		now := w.Position()
		if now < last+least {
			t.Errorf("%s: the position was %d and is %d", what, last, now)
		}
		last = now
		w.close()
	}
	grown("as left", 1)
	for range 3 {
		w.must(os.Remove(w.file(journalName)))
		grown("journal written anew", 1)
		w.must(os.Remove(w.file(ledgerName)))
		grown("ledger rebuilt", 0)
	}
	w.open()
	w.offer(offer("1", "1/new", "new"))
	w.send("1/new", 5)
	w.kill()
	last += 2
	w.must(os.WriteFile(w.file(journalName), damagedLine(w.journalNow(), 2), 0o600))
	grown("a line damaged after a kill", 1)
}

func (w *wreck) journalNow() []byte {
	b, err := os.ReadFile(w.file(journalName))
	w.must(err)
	return b
}
