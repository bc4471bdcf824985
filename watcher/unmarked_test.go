package watcher

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"bloxdrop/store"
)

// A root that can't be written has no marker, and is told from an unmounted
// one as well as can be.
func TestARootThatCannotBeMarked(t *testing.T) {
	t.Parallel()
	b := newBench(t, func(o *Options) {
		often(o)
		o.Ledger, o.Host = &paper{id: "ours", position: 10, marked: map[string]bool{}}, "here"
	})
	if err := os.Mkdir(filepath.Join(b.dir, MarkerName+"-ours"), 0o755); err != nil { // in the temporary file's way
		t.Fatal(err)
	}
	b.write(MarkerName+"-ours/full", "")
	b.write("1/f", "one")
	b.Start(t.Context())
	b.settled()
	b.wantPlaces("1/f")
	b.Stop()
	if err := os.RemoveAll(filepath.Join(b.dir, "1")); err != nil {
		t.Fatal(err)
	}
	b.renew()
	b.Start(t.Context())
	b.untilOffline("is it mounted?")
	b.wantPlaces("1/f")
	if err := b.Adopt(b.dir); err != nil {
		t.Fatal(err)
	}
	b.until("online", func() bool { return b.Status()[0].Online })
	b.wantPlaces()
}

// A marker that can't be written over may have stood there while more was sent:
// it proves nothing.
func TestAMarkerThatCannotBeWrittenProvesNothing(t *testing.T) {
	t.Parallel()
	b, p := markedBench(t)
	b.putMarker(func(m *marker) { m.Clean = true })
	b.write(MarkerName+"-ours/full", "") // in the temporary file's way
	p.doubt = &store.Doubt{Cause: "restored", Known: 10}
	b.write("1/new", "new")
	b.Start(t.Context())
	b.until("paused", func() bool { return strings.Contains(b.Status()[0].Paused, "restored") })
	b.wantPlaces("1/f")
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.trusted > 0 {
		t.Error("it was trusted")
	}
}

// A marker that can't be written for a while is still known to be ours when the
// clock is set back meanwhile.
func TestAnOldMarkerAfterTheClockWasSetBack(t *testing.T) {
	t.Parallel()
	b, p := markedBench(t)
	back := time.Duration(0)
	b.opts.Now = func() time.Time { return time.Now().Add(-back) }
	b.renew()
	r := b.roots[0]
	stands := func() {
		t.Helper()
		if st := r.stand(false, false); st.barred() {
			t.Errorf("%+v", st)
		}
	}
	stands()
	b.write(MarkerName+"-ours/full", "") // in the temporary file's way
	p.goOn(5)
	back = time.Hour
	stands()
	back -= 2 * time.Minute
	stands()
}
