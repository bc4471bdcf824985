package store

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"testing"
	"time"

	bolt "go.etcd.io/bbolt"
)

// kept is a store as a former version left it, see testdata.
func kept(t *testing.T, name string, clean bool) *wreck {
	t.Helper()
	if runtime.GOOS == "windows" {
		t.Skip("the kept stores were written on Linux, where paths keep their case")
	}
	w := &wreck{bench: &bench{t: t, dir: t.TempDir(), now: time.Date(2026, 11, 24, 9, 0, 0, 0, time.UTC), large: true}, files: map[string][]byte{}}
	for _, name := range []string{filepath.Join(name, ledgerName), filepath.Join(name, journalName), filepath.Join(name, cleanName)} {
		b, err := os.ReadFile(filepath.Join("testdata", name))
		if errors.Is(err, os.ErrNotExist) {
			continue
		}
		w.must(err)
		w.must(os.WriteFile(w.file(filepath.Base(name)), b, 0o600))
		w.files[filepath.Base(name)] = b
	}
	if clean { // a copy has other times than those that were noted
		w.must(writeCleanStop(w.dir, 0))
	}
	return w
}

// inSchema1 is what the kept stores hold of person 1 to 9, whose folders are "N00 - Jansen".
var inSchema1 = map[string]struct {
	state  State
	reason Reason
}{
	"100 - Jansen/waiting.pdf": {Waiting, ""}, "200 - Jansen/sending.pdf": {Sending, ""}, "300 - Jansen/sent.pdf": {Sent, ""},
	"600 - Jansen/rejected.pdf": {Held, Rejected}, "700 - Jansen/mismatch.pdf": {Held, NameMismatch},
	"800 - Jansen/unknown.pdf": {Held, UnknownPerson}, "900 - Jansen/uncertain.pdf": {Held, Uncertain},
	"950/caf\xe9.pdf": {Sent, ""},
}

func (w *wreck) isAsInSchema1(second State) {
	w.t.Helper()
	w.recount()
	for rel, want := range inSchema1 {
		w.is(rel, want.state, want.reason)
	}
	w.is("950/second.pdf", second, "")
	copied, p, err := w.ItemAt("/more", "300 - Jansen/copy.pdf")
	w.must(err)
	if copied.FileID != 5 || copied.Places != 2 || p.Look.Inode != 9 {
		w.t.Errorf("%+v %+v", copied, p)
	}
	c, err := w.Counts()
	w.must(err)
	if c.Items[Withdrawn] != 1 || c.Places != 10 {
		w.t.Errorf("%+v", c)
	}
	if who, err := w.Person(person("950")); err != nil || len(who.Names) != 1 {
		w.t.Errorf("%+v %v", who, err)
	}
}

// TestFormerSchema opens ledgers that schema 1 wrote, as a stop and as a kill
// left them, with a sound journal and without.
func TestFormerSchema(t *testing.T) {
	t.Parallel()
	for name, second := range map[string]State{"stopped": Waiting, "killed": Sent} {
		for _, clean := range []bool{true, false} {
			t.Run(fmt.Sprintf("%s %t", name, clean), func(t *testing.T) {
				t.Parallel()
				w := kept(t, filepath.Join("schema1", name), clean)
				w.open()
				w.isAsInSchema1(second)
				w.send("100 - Jansen/waiting.pdf", 77)
				w.reopen()
				w.is("100 - Jansen/waiting.pdf", Sent, "")
				w.close()
				b, err := os.ReadFile(w.file(ledgerName + ".schema-1"))
				w.must(err)
				w.must(os.WriteFile(w.file("former"), b, 0o600))
				if m, err := readMeta(w.file("former")); err != nil || m.Schema != 1 {
					t.Errorf("what is kept has schema %d, %v", m.Schema, err)
				}
				w.must(CheckLedger(w.file("former")))
			})
		}
	}
	t.Run("schema 2", func(t *testing.T) {
		t.Parallel()
		w := kept(t, "schema2/stopped", true)
		w.open()
		w.isAsInSchema1(Waiting)
		if found, err := w.ByFileID(5, 9); err != nil || len(found) != 1 || found[0].Person.ID != "300" {
			t.Errorf("file ID 5 is %+v, %v", found, err)
		}
		w.close()
		w.must(CheckLedger(w.file(ledgerName + ".schema-2")))
	})
	t.Run("journal lost", func(t *testing.T) {
		t.Parallel()
		w := kept(t, "schema1/stopped", true)
		w.must(os.Remove(w.file(journalName)))
		w.open()
		w.isAsInSchema1(Waiting)
		w.close()
	})
	t.Run("ledger lost", func(t *testing.T) {
		t.Parallel()
		w := kept(t, "schema1/killed", false)
		w.must(os.Remove(w.file(ledgerName)))
		w.open()
		w.recount()
		w.offer(offer("300", "300 - Jansen/sent.pdf", "300 - Jansen/sent.pdf"), offer("950", "950/second.pdf", "second"))
		w.is("300 - Jansen/sent.pdf", Sent, "")
		w.is("950/second.pdf", Sent, "")
		w.close()
	})
}

// TestMigrationCutShort: killed behind the copy, before the change.
func TestMigrationCutShort(t *testing.T) {
	t.Parallel()
	w := kept(t, "schema1/killed", false)
	w.must(os.WriteFile(w.file(ledgerName+".schema-1"), []byte("half"), 0o600))
	w.open()
	w.isAsInSchema1(Sent)
	w.close()
	db, err := openLedger(w.file(ledgerName + ".schema-1"))
	w.must(err)
	w.must(db.View(func(tx *bolt.Tx) error { return nil }))
	w.must(db.Close())
}
