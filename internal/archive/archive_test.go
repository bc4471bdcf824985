package archive

import (
	"context"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"bloxdrop/internal/testfs"
	"bloxdrop/store"
)

func TestMove(t *testing.T) {
	b := newBench(t, t.TempDir())
	b.sent("1001 - Jansen/2026/lease.pdf", "lease", "1002/payslip", "payslip", "1002/a copy.txt", "payslip")
	b.write("1001 - Jansen/new.txt", "new")
	b.offer("1001 - Jansen/new.txt")
	b.must(os.Chmod(b.path("1002"), 0o750))
	b.pass()
	b.stands("_sent/1001 - Jansen/2026/lease.pdf", "lease", "_sent/1002/payslip", "payslip", "_sent/1002/a copy.txt", "payslip", "1001 - Jansen/new.txt", "new")
	b.noNotes()
	if got := b.known(); !slices.Equal(got, []string{"1001 - Jansen/new.txt"}) {
		t.Fatalf("places are %q", got)
	}
	if info, err := os.Stat(b.path("_sent/1002")); err != nil || runtime.GOOS != "windows" && info.Mode().Perm()&0o007 != 0 {
		t.Errorf("the folder in _sent lets in whom the person's folder doesn't: %v, %v", info.Mode(), err)
	}
}

func TestDelete(t *testing.T) {
	b := newBench(t, t.TempDir())
	b.opts.Roots[0].Delete = true
	b.sent("1001/lease.pdf", "lease", "1001/copy.pdf", "lease")
	b.write("1001/new.txt", "new")
	b.offer("1001/new.txt")
	b.pass()
	b.stands("1001/new.txt", "new")
	b.noNotes()
	if it := b.offer("1001/new.txt"); it.State != store.Waiting {
		t.Fatalf("%+v", it)
	}
}

// Nothing is written over another file: names that are taken are told apart.
func TestTakenNames(t *testing.T) {
	b := newBench(t, t.TempDir())
	long := strings.Repeat("é", 125) + ".pdf" // 254 bytes
	b.sent("1001/lease.pdf", "lease", "1001/"+long, "long")
	b.write("_sent/1001/lease.pdf", "an older one")
	b.write("_sent/1001/lease.4711.pdf", "another")
	b.write("_sent/1001/"+long, "older")
	b.pass()
	b.stands("_sent/1001/lease.pdf", "an older one", "_sent/1001/lease.4711.pdf", "another", "_sent/1001/lease.4711-2.pdf", "lease",
		"_sent/1001/"+long, "older", "_sent/1001/"+strings.Repeat("é", 123)+".4712.pdf", "long")
	b.noNotes()
}

// Only the file that was sent is touched.
func TestAnotherFileStays(t *testing.T) {
	for _, remove := range []bool{false, true} {
		b := newBench(t, t.TempDir())
		b.opts.Roots[0].Delete = remove
		b.sent("1001/edited.txt", "as sent", "1001/gone.txt", "gone")
		b.write("1001/edited.txt", "edited")
		b.must(os.Remove(b.path("1001/gone.txt")))
		it := b.offer("1001/edited.txt")
		// And a person's word that it is in Bloxs is not enough.
		b.write("1001/said.txt", "said")
		said := b.offer("1001/said.txt")
		b.must(b.store.OpenGate(said.ID, store.Place{Root: b.root, Rel: "1001/said.txt"}))
		b.must(b.store.NobodyKnows(said.ID, false, store.Try{}))
		b.must(b.store.Resolve(said.ID, true, 0))
		b.write("1001/edited again.txt", "once")
		b.sent("1001/edited again.txt", "once")
		b.write("1001/edited again.txt", "twice") // and the watcher has not seen it yet
		b.pass()
		b.stands("1001/edited.txt", "edited", "1001/said.txt", "said", "1001/edited again.txt", "twice")
		b.noNotes()
		if it, err := b.store.Item(it.ID); err != nil || it.State != store.Waiting {
			t.Fatal(it, err)
		}
	}
}

// A look is no proof: a file whose content has changed without it, as some
// servers and programs bring about, is not deleted, and not moved where that
// was in question already.
func TestOnlyTheLookIsTheSame(t *testing.T) {
	for _, remove := range []bool{false, true} {
		b := newBench(t, t.TempDir())
		b.opts.Roots[0].Delete = remove
		b.sent("1001/a.txt", "as sent")
		b.write("1001/a.txt", "another")
		look, _, err := store.LookAt(b.path("1001/a.txt"))
		b.must(err)
		was := b.at("1001/a.txt")
		b.must(b.store.Offer([]store.Offer{{Root: b.root, Rel: "1001/a.txt", Look: look, SHA256: was.SHA256, Person: was.Person, Racy: !remove}}))
		b.pass()
		b.stands("1001/a.txt", "another")
		b.noNotes()
	}
}

// Nor is a time that somebody has set back: the change time tells.
func TestChangedInPlace(t *testing.T) {
	b := newBench(t, t.TempDir())
	b.sent("1001/a.txt", "as sent")
	b.opts.step = func(what string) error {
		if what == "noted" {
			fi, err := os.Stat(b.path("1001/a.txt"))
			b.must(err)
			b.write("1001/a.txt", "another")
			b.must(os.Chtimes(b.path("1001/a.txt"), fi.ModTime(), fi.ModTime()))
		}
		return nil
	}
	b.pass()
	b.stands("1001/a.txt", "another")
	b.noNotes()
}

// What turns out to have changed comes back beside a file that has come to its
// place meanwhile, under another name.
func TestPutBackBesideANewFile(t *testing.T) {
	for _, remove := range []bool{false, true} {
		b := newBench(t, t.TempDir())
		b.opts.Roots[0].Delete = remove
		b.sent("1001/a.txt", "as sent")
		b.opts.step = func(what string) error {
			if what == "renamed" {
				b.must(os.Chtimes(b.path(b.note().To), time.Time{}, time.Unix(1e9, 0)))
				b.write("1001/a.txt", "new")
			}
			return nil
		}
		b.pass()
		b.stands("1001/a.txt", "new", "1001/a.4711.txt", "as sent")
		b.noNotes()
	}
}

// Two names of one file, and one content at two places: all go.
func TestHardLinks(t *testing.T) {
	for _, remove := range []bool{false, true} {
		b := newBench(t, t.TempDir())
		b.opts.Roots[0].Delete = remove
		b.write("1001/a.txt", "one")
		b.must(os.Link(b.path("1001/a.txt"), b.path("1001/b.txt")))
		b.sent("1001/a.txt", "one", "1001/b.txt", "one")
		for range 3 {
			b.pass()
			for rel := range b.tree() {
				if !strings.HasPrefix(rel, Folder) {
					b.offer(rel) // its change time has moved with the other's rename
				}
			}
		}
		if remove {
			b.stands()
		} else {
			b.stands("_sent/1001/a.txt", "one", "_sent/1001/b.txt", "one")
		}
		b.noNotes()
	}
}

// Links lead nowhere: neither where a person's folder was, nor as _sent.
func TestLinks(t *testing.T) {
	b := newBench(t, t.TempDir())
	outside := filepath.Join(b.dir, "outside")
	b.must(os.MkdirAll(filepath.Join(outside, "1001"), 0o755))
	b.sent("1001/a.txt", "a", "1002/b.txt", "b")
	testfs.Link(t, outside, b.path("_sent"))
	a := b.archive()
	a.Finish(t.Context())
	b.noNotes()
	if got := a.Troubles(); len(got) != 1 || got[0].Files != 2 || got[0].Path != "1001/a.txt" || !strings.Contains(got[0].Reason, "link") {
		t.Fatalf("%+v", got)
	}
	if left, err := os.ReadDir(filepath.Join(outside, "1001")); err != nil || len(left) > 0 {
		t.Fatal(left, err)
	}
	b.must(os.Remove(b.path("_sent")))
	// A link to a folder that holds the very file.
	b.must(os.Rename(b.path("1002"), filepath.Join(outside, "1002")))
	testfs.Link(t, filepath.Join(outside, "1002"), b.path("1002"))
	a.Finish(t.Context())
	b.must(os.Remove(b.path("1002")))
	b.stands("_sent/1001/a.txt", "a")
	if _, err := os.Stat(filepath.Join(outside, "1002", "b.txt")); err != nil || len(a.Troubles()) > 0 {
		t.Fatal(err, a.Troubles())
	}
}

// What can't be moved is told once, and costs a bounded effort until the next rescan.
func TestTroubleIsBounded(t *testing.T) {
	b := newBench(t, t.TempDir())
	b.write("_sent", "a file in the way")
	var files []string
	for i := range 100 {
		files = append(files, "1001/"+strings.Repeat("x", i+1)+".txt", strings.Repeat("y", i+1))
	}
	b.sent(files...)
	tried := 0
	b.opts.mostFailed = 20
	b.opts.step = func(what string) error {
		if what == "noted" {
			tried++
		}
		return nil
	}
	a := b.archive()
	a.Finish(t.Context())
	got := a.Troubles()
	if len(got) != 1 || got[0].Files != batchSize || !got[0].More {
		t.Fatalf("%+v", got)
	}
	a.roots[0].pass(t.Context(), false) // a receipt
	if tried > 0 {
		t.Errorf("%d notes for files of which none can be moved", tried)
	}
	b.must(os.Remove(b.path("_sent")))
	for range 2 {
		a.Finish(t.Context())
	}
	if n := len(b.tree()); n != len(files)/2 || len(a.Troubles()) > 0 || len(b.known()) > 0 {
		t.Fatalf("%d files, %+v, %d places", n, a.Troubles(), len(b.known()))
	}
}

// A root that is offline or paused isn't touched.
func TestNotReady(t *testing.T) {
	b := newBench(t, t.TempDir())
	b.sent("1001/a.txt", "a", "1001/b.txt", "b")
	b.opts.Ready = func(root string) bool { return root != b.root }
	b.pass()
	b.stands("1001/a.txt", "a", "1001/b.txt", "b")
	asked := 0
	b.opts.Ready = func(string) bool { asked++; return asked < 3 } // it goes while the first is moved
	b.pass()
	b.stands("_sent/1001/a.txt", "a", "1001/b.txt", "b")
	b.opts.Ready = func(string) bool { return true }
	b.pass()
	b.stands("_sent/1001/a.txt", "a", "_sent/1001/b.txt", "b")
	b.noNotes()
}

// The loops wake up by receipts and rescans, and by nothing else.
func TestWakeUps(t *testing.T) {
	b := newBench(t, t.TempDir())
	ended := make(chan bool, 100)
	b.opts.step = func(what string) error {
		if what == "ended" {
			ended <- true
		}
		return nil
	}
	b.sent("1001/a.txt", "a")
	a := b.archive()
	a.Start(t.Context())
	defer a.Stop()
	<-ended // what there is at the start
	b.sent("1001/b.txt", "b")
	a.Sent()
	<-ended
	b.sent("1001/c.txt", "c")
	a.Rescanned(b.root)
	<-ended
	a.Stop()
	b.stands("_sent/1001/a.txt", "a", "_sent/1001/b.txt", "b", "_sent/1001/c.txt", "c")
}

// A root that hangs is waited for until ctx ends, and is not worked on twice.
func TestFinishOfARootThatHangs(t *testing.T) {
	t.Parallel()
	b := newBench(t, t.TempDir())
	b.sent("1001/a.txt", "a")
	hangs, free := make(chan struct{}), make(chan struct{})
	b.opts.step = func(what string) error {
		if what == "noted" {
			close(hangs) // which panics where it comes twice
			<-free
		}
		return nil
	}
	a := b.archive()
	ctx, cancel := context.WithCancel(t.Context())
	finished := make(chan struct{})
	go func() {
		defer close(finished)
		a.Finish(ctx)
	}()
	<-hangs
	a.Finish(t.Context())
	select {
	case <-finished:
		t.Error("it did not wait for the file at hand")
	default:
	}
	cancel()
	<-finished
	close(free)
	a.roots[0].passing.Lock() // until it has ended
	b.stands("1001/a.txt", "a")
}
