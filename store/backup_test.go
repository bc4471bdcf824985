package store

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

// backUp writes a backup of the open store to a file.
func (b *bench) backUp() (path string, made Backup) {
	b.t.Helper()
	path = filepath.Join(b.t.TempDir(), "backup")
	f, err := os.Create(path)
	b.must(err)
	made, err = b.Backup(f, Backup{MadeBy: "v1", Host: "office"})
	b.must(err)
	b.must(f.Close())
	return path, made
}

func (b *bench) options() Options {
	return Options{Dir: b.dir, Now: func() time.Time { return b.now }, Log: slog.New(slog.DiscardHandler), DeepCheck: deepCheck}
}

// TestBackup while items go out is of one moment, and restores into an empty folder.
func TestBackup(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.large = true
	var all []Offer
	for i := range 400 {
		all = append(all, offer(fmt.Sprint(i%7), fmt.Sprint(i), fmt.Sprint(i)))
	}
	b.offer(all...)
	sent := make([]Item, 400)
	var sending sync.WaitGroup
	begun := make(chan struct{})
	sending.Go(func() {
		for i := range sent {
			if i == 50 {
				close(begun)
			}
			sent[i] = b.send(fmt.Sprint(i), int64(i+1))
		}
	})
	<-begun
	path, made := b.backUp()
	sending.Wait()
	b.close()

	other := &bench{t: t, dir: filepath.Join(t.TempDir(), "other"), now: b.now, large: true}
	opts := b.options()
	opts.Dir = other.dir
	r, err := Restore(t.Context(), opts, path)
	b.must(err)
	if r.Items[Sent] != made.Items[Sent] || made.Items[Sent] < 50 || len(r.Kept) != 0 || r.Lacks != 0 || r.Host != "office" {
		t.Fatalf("%+v", r)
	}
	other.open()
	other.recount()
	if c := other.counts(); c.Items[Sent] != made.Items[Sent] || c.Items[Sent]+c.Items[Sending]+c.Items[Waiting] != 400 {
		t.Fatalf("%+v, and the backup says %+v", c, made)
	}
	for _, it := range sent {
		if is := other.item(it.ID); is.State == Sent && is.FileID != it.FileID {
			t.Fatalf("%+v", is)
		}
	}
	d, err := other.Doubted()
	b.must(err)
	if d == nil || d.Known != made.Position || d.Position <= d.Known || !strings.Contains(d.Cause, "office") {
		t.Fatalf("%+v", d)
	}
	other.close()
	checks := 0
	opts.DeepCheck = func(_ context.Context, _ string) error { checks++; return nil }
	s, err := Open(t.Context(), opts)
	b.must(errors.Join(err, s.Close()))
	if checks > 0 {
		t.Error("a restored store was stopped cleanly, and is checked again all the same")
	}
	if left, _ := filepath.Glob(filepath.Join(other.dir, newFolder)); len(left) > 0 {
		t.Error(left)
	}
}

// TestBackupOfTheLastStep has in it what no commit has written yet.
func TestBackupOfTheLastStep(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.offer(offer("1", "1/a", "a"), offer("1", "1/b", "b"))
	b.send("1/b", 5)
	b.must(b.Hold(b.at("1/a").ID, Rejected, Try{Detail: "too large"}))
	path, made := b.backUp()
	b.close()
	_, err := Restore(t.Context(), b.options(), path)
	b.must(err)
	b.open()
	b.is("1/a", Held, Rejected)
	b.is("1/b", Sent, "")
	if made.Items[Held] != 1 {
		t.Errorf("%+v", made)
	}
}

// TestRestoreOver a store that went on sets it aside, and no position comes twice.
func TestRestoreOver(t *testing.T) {
	t.Parallel()
	for name, harm := range map[string]func(b *bench){
		"sound":          func(*bench) {},
		"ledger damaged": func(b *bench) { b.must(os.Truncate(b.file(ledgerName), 100)) },
		"both damaged": func(b *bench) {
			b.must(errors.Join(os.Truncate(b.file(ledgerName), 100), os.WriteFile(b.file(journalName), []byte("junk\n"), 0o600)))
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t)
			b.offer(offer("1", "1/a", "a"), offer("1", "1/b", "b"))
			b.send("1/a", 5)
			path, made := b.backUp()
			b.send("1/b", 6)
			last := b.Position()
			b.close()
			harm(b)
			r, err := Restore(t.Context(), b.options(), path)
			b.must(err)
			if len(r.Kept) != 2 || (name != "both damaged") != (r.Lacks == last-made.Position) {
				t.Errorf("%+v", r)
			}
			b.open()
			b.is("1/a", Sent, "")
			b.is("1/b", Waiting, "")
			if p := b.Position(); p <= last && name != "both damaged" {
				t.Errorf("the position was %d and is %d", last, p)
			}
			if d, err := b.Doubted(); err != nil || (d.Known == 0) != (name != "both damaged") {
				t.Errorf("files went since the backup, and a marker of then proves that none did: %+v %v", d, err)
			}
		})
	}
}

// TestRestoreTwice, or over a pause, leaves it to a marker to prove that no file has gone since.
func TestRestoreTwice(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.offer(offer("1", "1/a", "a"))
	b.send("1/a", 5)
	path, made := b.backUp()
	b.must(b.PauseByHand(true))
	b.close()
	for range 2 {
		_, err := Restore(t.Context(), b.options(), path)
		b.must(err)
		b.open()
		if d, err := b.Doubted(); err != nil || d.Known != made.Position {
			t.Errorf("%+v %v", d, err)
		}
		b.close()
	}
	b.open()
}

// TestBadBackup: whatever is wrong with it, nothing is touched.
func TestBadBackup(t *testing.T) {
	t.Parallel()
	w := newWreck(t, true)
	w.open()
	path, _ := w.backUp()
	w.close()
	good, err := os.ReadFile(path)
	w.must(err)
	zip, err := gzip.NewReader(bytes.NewReader(good))
	w.must(err)
	plain, err := io.ReadAll(zip)
	w.must(err)
	flipped := func(at int) []byte { // and zipped well
		b := bytes.Clone(plain)
		b[at] ^= 0x40
		var out bytes.Buffer
		zip := gzip.NewWriter(&out)
		_, err := zip.Write(b)
		w.must(errors.Join(err, zip.Close()))
		return out.Bytes()
	}
	before := w.content()
	for what, bad := range map[string][]byte{
		"empty": {}, "a letter": []byte("Dear Sir"), "cut": good[:len(good)/2], "without its end": good[:len(good)-9],

		"flipped in the ledger": flipped(len(plain) - 8192), "flipped in the journal": flipped(bytes.Index(plain, []byte(`"op":"gate`))),
		"flipped in its head": flipped(bytes.Index(plain, []byte(`"made_by"`)) + 3), "a checksum": flipped(bytes.Index(plain, []byte("  "+ledgerName)) - 5),
		"more": append(bytes.Clone(good), "junk"...),
	} {
		w.must(os.WriteFile(path, bad, 0o600))
		if _, err := Restore(t.Context(), w.options(), path); !errors.Is(err, ErrNoBackup) {
			t.Errorf("%s: %v", what, err)
		}
		if w.content() != before {
			t.Fatalf("%s: the store was touched", what)
		}
	}
	w.open()
	if _, err := Restore(t.Context(), w.options(), path); !errors.Is(err, ErrLocked) {
		t.Error(err)
	}
	w.close()
}

// TestRestoreCutShort ends a restore behind each of its steps: the next start
// has the old store, or finishes what was decided.
func TestRestoreCutShort(t *testing.T) {
	t.Parallel()
	const decides = 1
	for step := range 8 {
		t.Run(fmt.Sprint("step ", step), func(t *testing.T) {
			t.Parallel()
			b := newBench(t)
			b.offer(offer("1", "1/a", "a"), offer("1", "1/b", "b"))
			b.send("1/a", 5)
			path, _ := b.backUp()
			b.send("1/b", 6)
			b.close()
			after := b.options()
			after.Dir = filepath.Join(t.TempDir(), "after") // as a whole restore leaves it
			b.must(os.CopyFS(after.Dir, os.DirFS(b.dir)))
			_, err := Restore(t.Context(), after, path)
			b.must(err)
			take := func(name string) { b.must(os.Rename(filepath.Join(b.file(decided), name), b.file(name))) }
			put := func(name string) { b.must(os.Rename(b.file(name), b.file(name)+replaced+"now")) }
			steps := []func(){
				func() { b.must(os.Mkdir(b.file(newFolder), 0o700)) },
				func() { b.must(errors.Join(os.Remove(b.file(newFolder)), os.Rename(after.Dir, b.file(decided)))) },
				func() { b.must(os.Remove(b.file(cleanName))) },
				func() { put(ledgerName) }, func() { take(ledgerName) },
				func() { put(journalName) }, func() { take(journalName) }, func() { take(cleanName) },
			}
			for _, do := range steps[:step+1] {
				do()
			}
			b.open()
			d, err := b.Doubted()
			b.must(err)
			if (d != nil) != (step >= decides) {
				t.Errorf("doubt %+v", d)
			}
			b.offer(offer("1", "1/a", "a"), offer("1", "1/b", "b"))
			b.is("1/a", Sent, "")
			if d == nil {
				b.is("1/b", Sent, "")
			}
			if _, err := os.Stat(b.file(decided)); !errors.Is(err, os.ErrNotExist) {
				t.Errorf("%s is left: %v", decided, err)
			}
		})
	}
}

// TestRepairCutShort: with the old files set aside and the new ones not yet in
// place, nothing but the decided store is left, and that is enough.
func TestRepairCutShort(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.offer(offer("1", "1/a", "a"))
	b.send("1/a", 5)
	b.close()
	b.must(os.Mkdir(b.file(decided), 0o700))
	for _, name := range []string{ledgerName, journalName, cleanName} {
		b.must(os.Rename(b.file(name), filepath.Join(b.file(decided), name)))
	}
	r, err := Repair(t.Context(), b.options())
	b.must(err)
	if !r.Sound {
		t.Errorf("%+v", r)
	}
	b.open()
	b.is("1/a", Sent, "")
}
