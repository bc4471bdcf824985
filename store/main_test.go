package store

import (
	"context"
	"crypto/sha256"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"testing"
	"time"

	"go.uber.org/goleak"
)

const checkEnv = "BLOXDROP_TEST_CHECK_LEDGER"

// TestMain lets the test binary be the process in which a ledger is checked.
func TestMain(m *testing.M) {
	if path := os.Getenv(checkEnv); path != "" {
		if err := CheckLedger(path); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	goleak.VerifyTestMain(m)
}

func deepCheck(ctx context.Context, path string) error {
	cmd := exec.CommandContext(ctx, os.Args[0])
	cmd.Env = append(os.Environ(), checkEnv+"="+path)
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("%w: %w: %.300s", ErrDamaged, err, out)
	}
	return nil
}

// bench is one folder with a store that tests open, close and kill.
type bench struct {
	*Store
	t   testing.TB
	dir string
	now time.Time
}

func newBench(t testing.TB) *bench {
	t.Helper()
	b := &bench{t: t, dir: t.TempDir(), now: time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)}
	b.open()
	t.Cleanup(func() {
		if b.Store != nil {
			_ = b.Close()
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
}

func (b *bench) reopen() {
	b.t.Helper()
	b.must(b.Close())
	b.open()
}

// kill ends the store as a kill does: what is not written is lost.
func (b *bench) kill() {
	b.t.Helper()
	close(b.stop)
	<-b.stopped
	b.mu.Lock()
	defer b.mu.Unlock()
	_ = b.tx.Rollback()
	b.must(b.db.Load().Close())
	b.must(b.journal.close())
	b.must(b.lock.Unlock())
	b.Store = nil
}

func (b *bench) must(err error) {
	b.t.Helper()
	if err != nil {
		b.t.Fatal(err)
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

func (b *bench) take() Item {
	b.t.Helper()
	it, _, _, err := b.Take(func(ItemID) bool { return false }, time.Hour)
	b.must(err)
	return it
}

func (b *bench) send(rel string, fileID int64) {
	b.t.Helper()
	it := b.at(rel)
	b.must(b.OpenGate(it.ID, Place{Root: "/scans", Rel: rel}))
	b.must(b.Receipt(it.ID, fileID))
}
