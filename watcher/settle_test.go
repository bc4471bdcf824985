package watcher

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"bloxdrop/internal/testfs"
)

// inTime runs a test with a clock of its own, in which 10 s of settling take
// no time.
func inTime(t *testing.T, test func(t *testing.T, b *bench)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, func(o *Options) {
			o.NoEvents = true
			o.Roots[0].Settle, o.Roots[0].Rescan = 10*time.Second, time.Minute
		})
		defer b.Stop()
		test(t, b)
	})
}

// goBy lets d go by, and all that is due be done.
func goBy(d time.Duration) {
	time.Sleep(d)
	synctest.Wait()
}

func (b *bench) append(rel, more string) {
	b.t.Helper()
	f, err := os.OpenFile(filepath.Join(b.dir, rel), os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		b.t.Fatal(err)
	}
	defer f.Close()
	if _, err := f.WriteString(more); err != nil {
		b.t.Fatal(err)
	}
}

func TestAGrowingFileSettlesOnceItStops(t *testing.T) {
	inTime(t, func(t *testing.T, b *bench) {
		b.write("1/f", "x")
		b.Start(t.Context())
		for range 60 {
			goBy(4 * time.Second)
			b.append("1/f", "x")
		}
		b.wantPlaces()
		if s := b.Settling(); len(s) != 1 || time.Since(s[0].Since) != 240*time.Second {
			t.Fatalf("settling %+v", s)
		}
		b.settled() // it keeps changing, so nobody waits for it
		goBy(9 * time.Second)
		b.wantPlaces()
		goBy(12 * time.Second) // the change shows at the next look, up to 5 s late
		b.wantPlaces("1/f")
		if o, _ := b.q.place("1/f"); o.Look.Size != 61 || o.Racy {
			t.Errorf("offered %+v", o)
		}
	})
}

func TestSettlingTakesItsTime(t *testing.T) {
	inTime(t, func(t *testing.T, b *bench) {
		b.write("1/f", "x")
		b.Start(t.Context())
		goBy(9900 * time.Millisecond)
		b.wantPlaces()
		goBy(300 * time.Millisecond)
		b.wantPlaces("1/f")
	})
}

func TestWaitSettledWaitsForAChangedFile(t *testing.T) {
	inTime(t, func(t *testing.T, b *bench) {
		b.write("1/f", "x")
		b.write("1/cut.pdf", "%PDF-1.4")
		b.write("1/empty", "")
		b.Start(t.Context())
		goBy(time.Second)
		b.append("1/f", "x")
		began := time.Now()
		if err := b.WaitSettled(t.Context()); err != nil {
			t.Fatal(err)
		}
		b.wantPlaces("1/cut.pdf", "1/f")
		if took := time.Since(began); took < incompleteWait || took > incompleteWait+30*time.Second {
			t.Errorf("took %v", took)
		}
	})
}

func TestAnIncompleteDocumentWaitsForItsEnd(t *testing.T) {
	inTime(t, func(t *testing.T, b *bench) {
		b.write("1/a.pdf", "%PDF-1.4")
		b.write("1/b.dat", "\xff\xd8\xff")
		b.Start(t.Context())
		goBy(2 * time.Minute)
		b.wantPlaces()
		if s := b.Settling(); len(s) != 2 || !strings.Contains(s[0].Why, "end is missing") {
			t.Errorf("settling %+v", s)
		}
		b.append("1/a.pdf", "%%EOF")
		goBy(30 * time.Second)
		b.wantPlaces("1/a.pdf")
		goBy(2*time.Minute + 35*time.Second)
		b.wantPlaces("1/a.pdf")
		goBy(10 * time.Second)
		b.wantPlaces("1/a.pdf", "1/b.dat")
	})
}

func TestAFileThatSettlesForAnHour(t *testing.T) {
	inTime(t, func(t *testing.T, b *bench) {
		b.write("1/f", "x")
		b.Start(t.Context())
		for range 15 * 61 {
			goBy(4 * time.Second)
			b.append("1/f", "x")
		}
		if s := b.Settling(); len(s) != 1 || !strings.Contains(s[0].Why, "over an hour") {
			t.Errorf("settling %+v", s)
		}
	})
}

func TestAFileThatVanishesWhileItSettles(t *testing.T) {
	inTime(t, func(t *testing.T, b *bench) {
		b.write("1/f", "x")
		b.write("1/sub/g", "x")
		b.Start(t.Context())
		goBy(time.Second)
		if s := b.Status()[0]; s.Settling != 2 {
			t.Fatalf("status %+v", s)
		}
		if err := os.RemoveAll(filepath.Join(b.dir, "1/sub")); err != nil {
			t.Fatal(err)
		}
		goBy(5 * time.Second)
		if s := b.Status()[0]; s.Settling != 1 {
			t.Fatalf("status %+v", s)
		}
		if err := os.Truncate(filepath.Join(b.dir, "1/f"), 0); err != nil {
			t.Fatal(err)
		}
		goBy(20 * time.Second)
		if s := b.Status()[0]; s.Settling != 1 || len(b.Settling()) != 0 {
			t.Fatalf("status %+v", s)
		}
	})
}

// A folder that has become a link is not followed, whatever settled in it.
func TestAFolderThatBecomesALink(t *testing.T) {
	inTime(t, func(t *testing.T, b *bench) {
		b.write("1/sub/g", "x")
		b.mkdir("2")
		b.Start(t.Context())
		goBy(time.Second)
		b.rename("1/sub", "2/sub")
		testfs.Link(t, "../2/sub", filepath.Join(b.dir, "1/sub"))
		goBy(2 * time.Minute)
		b.wantPlaces("2/sub/g")
		if s := b.Status()[0]; s.Settling != 0 || s.Ignored != 1 {
			t.Errorf("status %+v, settling %+v", s, b.Settling())
		}
	})
}

func TestReadingIsTriedWithGrowingPauses(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, nil)
		s := b.roots[0].set
		e := &entry{rel: "1/f", first: s.now(), index: -1}
		s.entries[e.rel] = e
		var pauses []time.Duration
		for i := range 8 {
			if news := s.fail(e, "cannot be read"); news != (i == 0) {
				t.Errorf("try %d is news: %v", i, news)
			}
			pauses = append(pauses, e.next.Sub(s.now()))
		}
		if pauses[0] != time.Second || pauses[1] != 2*time.Second || pauses[7] != maxRetry {
			t.Errorf("pauses %v", pauses)
		}
		if s.canSettle() {
			t.Error("it can settle")
		}
	})
}

func TestADirtySetStaysSmall(t *testing.T) {
	d := newDirtySet()
	for i := range 3 * maxHintNames {
		d.mark("a", strings.Repeat("x", i+1))
	}
	d.mark("a/b/c", "")
	if !d.covers("a/b/c/d") || d.covers("b") {
		t.Error("covers")
	}
	folders, all := d.take()
	if h := folders["a"]; all || h == nil || !h.deep || len(h.names) != 0 || !h.has("any") {
		t.Errorf("took %+v, %v", folders, all)
	}
	for i := range 2 * maxDirtyFolders {
		d.mark(strings.Repeat("x", i+1), "")
	}
	if folders, all := d.take(); !all || len(folders) > 0 {
		t.Errorf("took %d folders, %v", len(folders), all)
	}
}
