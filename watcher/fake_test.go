package watcher

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"maps"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"bloxdrop/internal/layout"
	"bloxdrop/store"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// ledger is a Queue in memory.
type ledger struct {
	root   string // the one whose places these are; "": the only one
	mu     sync.Mutex
	fold   func(string) string
	places map[string]store.Offer // by rel, folded
	offers []store.Offer          // all, in order
	fail   error                  // what Offer answers
	known  int                    // files asked for
	counts int                    // folders whose places were counted
}

func newLedger() *ledger { return &ledger{fold: store.Fold, places: map[string]store.Offer{}} }

func (l *ledger) Known(_, dir string, names []string) ([]store.Known, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.known += len(names)
	all := make([]store.Known, len(names))
	for i, name := range names {
		if o, ok := l.places[l.fold(join(dir, name))]; ok {
			all[i] = store.Known{Found: true, Look: o.Look, Racy: o.Racy, Item: store.ItemID(o.SHA256.String()[:24])}
		}
	}
	return all, nil
}

func (l *ledger) Places(root, dir string) (files int, folders []string, err error) {
	if l.root != "" && root != l.root {
		return 0, nil, nil
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.counts++
	below := map[string]bool{}
	for rel := range l.places {
		rest, ok := rel, true
		if dir != "" {
			rest, ok = strings.CutPrefix(rel, l.fold(dir)+"/")
		}
		if !ok {
			continue
		}
		if child, _, deeper := strings.Cut(rest, "/"); deeper {
			below[child] = true
		} else {
			files++
		}
	}
	return files, slices.Collect(maps.Keys(below)), nil
}

func (l *ledger) Files(_, dir string) ([]string, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	var names []string
	for rel := range l.places {
		if parent(rel) == l.fold(dir) {
			names = append(names, filepath.Base(rel))
		}
	}
	return names, nil
}

func (l *ledger) Baseline(string) (store.Baseline, error) { return store.NoBaseline, nil }

func (l *ledger) TakeBaseline(string, func(func([]store.BaselineFile) error) error) (int, error) {
	return 0, errors.New("no baseline was asked for")
}

func (l *ledger) Skip(_ string, files []store.Found) ([]bool, error) {
	return make([]bool, len(files)), nil
}

func (l *ledger) Offer(batch []store.Offer) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.fail != nil {
		return l.fail
	}
	for _, o := range batch {
		l.places[l.fold(o.Rel)] = o
		l.offers = append(l.offers, o)
	}
	return nil
}

func (l *ledger) Gone(_ string, rels []string) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, rel := range rels {
		if _, ok := l.places[l.fold(rel)]; !ok {
			return errors.New("gone was said of a file that is no place: " + rel)
		}
		delete(l.places, l.fold(rel))
	}
	return nil
}

func (l *ledger) GoneBelow(_, dir string) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	maps.DeleteFunc(l.places, func(rel string, _ store.Offer) bool { return dir == "" || strings.HasPrefix(rel, l.fold(dir)+"/") })
	return nil
}

// rels are the places as they were listed, sorted.
func (l *ledger) rels() (rels []string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, o := range l.places {
		rels = append(rels, o.Rel)
	}
	slices.Sort(rels)
	return rels
}

func (l *ledger) counted() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.counts
}

func (l *ledger) place(rel string) (store.Offer, bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	o, ok := l.places[l.fold(rel)]
	return o, ok
}

func (l *ledger) setFail(err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.fail = err
}

// bench is a watcher on a real folder, with a ledger in memory.
type bench struct {
	*Watcher
	t    testing.TB
	dir  string
	q    *ledger
	opts Options
}

// newBench watches a new folder whose folders are "{reference}[ - {name}]".
// Rescans come only when asked for, unless the options are changed.
func newBench(t testing.TB, change func(*Options)) *bench {
	t.Helper()
	pattern, err := layout.Parse("{reference}[ - {name}]")
	if err != nil {
		t.Fatal(err)
	}
	b := &bench{t: t, dir: filepath.Join(t.TempDir(), "root"), q: newLedger()}
	b.opts = Options{
		Roots: []Root{{
			Path: b.dir, Layout: pattern, Environment: "https://x.bloxs.io", Relation: "persons",
			Settle: 40 * time.Millisecond, Rescan: time.Hour,
		}},
		Queue: b.q, Log: slog.New(slog.NewTextHandler(io.Discard, nil)), Now: time.Now,
	}
	if change != nil {
		change(&b.opts)
	}
	b.mkdir("")
	b.renew()
	return b
}

// renew makes a watcher that has seen nothing yet, as after a restart.
func (b *bench) renew() {
	b.t.Helper()
	w, err := New(b.opts)
	if err != nil {
		b.t.Fatal(err)
	}
	b.Watcher = w
	b.t.Cleanup(w.Stop)
}

func (b *bench) mkdir(rel string) {
	b.t.Helper()
	if err := os.MkdirAll(filepath.Join(b.dir, rel), 0o755); err != nil {
		b.t.Fatal(err)
	}
}

func (b *bench) write(rel, content string) {
	b.t.Helper()
	b.mkdir(filepath.Dir(rel))
	if err := os.WriteFile(filepath.Join(b.dir, rel), []byte(content), 0o644); err != nil {
		b.t.Fatal(err)
	}
}

func (b *bench) rename(from, to string) {
	b.t.Helper()
	if err := os.Rename(filepath.Join(b.dir, from), filepath.Join(b.dir, to)); err != nil {
		b.t.Fatal(err)
	}
}

// patience is how long something may take that takes a moment.
func patience() time.Duration {
	if runtime.GOOS == "windows" {
		return time.Minute // Wine needs ten times as long for some calls
	}
	return 8 * time.Second
}

// until waits for changes until ok.
func (b *bench) until(what string, ok func() bool) {
	b.t.Helper()
	deadline := time.After(patience())
	for {
		changed := b.Changed()
		if ok() {
			return
		}
		select {
		case <-changed:
		case <-deadline:
			b.t.Fatalf("never came: %s\nstatus %+v\nsettling %+v\nplaces %q", what, b.Status(), b.Settling(), b.q.rels())
		}
	}
}

// rescan makes a full rescan and waits for its end.
func (b *bench) rescan() {
	b.t.Helper()
	before := b.Status()[0].LastRescan
	b.RescanNow()
	b.until("a rescan", func() bool { return b.Status()[0].LastRescan.After(before) })
}

func (b *bench) settled() {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.t.Context(), patience())
	defer cancel()
	if err := b.WaitSettled(ctx); err != nil {
		b.t.Fatalf("%v: status %+v, settling %+v", err, b.Status(), b.Settling())
	}
}

func (b *bench) wantPlaces(want ...string) {
	b.t.Helper()
	if got := b.q.rels(); !slices.Equal(got, want) {
		b.t.Fatalf("places are\n%q, want\n%q", got, want)
	}
}

// untilPlaces waits until the places are these.
func (b *bench) untilPlaces(want ...string) {
	b.t.Helper()
	b.until("places "+strings.Join(want, ", "), func() bool { return slices.Equal(b.q.rels(), want) })
}
