package store

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
)

// holding names the files of the store in which one of the words is.
func (b *bench) holding(words ...string) (found []string) {
	b.t.Helper()
	entries, err := os.ReadDir(b.dir)
	b.must(err)
	for _, e := range entries {
		raw, err := os.ReadFile(b.file(e.Name()))
		b.must(err)
		for _, w := range words {
			if bytes.Contains(raw, []byte(w)) {
				found = append(found, e.Name()+": "+w)
			}
		}
	}
	return found
}

// traces is what must not be found of person qx4711 once they are forgotten.
func traces() []string {
	lease := offer("", "", "lease").SHA256
	return []string{"qx4711", "Zonneveld", "lease.pdf", "letter", "trace-77", "Bloxs said so", lease.String(), string(lease[:])}
}

func ofZonneveld(root, _, rel string) bool {
	return root == "/scans" && strings.HasPrefix(rel, "qx4711")
}

// remembers fills a store with a person and with others.
func remembers(b *bench) {
	b.t.Helper()
	_, err := b.TakeBaseline("/scans", func(add func([]BaselineFile) error) error {
		return add([]BaselineFile{
			{"qx4711 - Zonneveld/skipped.pdf", Look{Size: 3, ModTime: 1, Inode: 4}}, {"qx4711 - Zonneveld/skipped letter.pdf", Look{Size: 3, ModTime: 1, Inode: 5}}, {"3/c", Look{Size: 3, ModTime: 1, Inode: 6}},
		})
	})
	b.must(err)
	_, err = b.Skip("/scans", []Found{{Rel: "qx4711 - Zonneveld/skipped.pdf", Look: Look{Size: 3, ModTime: 1, Inode: 4}, Person: person("qx4711"), Folder: "Zonneveld"}})
	b.must(err)
	b.offer(offer("qx4711", "qx4711 - Zonneveld/lease.pdf", "lease"), offer("qx4711", "qx4711 - Zonneveld/letter.pdf", "letter"),
		offer("qx4711", "qx4711 - Zonneveld/letter never sent.pdf", "another letter"), offer("1", "1/a", "a"), offer("2", "2/b", "b"))
	b.must(b.PersonFound(person("qx4711"), []string{"Q. Zonneveld"}))
	_, err = b.Confirm(person("qx4711"), "Zonneveld-Smit")
	b.must(err)
	it := b.openGate("qx4711 - Zonneveld/letter.pdf")
	b.must(b.NobodyKnows(it.ID, false, Try{Counts: true, Detail: "Bloxs said so", TraceID: "trace-77"}))
	b.must(b.Resolve(it.ID, true, 8))
	b.send("qx4711 - Zonneveld/lease.pdf", 7)
	b.send("1/a", 9)
	b.must(b.GoneBelow("/scans", "qx4711 - Zonneveld"))
}

// sentBefore checks that the sent files of the person would not be sent again.
func sentBefore(b *bench) {
	b.t.Helper()
	b.offer(offer("qx4711", "qx4711 - Zonneveld/again.pdf", "lease"), offer("qx4711", "qx4711 - Zonneveld/letter.pdf", "letter"))
	b.is("qx4711 - Zonneveld/again.pdf", Sent, "")
	b.is("qx4711 - Zonneveld/letter.pdf", Sent, "")
	if it := b.at("qx4711 - Zonneveld/again.pdf"); it.FileID != 7 || it.Person.ID != "qx4711" || it.Size != 5 || it.SentAt.IsZero() {
		b.t.Errorf("%+v", it)
	}
}

func TestForget(t *testing.T) {
	b := newBench(t)
	remembers(b)
	b.must(b.Doubt("a test", 0, 0))
	before := b.Position()
	if kept, err := b.Forget("qx4711", ofZonneveld); err != nil || kept != 2 {
		t.Fatalf("%d kept, %v", kept, err)
	}
	if b.Position() <= before {
		t.Errorf("position %d after %d", b.Position(), before)
	}
	if found := b.holding(traces()...); found != nil {
		t.Errorf("found %q", found)
	}
	if said := b.holding(`"op":"forgotten","item":"`); len(said) != 1 {
		t.Errorf("the journal doesn't say what it has forgotten: %q", said)
	}
	if p, err := b.Person(person("qx4711")); err != nil || p.State != NotLookedUp || p.Names != nil || p.Confirmed != nil {
		t.Errorf("%+v %v", p, err)
	}
	if kept, err := b.Forget("qx4711", ofZonneveld); err != nil || kept != 0 {
		t.Errorf("once more: %d kept, %v", kept, err)
	}
	b.is("1/a", Sent, "")
	b.is("2/b", Waiting, "")
	skips, err := b.Skip("/scans", []Found{{Rel: "3/c", Look: Look{Size: 3, ModTime: 1, Inode: 6}, Person: person("3")}})
	b.must(err)
	if !skips[0] {
		t.Error("others' files are skipped no more")
	}
	b.send("2/b", 10) // the store goes on

	b.kill() // and may be rebuilt from what the journal says now
	b.must(os.Remove(b.file(ledgerName)))
	b.open()
	sentBefore(b)
	b.must(b.GoneBelow("/scans", "qx4711 - Zonneveld"))
	b.offer(offer("qx4711", "qx4711 - Zonneveld/new.pdf", "new"))
	b.send("qx4711 - Zonneveld/new.pdf", 11)
	b.gone("qx4711 - Zonneveld/new.pdf")
	b.reopen()
	if kept, err := b.Forget("qx4711", ofZonneveld); err != nil || kept != 3 {
		t.Fatalf("%d kept, %v", kept, err)
	}
	if found := b.holding(traces()...); found != nil {
		t.Errorf("found %q", found)
	}
	if runtime.GOOS == "windows" {
		return // nobody can remove a file there that is open
	}
	b.must(os.Remove(b.file(journalName)))
	b.must(b.reopenDamaged())
	sentBefore(b)
}

// reopenDamaged is for a store whose files were changed while it was open.
func (b *bench) reopenDamaged() error {
	_ = b.Close()
	b.Store = nil
	return b.tryOpen()
}

// Ledger and journal have changed both or neither, wherever a kill comes.
func TestForgetKilled(t *testing.T) {
	for _, c := range []struct {
		name      string
		forgotten bool
		steps     func(b *bench)
	}{
		{"the next journal is written", false, func(b *bench) {
			_, _, err := b.writeForgotten("qx4711", ofZonneveld)
			b.must(err)
		}},
		{"the ledger is committed", true, func(b *bench) {
			_, _, err := b.writeForgotten("qx4711", ofZonneveld)
			b.must(errors.Join(err, b.commitNext()))
		}},
		{"the journal has taken its place", true, func(b *bench) {
			_, end, err := b.writeForgotten("qx4711", ofZonneveld)
			b.must(errors.Join(err, b.commitNext(), b.switchJournal(end)))
		}},
		{"the ledger is being swept", true, func(b *bench) {
			_, end, err := b.writeForgotten("qx4711", ofZonneveld)
			b.must(errors.Join(err, b.commitNext(), b.switchJournal(end)))
			raw, err := os.ReadFile(b.file(ledgerName))
			b.must(errors.Join(err, os.WriteFile(b.file(ledgerName+".new"), raw[:len(raw)/2], 0o600)))
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := newBench(t)
			remembers(b)
			b.reopen()
			b.large = true // a recount can't look into what is half done
			func() {
				b.mu.Lock()
				defer b.mu.Unlock()
				c.steps(b)
			}()
			b.kill()
			b.large = false
			b.open()
			found := b.holding(traces()...)
			if (found == nil) != c.forgotten {
				t.Errorf("found %q", found)
			}
			if left, err := filepath.Glob(b.file("*.n*")); err != nil || left != nil {
				t.Errorf("left behind: %q, %v", left, err)
			}
			sentBefore(b)
			b.is("1/a", Sent, "")
		})
	}
}

func TestForgetRefuses(t *testing.T) {
	b := newBench(t)
	_, err := b.TakeBaseline("/other", func(func([]BaselineFile) error) error {
		if _, err := b.Forget("qx4711", ofZonneveld); !errors.Is(err, ErrTaking) {
			t.Errorf("amid a baseline: %v", err)
		}
		return nil
	})
	b.must(err)
	refused := func(total int) {
		t.Helper()
		_, err := b.Forget("qx4711", ofZonneveld)
		var inUse *InUseError
		if !errors.As(err, &inUse) || inUse.Total != total || len(inUse.Items) != total {
			t.Errorf("%v, want %d in use", err, total)
		}
		if left, _ := filepath.Glob(b.file(nextName + "*")); left != nil {
			t.Errorf("left behind: %q", left)
		}
	}
	b.offer(offer("qx4711", "qx4711/a", "a"), offer("qx4711", "qx4711/b", "b"), offer("qx4711", "qx4711/c", "c"), offer("47", "47/a", "a"))
	refused(3)
	b.send("qx4711/a", 1)
	refused(3) // its file is still there
	b.gone("qx4711/a", "qx4711/b")
	refused(1)
	it := b.openGate("qx4711/c")
	b.gone("qx4711/c")
	refused(1) // on its way
	b.must(b.NobodyKnows(it.ID, false, Try{}))
	refused(1)
	b.must(b.Resolve(it.ID, true, 0))
	b.must(b.AfterUpload("/scans", true))
	b.offer(offer("qx4711", "qx4711/a", "a"))
	notes := b.noted(Note{To: "_sent/qx4711/a"})
	b.gone("qx4711/a")
	refused(1) // it is just being moved, and its note has its path
	b.must(b.EndNotes(notes, true))
	if kept, err := b.Forget("qx4711", ofZonneveld); err != nil || kept != 2 {
		t.Errorf("%d kept, %v", kept, err)
	}
	b.is("47/a", Waiting, "")
}

// An item that was sent under a former home of its root is known again too.
func TestForgottenUnderFormerHome(t *testing.T) {
	b := newBench(t)
	was := Home{"https://test.bloxs.io", "persons", "reference", "{reference}"}
	is := Home{"https://test.bloxs.io", "organisations", "reference", "{reference}"}
	nobody := func(string) (string, bool) { return "", false }
	b.must(b.SetHome("/scans", was, nobody))
	b.offer(offer("qx4711", "qx4711/a", "a"))
	b.send("qx4711/a", 5)
	b.must(b.Adopt("/scans", is, []string{"/scans"}))
	b.gone("qx4711/a")
	if kept, err := b.Forget("qx4711", ofZonneveld); err != nil || kept != 1 {
		t.Fatalf("%d kept, %v", kept, err)
	}
	o := offer("qx4711", "qx4711/a", "a")
	o.Person.Relation = "organisations"
	b.offer(o)
	if it := b.at("qx4711/a"); it.State != Sent || it.FileID != 5 || it.Person.Relation != "persons" {
		t.Errorf("%+v", it)
	}
	b.close()
	b.must(deepCheck(t.Context(), b.file(ledgerName)))
	b.open()
	if strings.Contains(strings.Join(b.holding("qx4711"), ""), journalName) {
		t.Error("the journal has the person again, though nothing was sent")
	}
}

// What can't be written, as on a full disk, leaves everything as it was; what
// can't be swept is swept by the next start.
func TestForgetCantWrite(t *testing.T) {
	b := newBench(t)
	remembers(b)
	inTheWay := func(name string) {
		t.Helper()
		b.must(os.MkdirAll(filepath.Join(b.file(name), "x"), 0o700))
	}
	inTheWay(nextName)
	if _, err := b.Forget("qx4711", ofZonneveld); err == nil {
		t.Fatal("forgotten, with no place for the journal")
	}
	b.must(os.RemoveAll(b.file(nextName)))
	b.send("2/b", 10)
	if b.holding("Zonneveld") == nil {
		t.Error("forgotten by half")
	}
	inTheWay(ledgerName + Leftover)
	kept, err := b.Forget("qx4711", ofZonneveld)
	if kept != 2 || err == nil || !strings.Contains(err.Error(), "the next start clears them") {
		t.Fatalf("%d kept, %v", kept, err)
	}
	b.offer(offer("2", "2/c", "c"))
	b.send("2/c", 11)
	b.must(os.RemoveAll(b.file(ledgerName + Leftover)))
	b.reopen()
	if found := b.holding(traces()...); found != nil {
		t.Errorf("found %q", found)
	}
	sentBefore(b)
}
