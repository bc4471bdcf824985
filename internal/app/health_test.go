package app

import (
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"bloxdrop/internal/config"
)

// lonely is a config with a root that is missing and a Bloxs that nobody answers for.
func lonely(t *testing.T) *config.Config {
	t.Helper()
	dir := t.TempDir()
	path := filepath.Join(dir, "config.toml")
	text := fmt.Sprintf("[bloxs]\nurl = \"http://127.0.0.1:9\"\ntoken = \"t\"\n[[watch]]\npath = %q\nexisting = \"upload\"\nrescan = \"30m\"\n[store]\ndir = %q\n[web]\nlisten = \"\"\n",
		filepath.ToSlash(filepath.Join(dir, "not there")), filepath.ToSlash(filepath.Join(dir, "store")))
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	c, err := config.Load(path, config.Env{Getenv: func(string) string { return "" }})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// TestWhatIsNotKnown: while the ledger can't be read, the metrics go on to show
// what it said last, with its time. A counter never goes back.
func TestWhatIsNotKnown(t *testing.T) {
	a, err := Open(t.Context(), Options{Config: lonely(t), Log: slog.New(slog.DiscardHandler), Random: func() float64 { return 0 }, Now: time.Now})
	if err != nil {
		t.Fatal(err)
	}
	before := a.sight()
	if before.At.IsZero() || before.LedgerBytes == 0 || before.JournalBytes == 0 || len(before.Roots) != 1 {
		t.Fatalf("%+v", before)
	}
	if err := a.store.Close(); err != nil {
		t.Fatal(err)
	}
	after := a.sight()
	if _, _, err := a.inside.last(); err == nil {
		t.Fatal("the ledger can still be read")
	}
	if !after.At.Equal(before.At) || after.LedgerBytes != before.LedgerBytes || after.JournalSyncs != before.JournalSyncs || len(after.Roots) != 1 {
		t.Errorf("%+v\nbefore\n%+v", after, before)
	}
	if why := a.notReady(); !slices.Contains(why, "the ledger can't be read") {
		t.Errorf("%q", why)
	}
}

// started is an app that runs, by a clock that passes moves.
func started(t *testing.T, c *config.Config) (a *App, passes func(time.Duration)) {
	t.Helper()
	var later atomic.Int64
	a, err := Open(t.Context(), Options{
		Config: c, Log: slog.New(slog.DiscardHandler), Random: func() float64 { return 0 },
		Now: func() time.Time { return time.Now().Add(time.Duration(later.Load())) },
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := a.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	return a, func(d time.Duration) { later.Add(int64(d)) }
}

// TestHealth: what only a new start mends is said, once it has lasted, and
// nothing else is.
func TestHealth(t *testing.T) {
	c := lonely(t)
	a, passes := started(t, c)
	is := func(when, stuck string) {
		t.Helper()
		h := a.Health()
		if h.Alive() != (stuck == "") || !strings.Contains(strings.Join(h.Stuck, "; "), stuck) {
			t.Errorf("%s: %+v", when, h)
		}
	}
	answered := func() {
		t.Helper()
		for {
			a.inside.mu.Lock()
			asking, known := a.inside.answered != nil, a.inside.known
			a.inside.mu.Unlock()
			if !asking && known {
				return
			}
			time.Sleep(time.Millisecond)
		}
	}
	is("at the start", "")
	answered()
	for range 3 {
		passes(time.Minute)
		is("with a root that is missing", "")
		answered()
	}
	if s := a.Health().Sentence; !strings.Contains(s, "offline: ") {
		t.Errorf("it says %q", s)
	}
	answered()

	a.inside.mu.Lock()
	a.inside.answered = make(chan struct{}) // as a question that nobody answers
	a.inside.mu.Unlock()
	a.inside.pulse.Begin()
	is("just asked", "")
	passes(insideAfter / 2)
	is("asked a while ago", "")
	passes(insideAfter)
	is("asked long ago", "ledger and queue have not answered")
	a.inside.pulse.End()
	a.inside.mu.Lock()
	a.inside.answered = nil
	a.inside.mu.Unlock()
	is("answered", "")
	answered()

	passes(time.Hour)
	is("a rescan is overdue", "no rescan of "+c.Watch[0].Path)
	passes(-time.Hour)
	answered()
	if err := a.control.Close(); err != nil {
		t.Error(err)
	}
	is("no command is answered", "commands are no longer answered")
	a.control = nil
	if err := a.Close(); err != nil {
		t.Error(err)
	}
}

// TestHangingWorkers: none that waits until it can write a receipt down is ended
// for that, also while nothing can be read either.
func TestHangingWorkers(t *testing.T) {
	gone := errors.New("the disk of store.dir is gone")
	for _, c := range []struct {
		hanging int
		paused  string
		unread  error
		alive   bool
		waits   string
	}{
		{0, "", nil, true, ""}, {3, "", nil, true, "3 of 4"}, {4, "", nil, false, ""},
		{4, "store", nil, true, "store"}, {4, "", gone, true, "ledger"}, {0, "", gone, true, ""},
	} {
		var h Health
		h.workers(c.hanging, 4, c.paused, c.unread)
		if says := strings.Join(h.Waits, "; "); h.Alive() != c.alive || (says == "") != (c.waits == "") || !strings.Contains(says, c.waits) {
			t.Errorf("%+v: %+v", c, h)
		}
	}
}
