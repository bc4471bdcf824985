package notice

import (
	"context"
	"errors"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"bloxdrop/internal/layout"
	"bloxdrop/internal/words"
	"bloxdrop/queue"
	"bloxdrop/store"
	"bloxdrop/watcher"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const settle = 50 * time.Millisecond

// bench is a root with real files, and the real rooms but for the uploader.
type bench struct {
	t       testing.TB
	root    string
	store   *store.Store
	queue   *queue.Queue
	watcher *watcher.Watcher
	opts    Options
	notices *Notices
	later   time.Duration // to be added to the clock of the notices
	log     *strings.Builder
}

func newBench(t testing.TB) *bench {
	t.Helper()
	return newBenchOf(t, func(*bench) {})
}

// newBenchOf lets a test do something before the root is first looked at.
func newBenchOf(t testing.TB, before func(*bench)) *bench {
	t.Helper()
	dir := t.TempDir()
	b := &bench{t: t, root: filepath.Join(dir, "scans"), log: &strings.Builder{}}
	b.must(os.MkdirAll(b.root, 0o755))
	quiet := slog.New(slog.DiscardHandler)
	var err error
	b.store, err = store.Open(t.Context(), store.Options{Dir: filepath.Join(dir, "store"), Now: time.Now, Log: quiet,
		DeepCheck: func(_ context.Context, path string) error { return store.CheckLedger(path) }})
	b.must(err)
	b.queue, err = queue.New(queue.Options{Store: b.store, RetryMin: time.Second, RetryMax: time.Minute, Now: time.Now,
		Random: func() float64 { return 0.5 }, Log: quiet})
	b.must(err)
	t.Cleanup(func() {
		b.watcher.Stop()
		b.queue.Stop()
		if err := b.store.Close(); err != nil {
			t.Error(err)
		}
	})
	b.opts = Options{
		Store: b.store, Queue: b.queue,
		Dir: filepath.Join(dir, "store"), InShare: true, Words: words.In(words.English), Contact: "Anna", MaxSize: 1000, TooLarge: func(detail string) bool { return strings.HasPrefix(detail, "413") },
		Said: func(detail, _ string) string { return strings.TrimPrefix(detail, "415: ") },
		Now:  func() time.Time { return time.Now().Add(b.later) }, Log: slog.New(slog.NewTextHandler(b.log, nil)),
	}
	pattern, err := layout.Parse("{reference}[ - {name}]")
	b.must(err)
	b.relay(pattern)
	before(b)
	b.watcher.Start(t.Context())
	b.settled()
	return b
}

// relay gives the root its layout; it is for before the watcher starts.
func (b *bench) relay(pattern *layout.Pattern) {
	b.t.Helper()
	var err error
	b.watcher, err = watcher.New(watcher.Options{
		Roots: []watcher.Root{{Path: b.root, Layout: pattern, Environment: "https://x", Relation: "persons", Settle: settle, Rescan: time.Hour}},
		Queue: b.queue, Ledger: b.store, Host: "here", Log: slog.New(slog.DiscardHandler), Now: time.Now, NoEvents: true,
	})
	b.must(err)
	b.opts.Watcher = b.watcher
	b.opts.Roots = []Root{{Path: b.root, Layout: pattern, Relation: "persons"}}
	b.restart()
}

// restart goes on with what is on the disk.
func (b *bench) restart() { b.notices = New(b.opts) }

// look is a rescan and what follows from it, a minute later.
func (b *bench) look() {
	b.t.Helper()
	b.later += time.Minute
	was := b.watcher.Status()[0].LastRescan
	b.watcher.RescanNow()
	b.until(func() bool {
		why, _ := b.watcher.Barred(b.root) // which a machine that stalls is for a while
		return why == "" && b.watcher.Status()[0].LastRescan.After(was)
	})
	b.settled()
	b.pass()
}

func (b *bench) pass() { b.notices.Finish(b.t.Context()) }

func (b *bench) settled() {
	b.t.Helper()
	b.must(b.watcher.WaitSettled(b.t.Context()))
}

func (b *bench) until(ok func() bool) {
	b.t.Helper()
	for {
		changed := b.watcher.Changed()
		if ok() {
			return
		}
		select {
		case <-changed:
		case <-time.After(time.Minute):
			b.t.Fatal("it does not come")
		}
	}
}

func (b *bench) must(err error) {
	b.t.Helper()
	if err != nil {
		b.t.Fatal(err)
	}
}

func (b *bench) path(rel string) string { return filepath.Join(b.root, filepath.FromSlash(rel)) }

// write makes a file that is an hour old: one that has just changed is hashed
// once more by the next rescan, which may cross with what a test does next.
func (b *bench) write(rel, content string) {
	b.t.Helper()
	b.must(os.MkdirAll(filepath.Dir(b.path(rel)), 0o755))
	b.must(os.WriteFile(b.path(rel), []byte(content), 0o644))
	past := time.Now().Add(-time.Hour)
	b.must(os.Chtimes(b.path(rel), past, past))
}

func person(id string) store.PersonKey {
	return store.PersonKey{Environment: "https://x", Relation: "persons", Kind: "reference", ID: id}
}

func (b *bench) unknown(id string) {
	b.t.Helper()
	b.must(b.store.PersonUnknown(person(id), "There is no person with reference "+id, time.Now().Add(time.Hour)))
}

func (b *bench) at(rel string) store.Item {
	b.t.Helper()
	it, _, err := b.store.ItemAt(b.root, rel)
	b.must(err)
	return it
}

func (b *bench) hold(rel string, why store.Reason, detail string, attempts int) {
	b.t.Helper()
	b.must(b.store.Hold(b.at(rel).ID, why, store.Try{Detail: detail, Counts: attempts > 0}))
}

// lost has an upload end without an answer.
func (b *bench) lost(rel string) {
	b.t.Helper()
	id := b.at(rel).ID
	b.must(errors.Join(b.store.OpenGate(id, store.Place{Root: b.root, Rel: rel}), b.store.NobodyKnows(id, false, store.Try{Detail: "no answer"})))
}

// standing are all files of ours in the root, the marker aside.
func (b *bench) standing() (rels []string) {
	b.t.Helper()
	b.must(filepath.WalkDir(b.root, func(path string, d fs.DirEntry, err error) error {
		name := d.Name()
		if err == nil && !d.IsDir() && (strings.HasSuffix(name, ".bloxdrop.txt") || name == watcher.PageName || name == watcher.TempNotice) {
			rel, _ := filepath.Rel(b.root, path)
			rels = append(rels, filepath.ToSlash(rel))
		}
		return err
	}))
	return rels
}

// stands compares them with what should be there besides the page.
func (b *bench) stands(want ...string) {
	b.t.Helper()
	for i := range want {
		want[i] += ".bloxdrop.txt"
	}
	want = append(want, watcher.PageName)
	slices.Sort(want)
	if got := b.standing(); !slices.Equal(got, want) {
		b.t.Fatalf("there is %q, want %q\n%s", got, want, b.log)
	}
}

func (b *bench) read(rel string) string {
	b.t.Helper()
	text, err := os.ReadFile(b.path(rel))
	b.must(err)
	return string(text)
}

func (b *bench) says(rel string, wants ...string) {
	b.t.Helper()
	text := strings.Join(strings.Fields(b.read(rel)), " ")
	for _, want := range wants {
		if !strings.Contains(text, want) {
			b.t.Errorf("%q is not in %s: %s", want, rel, text)
		}
	}
}
