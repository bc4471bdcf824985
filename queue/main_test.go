package queue

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"bloxdrop/internal/testfs"
	"bloxdrop/store"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// bench is a queue over a real store, in a bubble with a clock of its own.
// Tests are the workers.
type bench struct {
	*Queue
	t      *testing.T
	dir    string
	opts   Options
	ledger *store.Store
	log    *testfs.Log
	now    time.Duration // to be added to the bubble's clock, which never jumps
}

func inBubble(t *testing.T, test func(b *bench)) {
	t.Helper()
	dir, err := os.MkdirTemp("", "queue") // t.TempDir is removed outside
	if err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(dir)
	inBubbleAt(t, dir, test)
}

func inBubbleAt(t *testing.T, dir string, test func(b *bench)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		b := &bench{t: t, dir: dir, log: &testfs.Log{}}
		b.opts = Options{
			RetryMin: 5 * time.Second, RetryMax: 15 * time.Minute,
			Now: func() time.Time { return time.Now().Add(b.now) }, Random: func() float64 { return 0.5 },
			Log: slog.New(slog.NewTextHandler(b.log, nil)),
		}
		b.open()
		defer b.close()
		test(b)
	})
}

func (b *bench) must(err error) {
	b.t.Helper()
	if err != nil {
		b.t.Fatal(err)
	}
}

func (b *bench) open() {
	b.t.Helper()
	var err error
	b.ledger, err = store.Open(context.Background(), store.Options{
		Dir: b.dir, Now: b.opts.Now, Log: b.opts.Log, DeepCheck: func(context.Context, string) error { return nil },
	})
	b.must(err)
	b.opts.Store = b.ledger
	b.Queue, err = New(b.opts)
	b.must(err)
}

func (b *bench) close() {
	b.Stop()
	b.must(b.ledger.Close())
}

func (b *bench) reopen() {
	b.t.Helper()
	b.close()
	b.open()
}

func person(id string) store.PersonKey {
	return store.PersonKey{Environment: "https://test.bloxs.io", Relation: "persons", Kind: "reference", ID: id}
}

// offer takes in "person/name" paths, each with content of its own.
func (b *bench) offer(rels ...string) {
	b.t.Helper()
	var batch []store.Offer
	for _, rel := range rels {
		id, _, _ := strings.Cut(rel, "/")
		batch = append(batch, store.Offer{Root: "/scans", Rel: rel, Look: store.Look{Size: 1, Inode: 7}, SHA256: sha256.Sum256([]byte(rel)), Person: person(id), Folder: "Jansen"})
	}
	b.must(b.Offer(batch))
}

func (b *bench) offerMany(id string, n int) {
	b.t.Helper()
	var rels []string
	for i := range n {
		rels = append(rels, fmt.Sprintf("%s/%03d", id, i))
	}
	b.offer(rels...)
}

func (b *bench) at(rel string) store.Item {
	b.t.Helper()
	it, _, err := b.ledger.ItemAt("/scans", rel)
	b.must(err)
	return it
}

// is checks where an item stands.
func (b *bench) is(rel string, state store.State, reason store.Reason) store.Item {
	b.t.Helper()
	it := b.at(rel)
	if it.State != state || it.Reason != reason {
		b.t.Fatalf("%s is %s %s, want %s %s", rel, it.State, it.Reason, state, reason)
	}
	return it
}

var errNone = errors.New("no job")

// within waits at most d for a job; nil where none came. It says how long that took.
func (b *bench) within(d time.Duration) (*Job, time.Duration) {
	b.t.Helper()
	ctx, cancel := context.WithTimeoutCause(context.Background(), d, errNone)
	defer cancel()
	began := time.Now()
	job, err := b.Next(ctx)
	if err != nil && !errors.Is(err, errNone) {
		b.t.Fatal(err)
	}
	return job, time.Since(began)
}

// next takes the job that there must be at once.
func (b *bench) next() *Job {
	b.t.Helper()
	job, _ := b.within(time.Nanosecond)
	if job == nil {
		b.t.Fatal("nothing can be tried now")
	}
	return job
}

// idle checks that nothing can be tried for d.
func (b *bench) idle(d time.Duration) {
	b.t.Helper()
	if job, after := b.within(d); job != nil {
		b.t.Fatalf("%s can be tried after %v, not only after %v", job.Item.Rel, after, d)
	}
}

// after checks that the next job comes after d, to the second.
func (b *bench) after(d time.Duration) *Job {
	b.t.Helper()
	job, took := b.within(d + time.Hour)
	if job == nil || (took-d).Abs() > time.Second {
		b.t.Fatalf("next try after %v, want %v", took, d)
	}
	return job
}

func (b *bench) gate(job *Job) error { return b.OpenGate(job, job.Places[0]) }

func (b *bench) openGate(job *Job) *Job {
	b.t.Helper()
	b.must(b.gate(job))
	return job
}

// ends opens the job's gate and gives it back.
func (b *bench) ends(job *Job, o Outcome) {
	b.t.Helper()
	b.Done(b.openGate(job), o)
}

// causes names the pauses.
func (b *bench) causes() string {
	var list []string
	for _, p := range b.Pauses() {
		list = append(list, p.Cause)
		if p.Remedy == "" {
			b.t.Errorf("no remedy for %s", p.Cause)
		}
	}
	return strings.Join(list, " ")
}

func (b *bench) paused(want string) {
	b.t.Helper()
	if got := b.causes(); got != want {
		b.t.Fatalf("paused for %q, want %q", got, want)
	}
}

func (b *bench) file(name string) string { return filepath.Join(b.dir, name) }

var (
	delivered = Outcome{Class: Delivered, FileID: 7, Status: 200}
	uncertain = Outcome{Class: Uncertain, Detail: "no answer"}
	transient = Outcome{Class: Transient, Detail: "reset"}
	denied    = Outcome{Class: Denied, Detail: "no right", Status: 403}
)
