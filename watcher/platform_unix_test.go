//go:build unix

package watcher

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"bloxdrop/store"
)

func pipe(t testing.TB, path string) {
	t.Helper()
	if err := syscall.Mkfifo(path, 0o600); err != nil {
		t.Fatal(err)
	}
}

// A baseline that can't be completed is tried again with each rescan, and what
// one attempt has noted stays in the journal: the others must add nothing.
func TestABaselineThatFailsDoesNotFillTheJournal(t *testing.T) {
	t.Parallel()
	b, q := newBased(t)
	for i := range baselineBatch + 1 {
		b.write(fmt.Sprintf("%d.txt", i), "")
	}
	top, err := os.OpenRoot(b.dir)
	if err != nil {
		t.Fatal(err)
	}
	defer top.Close()
	deep := strings.Repeat(strings.Repeat("d", 99)+"/", 40) // with the root's own, longer than a path may be
	if err := top.MkdirAll(deep+strings.Repeat("e", 99), 0o755); err != nil {
		t.Fatal(err)
	}
	b.Start(t.Context())
	b.until("it failed", func() bool { return strings.Contains(b.Status()[0].Baseline, "too long") })
	noted := q.Position()
	if noted < 2 {
		t.Error("nothing was noted before it failed, so this shows nothing")
	}
	b.rescan()
	b.rescan()
	if now := q.Position(); now != noted {
		t.Errorf("two rescans added %d lines", now-noted)
	}
	if err := os.RemoveAll(filepath.Join(b.dir, strings.Repeat("d", 99))); err != nil {
		t.Fatal(err)
	}
	b.rescan()
	if is, err := q.Baseline(b.dir); is != store.BaselineKept || err != nil {
		t.Error(is, err)
	}
}

// A file that takes an hour to read keeps nobody else's waiting.
func TestAHugeFileIsReadBesideTheOthers(t *testing.T) {
	t.Parallel()
	b := newBench(t, nil)
	b.write("1001/huge.img", "")
	if err := os.Truncate(filepath.Join(b.dir, "1001/huge.img"), 4<<40); err != nil { // of noughts that take no room
		t.Skip("no such file can be made here:", err)
	}
	b.Start(t.Context())
	for s := b.Settling(); len(s) != 1 || s[0].Why != "is being read"; s = b.Settling() {
		b.rescan() // that it is taken to be read is told by nobody
	}
	b.write("1002/letter.txt", "dropped meanwhile")
	b.rescan()
	b.untilPlaces("1002/letter.txt")
}
