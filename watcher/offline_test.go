package watcher

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func (b *bench) untilOffline(why string) {
	b.t.Helper()
	b.until("offline: "+why, func() bool {
		s := b.Status()[0]
		return !s.Online && strings.Contains(s.Offline, why)
	})
}

func often(o *Options) { o.Roots[0].Rescan = 50 * time.Millisecond }

func TestARootThatIsRenamedAwayIsOffline(t *testing.T) {
	t.Parallel()
	b := newBench(t, often)
	b.write("1/f", "one")
	b.Start(t.Context())
	b.settled()
	away := b.dir + "-away"
	if err := os.Rename(b.dir, away); err != nil {
		t.Fatal(err)
	}
	b.untilOffline("does not exist")
	if b.Status()[0].Events {
		t.Error("events of a root that is offline")
	}
	b.settled()
	b.wantPlaces("1/f")
	if c := b.Classify(filepath.Join(b.dir, "1/f")); c.Kind != Offline || c.Rel != "1/f" {
		t.Errorf("class %+v", c)
	}

	b.mkdir("") // an empty folder, as where a share was unmounted
	b.untilOffline("is it mounted?")
	b.wantPlaces("1/f")

	if err := os.Remove(b.dir); err != nil {
		t.Fatal(err)
	}
	b.rename("../"+filepath.Base(away), "")
	b.until("online again", func() bool { return b.Status()[0].Online })
	b.write("1/g", "two")
	b.untilPlaces("1/f", "1/g")
	if n := len(b.q.offers); n < 2 {
		t.Errorf("%d offers", n)
	}
}

func TestAnotherFolderInTheRootsPlace(t *testing.T) {
	t.Parallel()
	b := newBench(t, often)
	b.write("1/f", "one")
	b.write("1/g", "one")
	b.Start(t.Context())
	b.settled()
	other := t.TempDir()
	if err := os.MkdirAll(filepath.Join(other, "new/1"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(other, "new/1/f"), []byte("another"), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(b.dir, filepath.Join(other, "old")); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(filepath.Join(other, "new"), b.dir); err != nil {
		t.Fatal(err)
	}
	b.untilPlaces("1/f")
	b.write("1/h", "events or rescans go on")
	b.untilPlaces("1/f", "1/h")
}

func TestARootEmptyAtTheStart(t *testing.T) {
	t.Parallel()
	b := newBench(t, often)
	b.write("1/f", "one")
	b.Start(t.Context())
	b.settled()
	b.Stop()
	if err := os.RemoveAll(filepath.Join(b.dir, "1")); err != nil {
		t.Fatal(err)
	}
	b.renew()
	b.Start(t.Context())
	b.untilOffline("is it mounted?")
	b.wantPlaces("1/f")
	b.write("2/g", "back")
	b.untilPlaces("2/g") // now it is proven that 1/f is gone
}

func TestARootThatIsEmptiedIsBelieved(t *testing.T) {
	t.Parallel()
	b := newBench(t, often)
	b.write("1/f", "one")
	b.Start(t.Context())
	b.settled()
	if err := os.RemoveAll(filepath.Join(b.dir, "1")); err != nil {
		t.Fatal(err)
	}
	b.untilPlaces()
}

func TestARootThatIsAFile(t *testing.T) {
	t.Parallel()
	b := newBench(t, often)
	if err := os.Remove(b.dir); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(b.dir, []byte("no folder"), 0o644); err != nil {
		t.Fatal(err)
	}
	b.Start(t.Context())
	b.untilOffline("not a folder")
	if err := os.Remove(b.dir); err != nil {
		t.Fatal(err)
	}
	b.write("1/f", "one")
	b.untilPlaces("1/f")
}

// A scan that began in another folder concludes nothing.
func TestAnUnmountInTheMiddleOfAScan(t *testing.T) {
	t.Parallel()
	b := newBench(t, func(o *Options) { o.NoEvents = true })
	b.write("1/f", "one")
	b.write("1/g", "two")
	b.Start(t.Context())
	b.settled()
	b.Stop()
	if err := os.Remove(filepath.Join(b.dir, "1/g")); err != nil {
		t.Fatal(err)
	}
	other, err := os.Stat(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	r := b.roots[0]
	p := &pass{root: r, ctx: t.Context(), base: other, full: true}
	if err := p.run(); err != errRootMoved {
		t.Errorf("run: %v", err)
	}
	b.wantPlaces("1/f", "1/g")
	r.scan(t.Context(), true)
	b.wantPlaces("1/f")
}

func TestAFolderThatCannotBeRead(t *testing.T) {
	t.Parallel()
	if os.Getuid() <= 0 {
		t.Skip("root may read everything, and Windows has no such rights")
	}
	b := newBench(t, often)
	b.write("1/f", "one")
	b.write("2/closed", "two")
	b.Start(t.Context())
	b.settled()
	for path, mode := range map[string]os.FileMode{"1": 0, "2/closed": 0} {
		if err := os.Chmod(filepath.Join(b.dir, path), mode); err != nil {
			t.Fatal(err)
		}
	}
	b.until("both are noticed", func() bool {
		s := b.Settling()
		return b.Status()[0].Unreadable == 1 && len(s) == 1 && strings.Contains(s[0].Why, "permission denied")
	})
	b.settled()
	b.wantPlaces("1/f", "2/closed")
	for path, mode := range map[string]os.FileMode{"1": 0o755, "2/closed": 0o644} {
		if err := os.Chmod(filepath.Join(b.dir, path), mode); err != nil {
			t.Fatal(err)
		}
	}
	b.until("both are read again", func() bool { s := b.Status()[0]; return s.Unreadable == 0 && s.Settling == 0 })
}
