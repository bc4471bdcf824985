package watcher

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"bloxdrop/store"
)

// remembered is a Queue on a real store.
type remembered struct {
	*store.Store
	fails atomic.Pointer[error] // what TakeBaseline answers behind its walk
	midst func()                // what happens in the middle of each walk
}

func (q *remembered) Offer(batch []store.Offer) error { return q.Store.Offer(batch) }

func (q *remembered) TakeBaseline(root string, walk func(add func([]store.BaselineFile) error) error) (int, error) {
	return q.Store.TakeBaseline(root, func(add func([]store.BaselineFile) error) error {
		err := walk(func(batch []store.BaselineFile) error {
			if q.midst != nil {
				q.midst()
			}
			return add(batch)
		})
		if fails := q.fails.Load(); fails != nil {
			return *fails
		}
		return err
	})
}

func newBased(t *testing.T) (*bench, *remembered) {
	t.Helper()
	st, err := store.Open(t.Context(), store.Options{
		Dir: t.TempDir(), Now: time.Now, Log: slog.New(slog.DiscardHandler), DeepCheck: func(context.Context, string) error { return nil },
	})
	if err != nil {
		t.Fatal(err)
	}
	q := &remembered{Store: st}
	b := newBench(t, func(o *Options) { o.Queue, o.Roots[0].Ignore = q, []string{"*.bak"} })
	t.Cleanup(func() {
		b.Stop()
		if err := st.Close(); err != nil {
			t.Error(err)
		}
	})
	if is, err := st.WantBaseline(b.dir); is != store.BaselineWanted || err != nil {
		t.Fatal(is, err)
	}
	return b, q
}

// are waits until exactly these are the places in a state.
func (b *bench) are(q *remembered, state store.State, want ...string) {
	b.t.Helper()
	b.until(string(state)+": "+strings.Join(want, ", "), func() bool {
		var rels []string
		p, err := q.List(state, "", 100)
		if err != nil {
			b.t.Fatal(err)
		}
		for _, it := range p.Items {
			rels = append(rels, it.Rel)
		}
		slices.Sort(rels)
		return slices.Equal(rels, want)
	})
}

func TestBaseline(t *testing.T) {
	t.Parallel()
	b, q := newBased(t)
	for _, rel := range []string{"1001/a.txt", "1001/sub/b.txt", "1002 - Smit/c.txt", "New folder/d.txt", "1001/e.bak", "1001/f.txt.tmp", "g.txt"} {
		b.write(rel, "content of "+rel)
	}
	b.Start(t.Context())
	b.settled()
	b.are(q, store.Skipped, "1001/a.txt", "1001/sub/b.txt", "1002 - Smit/c.txt")
	b.are(q, store.Waiting)
	if n, err := q.BaselineFiles(b.dir); n != 6 || err != nil { // all but the temporary one
		t.Error(n, err)
	}

	b.write("1001/new.txt", "new")
	b.rename("1001/f.txt.tmp", "1001/f.txt") // it was still coming in
	b.rename("New folder", "1003")
	b.rename("1002 - Smit", "1002 - de Smit")
	b.rescan()
	b.are(q, store.Waiting, "1001/f.txt", "1001/new.txt")
	b.rescan() // sees also what is gone
	b.are(q, store.Skipped, "1001/a.txt", "1001/sub/b.txt", "1002 - de Smit/c.txt", "1003/d.txt")

	if n, err := q.Send(b.dir, "1001/sub"); n != 1 || err != nil {
		t.Fatal(n, err)
	}
	b.LookSoon(b.dir, "1001/sub")
	b.are(q, store.Waiting, "1001/f.txt", "1001/new.txt", "1001/sub/b.txt")

	b.Stop()
	b.opts.Roots[0].Ignore = nil
	b.renew()
	b.Start(t.Context())
	b.settled()
	b.are(q, store.Skipped, "1001/a.txt", "1001/e.bak", "1002 - de Smit/c.txt", "1003/d.txt")
}

// TestBaselineWhileFoldersAreRenamed: what was there is noted, wherever a
// colleague puts it while the walk is under way.
func TestBaselineWhileFoldersAreRenamed(t *testing.T) {
	t.Parallel()
	b, q := newBased(t)
	for i := range baselineBatch + 1 {
		b.write(fmt.Sprintf("unmatched folder/%d", i), "x")
	}
	const persons = 20
	for i := range persons {
		b.write(fmt.Sprintf("%d/old.txt", 1000+i), fmt.Sprint("old ", i))
	}
	var once sync.Once
	q.midst = func() {
		once.Do(func() {
			for i := range persons {
				b.rename(fmt.Sprint(1000+i), fmt.Sprint(2000+i))
			}
		})
	}
	b.Start(t.Context())
	b.settled()
	b.until("all skipped", func() bool {
		c, err := q.Counts()
		return err == nil && c.Items[store.Skipped] == persons && c.Items[store.Waiting] == 0
	})
}

// TestBaselineFirst: as long as not all is noted, nothing is offered, and that
// is said.
func TestBaselineFirst(t *testing.T) {
	t.Parallel()
	b, q := newBased(t)
	b.write("1001/a.txt", "a")
	b.write("1002/b.txt", "b")
	b.write("1002/empty.txt", "")
	b.Survey(t.Context())
	if s := b.Status()[0]; s.Baseline == "" || s.Settling != 3 {
		t.Errorf("%+v", s)
	}
	b.renew()
	fails := errors.New("1002 can't be read")
	q.fails.Store(&fails)
	b.Start(t.Context())
	b.settled() // so that a run --once ends
	b.rescan()
	if s := b.Status()[0]; s.Baseline != fails.Error() || s.Settling != 3 {
		t.Errorf("%+v", s)
	}
	if is, err := q.Baseline(b.dir); is != store.BaselineWanted || err != nil {
		t.Fatal(is, err)
	}
	if following := b.Settling(); len(following) > 0 { // counted, and not read in vain
		t.Errorf("%+v", following)
	}
	if c, err := q.Counts(); err != nil || c.Places != 0 {
		t.Errorf("%+v %v", c, err)
	}
	q.fails.Store(nil)
	b.rescan()
	b.are(q, store.Skipped, "1001/a.txt", "1002/b.txt")
	if s := b.Status()[0]; s.Baseline != "" || s.Settling != 1 {
		t.Errorf("%+v", s)
	}
	b.write("1002/empty.txt", "no more")
	b.rescan()
	b.are(q, store.Waiting, "1002/empty.txt")
}

// TestBaselineUnmounted: an empty folder in which no marker can be left may be
// what a share is still to be mounted on.
func TestBaselineUnmounted(t *testing.T) {
	t.Parallel()
	b, q := newBased(t)
	b.opts.Ledger = q.Store
	b.renew()
	b.write(MarkerName+"-"+q.ID()[:8]+"/full", "") // in the temporary file's way
	b.Start(t.Context())
	b.until("not mounted", func() bool { return strings.Contains(b.Status()[0].Baseline, "is it mounted?") })
	if is, err := q.Baseline(b.dir); is != store.BaselineWanted || err != nil {
		t.Fatal(is, err)
	}
	b.write("1001/a.txt", "a")
	b.rescan()
	b.are(q, store.Skipped, "1001/a.txt")
	b.Stop()

	b, _ = newBased(t) // emptied, with its marker
	b.opts.Ledger = q.Store
	b.renew()
	b.write(MarkerName, "")
	if err := b.roots[0].notMounted(); err != nil {
		t.Error(err)
	}
}
