package store

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"go.uber.org/goleak"
)

const (
	checkEnv    = "BLOXDROP_TEST_CHECK_LEDGER"
	uncheckable = 3 // the exit code of a check that found nothing out
)

// TestMain lets the test binary be the process in which a ledger is checked.
func TestMain(m *testing.M) {
	if path := os.Getenv(checkEnv); path != "" {
		if err := CheckLedger(path); err != nil {
			fmt.Fprintln(os.Stderr, err)
			if !errors.Is(err, ErrDamaged) {
				os.Exit(uncheckable)
			}
			os.Exit(1)
		}
		os.Exit(0)
	}
	goleak.VerifyTestMain(m)
}

func deepCheck(ctx context.Context, path string) error {
	cmd := exec.CommandContext(ctx, os.Args[0])
	cmd.Env = append(os.Environ(), checkEnv+"="+path, "GORACE=atexit_sleep_ms=0") // the detector waits a second otherwise
	out, err := cmd.CombinedOutput()
	if cmd.ProcessState.ExitCode() == uncheckable {
		return fmt.Errorf("%w: %.300s", err, out)
	}
	if err != nil {
		return fmt.Errorf("%w: %w: %.300s", ErrDamaged, err, out)
	}
	return nil
}

// bench is one folder with a store that tests open, close and kill. Every step
// that goes through must is followed by a recount.
type bench struct {
	*Store
	t     testing.TB
	dir   string
	now   time.Time
	large bool // too large to be recounted after every step
}

func newBench(t testing.TB) *bench {
	t.Helper()
	b := &bench{t: t, dir: t.TempDir(), now: time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)}
	b.open()
	t.Cleanup(func() {
		if b.Store != nil {
			b.recount()
			_ = b.Close() // tests that end with a fault in place can't close cleanly
		}
	})
	return b
}

func (b *bench) tryOpen() error {
	s, err := Open(b.t.Context(), Options{Dir: b.dir, Now: func() time.Time { return b.now }, Log: slog.New(slog.DiscardHandler), DeepCheck: deepCheck})
	b.Store = s
	return err
}

func (b *bench) open() {
	b.t.Helper()
	if err := b.tryOpen(); err != nil {
		b.t.Fatal(err)
	}
	b.recount()
}

func (b *bench) close() {
	b.t.Helper()
	err := b.Close()
	b.Store = nil
	b.must(err)
}

func (b *bench) reopen() {
	b.t.Helper()
	b.close()
	b.open()
}

// kill ends the store as a kill does: what is not written is lost.
func (b *bench) kill() {
	b.t.Helper()
	s := b.Store
	b.Store = nil
	close(s.stop)
	<-s.stopped
	s.mu.Lock()
	defer s.mu.Unlock()
	s.drop()
	b.must(errors.Join(s.db.Load().Close(), s.journal.close(), s.lock.Unlock()))
}

// comesBack opens the store again after a kill, or with a file of it lost.
func (b *bench) comesBack(lost string) {
	b.t.Helper()
	if lost == "" {
		b.kill()
	} else {
		b.close()
		b.must(os.Remove(b.file(lost)))
	}
	b.open()
}

// noted notes down what is to become of the first file that was sent.
func (b *bench) noted(what Note) []Note {
	b.t.Helper()
	page, _, err := b.SentPlaces("/scans", "", 1)
	b.must(err)
	what.SentPlace = page[0]
	notes, err := b.NoteDown([]Note{what})
	b.must(err)
	return notes
}

func (b *bench) must(err error) {
	b.t.Helper()
	if err != nil {
		b.t.Fatal(err)
	}
	if b.Store != nil && !b.large {
		b.recount()
	}
}

func person(id string) PersonKey {
	return PersonKey{Environment: "https://test.bloxs.io", Relation: "persons", Kind: "reference", ID: id}
}

func offer(id, rel, content string) Offer {
	return Offer{Root: "/scans", Rel: rel, Look: Look{Size: int64(len(content)), ModTime: 1, Inode: 7}, SHA256: sha256.Sum256([]byte(content)), Person: person(id)}
}

func (b *bench) offer(offers ...Offer) {
	b.t.Helper()
	b.must(b.Offer(offers))
}

func (b *bench) at(rel string) Item {
	b.t.Helper()
	it, _, err := b.ItemAt("/scans", rel)
	b.must(err)
	return it
}

func (b *bench) is(rel string, state State, reason Reason) {
	b.t.Helper()
	if it := b.at(rel); it.State != state || it.Reason != reason {
		b.t.Fatalf("%q is %s %s, want %s %s", rel, it.State, it.Reason, state, reason)
	}
}

func (b *bench) item(id ItemID) Item {
	b.t.Helper()
	it, err := b.Item(id)
	b.must(err)
	return it
}

func (b *bench) gone(rels ...string) {
	b.t.Helper()
	b.must(b.Gone("/scans", rels))
}

// take takes the next item but those that are taken; a zero one if none is due.
func (b *bench) take(taken ...ItemID) Item {
	b.t.Helper()
	it, _, _, err := b.Take(func(id ItemID) bool { return slices.Contains(taken, id) }, time.Hour)
	b.must(err)
	return it
}

func (b *bench) openGate(rel string) Item {
	b.t.Helper()
	it := b.at(rel)
	b.must(b.OpenGate(it.ID, Place{Root: "/scans", Rel: rel}))
	return it
}

func (b *bench) send(rel string, fileID int64) Item {
	b.t.Helper()
	it := b.openGate(rel)
	b.must(b.Receipt(it.ID, fileID))
	return b.item(it.ID)
}

// picture is all items.
func (b *bench) picture() map[ItemID]Item {
	b.t.Helper()
	all := map[ItemID]Item{}
	b.must(b.read(func(l ledger) error {
		return l.scan(bucketItems, nil, func(k []byte) error {
			it, err := l.item(itemIDOf(k))
			all[it.ID] = it
			return err
		})
	}))
	return all
}

func (b *bench) file(name string) string { return filepath.Join(b.dir, name) }
