package store_test

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"

	"bloxdrop/internal/archive"
	"bloxdrop/internal/model"
	"bloxdrop/queue"
	"bloxdrop/store"
)

// ledger is what a store and its model have in common: what queue and archive
// ask, and what the rest of the program does.
type ledger interface {
	queue.Store
	archive.Store

	WantBaseline(root string) (store.Baseline, error)
	UnwantBaseline(root string) error
	Inherit(root, from string) error
	BaselineFiles(root string) (int, error)
	WouldSkip(root string, f store.Found) (bool, error)
	Forget(person string, owns store.Owns) (int, error)
	AfterUpload(root string, on bool) error

	Marked(root string) (bool, error)
	SetMarked(root string) error
	Adopted(root string) (uint64, error)
	DoubtAbout(root string) (*store.Doubt, error)
	Doubted() (*store.Doubt, error)
	Doubt(cause string, known, above uint64) error
	Adopt(root string, home store.Home, roots []string) error
	Trust(root string, roots []string) error
	SetHome(root string, home store.Home, personOf store.PersonOf) error
	KeepRoots(paths []string) (int, error)

	Item(id store.ItemID) (store.Item, error)
	ItemAt(root, rel string) (store.Item, store.Place, error)
	PlacesOf(id store.ItemID, n int) ([]store.Place, error)
	Counts() (store.Counts, error)
	PlacesIn(root string) (int, error)
	Position() uint64
}

var (
	_ ledger = (*store.Store)(nil)
	_ ledger = (*model.Store)(nil)
)

// twins are a store and its model, to which the same is done.
type twins struct {
	*rapid.T
	dir   string
	now   time.Time
	store *store.Store
	model *model.Store
	dies  bool // the model, at the next step
	files int64
}

// TestModel does anything that the program may do, in any order, to the real
// store and to its model, with clean stops, kills, torn steps, and the loss of
// either file between any two of them, and compares all that the two show.
//
// `go test ./store -run '^TestModel$' -rapid.checks 100000` runs it for as long as
// one likes; a failure names the file with which -rapid.failfile plays it again.
func TestModel(t *testing.T) {
	t.Parallel()
	given := false
	flag.Visit(func(f *flag.Flag) { given = given || f.Name == "rapid.checks" })
	if !given { // a short run
		if err := flag.Set("rapid.checks", "15"); err != nil {
			t.Fatal(err)
		}
	}
	dir := memory(t)
	synctest.Test(t, func(t *testing.T) { // in a bubble the store commits when the clock is told to go on
		rapid.Check(struct{ testing.TB }{t}, func(rt *rapid.T) { // in a bubble nobody may ask for t's deadline
			w := newTwins(rt, dir)
			defer w.end()
			w.compare()
			rt.Repeat(w.deeds())
		})
	})
}

// memory is a folder on a file system to which a sync costs nothing.
func memory(t *testing.T) string {
	dir, err := os.MkdirTemp("/dev/shm", "bloxdrop-model-")
	if err != nil {
		return t.TempDir()
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	return dir
}

func newTwins(t *rapid.T, in string) *twins {
	dir, err := os.MkdirTemp(in, "")
	if err != nil {
		t.Fatal(err)
	}
	w := &twins{T: t, dir: dir, now: time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)}
	w.must(store.Beget(dir, "salt", w.now))
	w.open()
	w.model = model.New(model.Options{Salt: "salt", Now: w.clock, Step: w.step})
	return w
}

func (w *twins) clock() time.Time { return w.now }

func (w *twins) step(model.Step) error {
	if w.dies {
		return model.ErrDead
	}
	return nil
}

func (w *twins) open() {
	var err error
	w.store, err = store.Open(context.Background(), store.Options{
		Dir: w.dir, Now: w.clock, Log: slog.New(slog.DiscardHandler),
		DeepCheck: func(_ context.Context, path string) error { return store.CheckLedger(path) },
	})
	if err != nil {
		w.Fatal("open: ", err)
	}
}

func (w *twins) end() {
	if w.store != nil {
		_ = w.store.Kill()
	}
	_ = os.RemoveAll(w.dir)
}

func (w *twins) must(err error) {
	if err != nil {
		w.Fatal(err)
	}
}

// both does the same to the two, and compares what they say.
func (w *twins) both(what string, do func(l ledger) (any, error)) any {
	w.Helper()
	w.now = w.now.Add(time.Duration(rapid.IntRange(0, 3).Draw(w.T, "ms")) * 300 * time.Millisecond)
	before := w.items()
	a, errA := do(w.store)
	b, errB := do(w.model)
	if kind(errA) != kind(errB) {
		w.Fatalf("%s: the store says %v, and its model %v", what, errA, errB)
	}
	w.stepped(what, before)
	if errA == nil {
		w.same(what, a, b)
	}
	return a
}

func (w *twins) items() map[store.ItemID]store.Item {
	all := map[store.ItemID]store.Item{}
	for _, state := range allStates {
		p, err := w.store.List(state, "", 1000)
		w.must(err)
		for _, it := range p.Items {
			all[it.ID] = it
		}
	}
	return all
}

// stepped checks that every item has gone a way that is drawn, if any, and that
// what is sent or uncertain has left that by a person's word alone.
func (w *twins) stepped(what string, before map[store.ItemID]store.Item) {
	w.Helper()
	for id, is := range w.items() {
		was := before[id]
		switch {
		case was.State != is.State && !leads(was.State, is.State):
			w.Fatalf("%s: %s went from %q to %q, which is no way", what, id, was.State, is.State)
		case was.State == store.Sent && what != "send again" && (is.State != store.Sent || is.FileID != was.FileID):
			w.Fatalf("%s: %s was sent as %d, and is %s as %d", what, id, was.FileID, is.State, is.FileID)
		case was.State == store.Held && was.Reason == store.Uncertain && what != "resolve" && (is.State != store.Held || is.Reason != store.Uncertain):
			w.Fatalf("%s: %s was uncertain, and is %s", what, id, is.State)
		}
	}
}

// leads tells whether one state leads to another by one way, or by two, since a
// batch may offer two contents at one path.
func leads(from, to store.State) bool {
	ways := store.Ways()
	return slices.Contains(ways[from], to) || slices.ContainsFunc(ways[from], func(via store.State) bool { return slices.Contains(ways[via], to) })
}

func (w *twins) same(what string, a, b any) {
	w.Helper()
	if x, y := text(a), text(b); x != y {
		w.Fatalf("%s:\nthe store %s\nits model %s", what, x, y)
	}
}

// kind is by what a caller tells errors apart.
func kind(err error) string {
	var moved *store.MovedError
	var inUse *store.InUseError
	switch {
	case err == nil:
		return "done"
	case errors.As(err, &moved):
		return "moved"
	case errors.As(err, &inUse):
		return fmt.Sprintf("in use by %d", inUse.Total)
	}
	for _, known := range []error{store.ErrNoItem, store.ErrNotState, store.ErrTaking} {
		if errors.Is(err, known) {
			return known.Error()
		}
	}
	return "refused"
}

// text writes out all that shows.
func text(v any) string {
	switch v := v.(type) {
	case store.Item:
		return fmt.Sprintf("%+v", v.Shown())
	case store.Place:
		return fmt.Sprintf("%+v", v.Shown())
	case time.Time:
		return fmt.Sprint(v.UnixNano())
	case *store.Doubt:
		if v == nil {
			return "no doubt"
		}
		return fmt.Sprintf("%s %d %d %d", v.Cause, v.Since.Unix(), v.Position, v.Known)
	case store.Person:
		return fmt.Sprintf("%+v %d %d %d %q %q %q", v.Key, v.State, v.CheckedAt.UnixNano(), v.NextLookUp.UnixNano(), v.Names, v.Detail, v.Confirmed)
	case store.Counts:
		return fmt.Sprint(v.Items[store.Waiting], v.Items[store.Sending], v.Items[store.Sent], v.Items[store.Held], v.Items[store.Skipped], v.Items[store.Withdrawn],
			v.Places, v.Placed, v.Oldest.UnixNano())
	case store.Page:
		return text(v.Items)
	case []store.Item:
		return texts(v)
	case []store.Place:
		return texts(v)
	case store.SentPlace:
		return text(v.Place) + " " + text(v.Item)
	case []store.SentPlace:
		return texts(v)
	case store.Note:
		return text(v.SentPlace) + " " + v.To + fmt.Sprint(v.Delete)
	case []store.Note:
		return texts(v)
	case []any:
		return texts(v)
	}
	return fmt.Sprintf("%+v", v)
}

func texts[T any](list []T) string {
	var b strings.Builder
	for _, v := range list {
		b.WriteString("\n  " + text(v))
	}
	return b.String()
}

// files copies the two files, as a crash leaves them.
func (w *twins) copyFiles() map[string][]byte {
	all := map[string][]byte{}
	for _, name := range []string{store.LedgerName, store.JournalName} {
		b, err := os.ReadFile(filepath.Join(w.dir, name))
		w.must(err)
		all[name] = b
	}
	return all
}

func (w *twins) putFiles(all map[string][]byte) {
	for name, b := range all {
		w.must(os.WriteFile(filepath.Join(w.dir, name), b, 0o600))
	}
}

// kill ends both, and leaves the files as they are.
func (w *twins) kill() {
	w.must(w.store.Kill())
	w.store = nil
	w.model.Kill()
}
