package store

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	bolt "go.etcd.io/bbolt"
)

// TestPeek reads what a closed store holds, and changes nothing in its folder.
func TestPeek(t *testing.T) {
	b := newBench(t)
	b.offer(offer("1001", "1001/a.txt", "a"))
	if _, err := PeekAt(b.dir); !errors.Is(err, ErrLocked) {
		t.Errorf("while it is open: %v", err)
	}
	b.close()
	before := b.inventory()
	p, err := PeekAt(b.dir)
	if err != nil {
		t.Fatal(err)
	}
	it, place, err := p.ItemAt("/scans", "1001/a.txt")
	if err != nil || it.State != Waiting || place.Look.Size != 1 {
		t.Errorf("%+v %+v %v", it, place, err)
	}
	if _, _, err := p.ItemAt("/scans", "1001/b.txt"); !errors.Is(err, ErrNoItem) {
		t.Errorf("of a file that it does not know: %v", err)
	}
	if c, err := p.Counts(); err != nil || c.Items[Waiting] != 1 || !p.StoppedCleanly() {
		t.Errorf("%+v %v", c, err)
	}
	if err := p.Close(); err != nil {
		t.Error(err)
	}
	if after := b.inventory(); after != before {
		t.Errorf("the folder was\n%s\nand is\n%s", before, after)
	}
	b.open()
}

// TestPeekRefuses tells what keeps it from reading, and changes nothing.
func TestPeekRefuses(t *testing.T) {
	for name, c := range map[string]struct {
		spoil func(path string) error
		want  error
	}{
		"no ledger": {os.Remove, os.ErrNotExist},
		"empty":     {func(path string) error { return os.Truncate(path, 0) }, ErrDamaged},
		"cut":       {func(path string) error { return os.Truncate(path, 9000) }, ErrDamaged},
		"newer": {func(path string) error {
			db, err := openLedger(path)
			if err != nil {
				return err
			}
			return errors.Join(db.Update(func(tx *bolt.Tx) error {
				m, err := metaOf(tx)
				m.Schema = schemaVersion + 1
				return errors.Join(err, ledger{tx: tx, m: &m}.saveMeta())
			}), db.Close())
		}, ErrNewer},
	} {
		t.Run(name, func(t *testing.T) {
			b := newBench(t)
			b.offer(offer("1001", "1001/a.txt", "a"))
			b.close()
			if err := c.spoil(filepath.Join(b.dir, ledgerName)); err != nil {
				t.Fatal(err)
			}
			before := b.inventory()
			if _, err := PeekAt(b.dir); !errors.Is(err, c.want) {
				t.Errorf("it says %v", err)
			}
			if after := b.inventory(); after != before {
				t.Errorf("the folder was\n%s\nand is\n%s", before, after)
			}
		})
	}
}

// inventory is every file of the store's folder, with what is in it and when it changed.
func (b *bench) inventory() string {
	b.t.Helper()
	var all strings.Builder
	entries, err := os.ReadDir(b.dir)
	b.must(err)
	for _, e := range entries {
		fi, err := e.Info()
		b.must(err)
		content, err := os.ReadFile(filepath.Join(b.dir, e.Name()))
		b.must(err)
		fmt.Fprintf(&all, "%s %v %x\n", e.Name(), fi.ModTime(), sha256.Sum256(content))
	}
	return all.String()
}
