package e2e

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"bloxdrop/internal/bloxs/bloxstest"
	"bloxdrop/internal/control"
)

// only checks how many files Bloxs has.
func (o *office) only(n int) {
	o.t.Helper()
	o.stored(n)
	if got := len(o.bloxs.Stored()); got != n {
		o.t.Errorf("Bloxs has %d files, not %d\n%s", got, n, o.log)
	}
}

// rooted adds a root to the config.
func (o *office) rooted(path string) []string {
	o.t.Helper()
	o.must(os.MkdirAll(path, 0o755))
	return []string{"[upload]", fmt.Sprintf("[[watch]]\npath = %q\nexisting = \"upload\"\nsettle = %q\nrescan = \"1s\"\n\n[upload]", path, settle)}
}

// TestFreshStoreOnAnOldShare: a new store.dir would send a whole share again.
// Another root goes on meanwhile.
func TestFreshStoreOnAnOldShare(t *testing.T) {
	t.Parallel()
	o := newOffice(t, bloxstest.Options{})
	other := filepath.Join(o.dir, "other")
	o.configure(o.rooted(other)...)
	o.write("1001/a.txt", "a")
	o.start()
	o.untilSent(1)
	o.stop()
	o.removeAll(o.storeDir())
	o.must(os.Remove(filepath.Join(other, ".bloxdrop"))) // that share is new
	o.write("1001/new.txt", "new")
	o.start()
	o.waits(o.root, "another ledger", "2 files")
	put(o, filepath.Join(other, "1002/b.txt"), "b")
	o.only(2)
	o.waits(o.root)
	st := o.status()
	if st.State != control.Paused || st.Roots[1].Paused || st.Roots[0].LastRescan != "" {
		t.Errorf("%+v", st)
	}
	o.stop()
	o.waits(o.root) // also where no service runs
	o.run("adopt", o.root, "--existing", "upload")
	o.start()
	o.only(4) // nobody can know better any more: that is what was ordered
	if st := o.until("running", func(st control.Status) bool { return st.State == control.Running }); len(st.Pauses) > 0 {
		t.Errorf("%+v", st)
	}
}

// TestAdoptAndSkip: what is there when a root is adopted is never sent.
func TestAdoptAndSkip(t *testing.T) {
	t.Parallel()
	for name, existing := range map[string]string{"upload": "upload", "skip": "skip"} {
		t.Run(`existing = "`+name+`"`, func(t *testing.T) {
			t.Parallel()
			o := newOffice(t, bloxstest.Options{})
			o.write("1001/a.txt", "a")
			o.run("run", "--once")
			o.removeAll(o.storeDir())
			o.configure(`existing = "upload"`, `existing = "`+existing+`"`)
			o.write("1002/b.txt", "b")
			o.start()
			o.waits(o.root)
			o.run("adopt", o.root, "--existing", "skip")
			o.write("1003/c.txt", "c")
			o.untilSent(1)
			st := o.until("skipped", func(st control.Status) bool { return st.Skipped == 2 && st.Settling == 0 })
			o.addsUp(st)
			o.kill()
			o.start()
			o.rename(filepath.Join(o.root, "1002"), filepath.Join(o.root, "1004"))
			o.write("1003/d.txt", "d")
			o.untilSent(2)
			o.only(3)
		})
	}
}

// olderStore sends two files, and puts the store back as it was after the first.
func (o *office) olderStore() {
	o.t.Helper()
	o.write("1001/a.txt", "a")
	o.run("run", "--once")
	kept := filepath.Join(o.dir, "kept")
	o.must(os.CopyFS(kept, os.DirFS(o.storeDir())))
	o.write("1001/b.txt", "b")
	o.run("run", "--once")
	o.only(2)
	o.removeAll(o.storeDir())
	o.rename(kept, o.storeDir())
}

// TestOlderStore: a store that is put back from a copy knows nothing of what
// was sent since.
func TestOlderStore(t *testing.T) {
	t.Parallel()
	o := newOffice(t, bloxstest.Options{})
	o.olderStore()
	o.write("1001/c.txt", "c")
	o.start()
	o.waits(o.root, "older copy")
	o.only(2)
	o.run("adopt", o.root, "--existing", "upload")
	o.untilSent(3) // a has its receipt; b and c go
	o.only(4)
}

// TestSwappedRoots: two roots whose paths were mixed up.
func TestSwappedRoots(t *testing.T) {
	t.Parallel()
	o := newOffice(t, bloxstest.Options{})
	other := filepath.Join(o.dir, "other")
	o.configure(o.rooted(other)...)
	o.write("1001/a.txt", "a")
	put(o, filepath.Join(other, "1001/b.txt"), "b")
	o.run("run", "--once")
	o.only(2)
	swap := func() {
		for _, move := range [][2]string{{o.root, o.root + "-x"}, {other, o.root}, {o.root + "-x", other}} {
			o.rename(move[0], move[1])
		}
	}
	swap()
	o.start()
	o.waits(o.root, other)
	o.waits(other, o.root)
	if st := o.status(); st.Withdrawn > 0 || st.Files != 2 {
		t.Errorf("%+v", st)
	}
	swap() // needs no word
	o.until("running", func(st control.Status) bool { return st.State == control.Running })
	o.only(2)
}

// TestTwoDaemons are started at the same moment on one share.
func TestTwoDaemons(t *testing.T) {
	t.Parallel()
	a := newOffice(t, bloxstest.Options{})
	b := newOffice(t, bloxstest.Options{})
	b.root = a.root
	b.configure()
	for i := range 20 {
		a.write(fmt.Sprintf("1001/%d.txt", i), fmt.Sprint(i))
	}
	a.launch()
	b.launch()
	a.answers()
	b.answers()
	sure := func(o *office) bool {
		st := o.until("sure", func(st control.Status) bool { return st.Roots[0].Paused || st.Sent == 20 })
		return st.Sent == 20
	}
	if aSends, bSends := sure(a), sure(b); aSends == bSends {
		t.Errorf("both send, or none: %t", aSends)
	}
	if n := len(a.bloxs.Stored()) + len(b.bloxs.Stored()); n != 20 {
		t.Errorf("%d stored\n%s\n%s", n, a.log, b.log)
	}
}

// TestEmptiedRoot: with its marker it is believed, at work and after a stop;
// without, it is offline until the marker is back.
func TestEmptiedRoot(t *testing.T) {
	t.Parallel()
	o := newOffice(t, bloxstest.Options{})
	o.write("1001/a.txt", "a")
	o.write("1001/b.txt", "b")
	o.start()
	o.untilSent(2)
	o.run("pause")
	o.write("1002/c.txt", "c")
	o.until("waiting", func(st control.Status) bool { return st.Waiting == 1 && st.Settling == 0 })
	o.stop()
	o.removeAll(filepath.Join(o.root, "1002"))
	o.removeAll(filepath.Join(o.root, "1001"))
	o.start()
	o.until("withdrawn", func(st control.Status) bool { return st.Withdrawn == 1 && st.Files == 0 && st.Roots[0].Online })
	o.write("1002/c.txt", "c")
	o.until("waiting", func(st control.Status) bool { return st.Waiting == 1 && st.Settling == 0 })

	marker := filepath.Join(o.root, ".bloxdrop")
	was, err := os.ReadFile(marker)
	o.must(err)
	o.removeAll(filepath.Join(o.root, "1002"))
	o.remove(marker)
	off := o.until("offline", func(st control.Status) bool { return !st.Roots[0].Online })
	o.run("resume")
	if st := o.status(); st.Withdrawn != off.Withdrawn || st.Waiting != off.Waiting || !strings.Contains(st.Roots[0].Offline, "marker") {
		t.Errorf("%+v", st)
	}
	o.must(os.WriteFile(marker, was, 0o644))
	o.until("withdrawn", func(st control.Status) bool { return st.Withdrawn == 1 && st.Roots[0].Online })
	o.remove(marker)
	o.until("offline", func(st control.Status) bool { return !st.Roots[0].Online })
	o.run("adopt", o.root, "--existing", "upload")
	o.write("1003/d.txt", "d")
	o.untilSent(3)
	o.only(3)
	if _, err := os.Stat(marker); err != nil {
		t.Error(err)
	}
}

// TestMarker says what it says, and is nobody's file.
func TestMarker(t *testing.T) {
	t.Parallel()
	o := newOffice(t, bloxstest.Options{})
	o.write("1001/a.txt", "a")
	o.start()
	st := o.untilSent(1)
	if st.Files != 1 || st.Ignored != 0 {
		t.Errorf("%+v", st)
	}
	marker := filepath.Join(o.root, ".bloxdrop")
	at := func(words ...string) {
		t.Helper()
		b, err := os.ReadFile(marker)
		o.must(err)
		o.says(string(b), append(words, strconv.Quote(o.root), `"position"`, `"host"`)...)
	}
	at(`"clean": false`)
	o.stop()
	at(`"clean": true`)
	o.start()
	deadline := time.Now().Add(20 * time.Second)
	for b, _ := os.ReadFile(marker); strings.Contains(string(b), `"clean": true`); b, _ = os.ReadFile(marker) {
		if time.Now().After(deadline) {
			t.Fatal("a running bloxdrop leaves the marker of a clean stop")
		}
		time.Sleep(10 * time.Millisecond)
	}
	o.explained(marker, "leave it")
	entries, err := os.ReadDir(o.root)
	o.must(err)
	entries = slices.DeleteFunc(entries, func(e os.DirEntry) bool { return e.Name() == "_bloxdrop.html" })
	if len(entries) != 2 {
		t.Errorf("%v", entries)
	}
}
