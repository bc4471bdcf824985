package notice

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"strings"
	"sync"
	"testing"
	"time"

	"bloxdrop/internal/below"
	"bloxdrop/internal/layout"
	"bloxdrop/store"
	"bloxdrop/watcher"
)

const nobodysNotice = "! NOT SENT - no person's folder"

// TestDeletedOfNobody: a notice asks another try for what it tells of, and the
// one of stray files tells of no person's.
func TestDeletedOfNobody(t *testing.T) {
	b := newBench(t)
	b.write("1234 - Bakker/a.txt", "a")
	b.write("loose.txt", "b")
	b.look()
	b.hold("1234 - Bakker/a.txt", store.Rejected, "no", 1)
	b.look()
	refused := "1234 - Bakker/! NOT SENT - Bloxs does not take a file"
	b.stands(refused, nobodysNotice)
	b.must(os.Remove(b.path(nobodysNotice + ".bloxdrop.txt")))
	b.look()
	b.look()
	if it := b.at("1234 - Bakker/a.txt"); it.State != store.Held {
		t.Errorf("another folder's file is tried again: %+v\n%s", it, b.log)
	}
	b.stands(refused, nobodysNotice)
}

// TestDeletedAboveOthers is that of a folder which is nobody's, with persons' folders in it.
func TestDeletedAboveOthers(t *testing.T) {
	b := newBenchOf(t, func(b *bench) {
		pattern, err := layout.Parse("*/{reference}")
		b.must(err)
		b.relay(pattern)
		b.write("Utrecht/1234/a.txt", "a")
		b.write("Utrecht/loose.txt", "b")
	})
	b.look()
	b.hold("Utrecht/1234/a.txt", store.Rejected, "no", 1)
	b.look()
	refused := "Utrecht/1234/! NOT SENT - Bloxs does not take a file"
	b.stands(refused, "Utrecht/"+nobodysNotice)
	b.must(os.Remove(b.path("Utrecht/" + nobodysNotice + ".bloxdrop.txt")))
	b.look()
	b.look()
	if it := b.at("Utrecht/1234/a.txt"); it.State != store.Held {
		t.Errorf("a person's file is tried again: %+v\n%s", it, b.log)
	}
	b.stands(refused, "Utrecht/"+nobodysNotice)
	b.must(os.Remove(b.path(refused + ".bloxdrop.txt")))
	b.look()
	if it := b.at("Utrecht/1234/a.txt"); it.State != store.Waiting {
		t.Errorf("the person's own notice does not count: %+v", it)
	}
}

// TestDeletedOnAndOn: a program that deletes notices does not have Bloxs asked
// each minute, and a colleague's own file keeps nobody from asking.
func TestDeletedOnAndOn(t *testing.T) {
	b := newBench(t)
	b.write("1234 - Bakker/a.txt", "a")
	b.write("1234 - Bakker/! my list.bloxdrop.txt", "my own")
	b.look()
	var asked int
	hold := func() {
		if b.at("1234 - Bakker/a.txt").State == store.Waiting {
			asked++
			b.hold("1234 - Bakker/a.txt", store.Rejected, "no", 1)
		}
	}
	hold()
	asked = 0
	for range 120 {
		b.look()
		_ = os.Remove(b.path("1234 - Bakker/! NOT SENT - Bloxs does not take a file.bloxdrop.txt"))
		hold()
	}
	if asked < 5 || asked > 15 {
		t.Errorf("asked %d times in two hours\n%s", asked, b.log)
	}
	b.later += time.Hour
	b.look()
	b.look()
	hold()
	b.later += time.Hour
	b.look()
	b.look()
	b.must(os.Remove(b.path("1234 - Bakker/! NOT SENT - Bloxs does not take a file.bloxdrop.txt")))
	b.look()
	if it := b.at("1234 - Bakker/a.txt"); it.State != store.Waiting {
		t.Errorf("after an hour's rest a deletion does not count: %+v", it)
	}
	b.read("1234 - Bakker/! my list.bloxdrop.txt")
}

// TestCreate goes over nothing that has come meanwhile, also where there are no links.
func TestCreate(t *testing.T) {
	base, err := os.OpenRoot(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	defer base.Close()
	at, err := below.Open(base, "1234 - Bakker/2026", 0o755)
	if err != nil {
		t.Fatal(err)
	}
	defer at.Close()
	write := func(name, text string) {
		t.Helper()
		if err := at.WriteFile(name, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want := func(name, want string) {
		t.Helper()
		if got, err := at.ReadFile(name); err != nil || string(got) != want {
			t.Errorf("%s has %q, %v, want %q", name, got, err, want)
		}
	}
	write("taken", "somebody's own")
	if _, err := create(at, "taken", []byte("ours")); !errors.Is(err, fs.ErrExist) {
		t.Errorf("a name that is taken: %v", err)
	}
	want("taken", "somebody's own")
	if _, err := at.Lstat(watcher.TempNotice); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a temporary file is left: %v", err)
	}
	if _, err := create(at, "free", []byte("ours")); err != nil {
		t.Error(err)
	}
	want("free", "ours")

	write(watcher.TempNotice, "ours")
	if err := createWithoutLinks(at, "taken"); !errors.Is(err, fs.ErrExist) {
		t.Errorf("a name that is taken, without links: %v", err)
	}
	want("taken", "somebody's own")
	if err := createWithoutLinks(at, "free too"); err != nil {
		t.Error(err)
	}
	want("free too", "ours")
	write(watcher.TempNotice, "ours, too")
	if err := renameByPath(at, "free too"); err != nil {
		t.Error(err)
	}
	want("free too", "ours, too")
	for i, stump := range []string{"", "\x00\x00", watcher.NoticeMark + "\r\nhalf a no"} {
		write(watcher.TempNotice, stump)
		name := fmt.Sprint("behind ", i)
		if _, err := create(at, name, []byte("ours")); err != nil {
			t.Errorf("behind %q: %v", stump, err)
		}
		want(name, "ours")
	}
}

// TestComesMeanwhile: what somebody puts under a notice's name is theirs.
func TestComesMeanwhile(t *testing.T) {
	b := newBench(t)
	b.write("1234 - Bakker/a.txt", "a")
	b.look()
	b.unknown("1234")
	b.look()
	name := unknown1234 + ".bloxdrop.txt"
	b.must(os.Remove(b.path(name)))
	b.write(name, "Piet: I have phoned them")
	b.look()
	if got := b.read(name); got != "Piet: I have phoned them" {
		t.Errorf("it was written over: %q", got)
	}
	if it := b.at("1234 - Bakker/a.txt"); it.State != store.Held {
		t.Errorf("%+v", it)
	}
	b.write(name, "") // as a kill leaves it where there are no links
	b.look()
	b.says(name, "Bloxs does not know number 1234")

	// Between the look that finds none and the notice's coming.
	b.must(os.Rename(b.path(name), b.path("1234 - Bakker/! renamed.bloxdrop.txt")))
	b.write(name, "Piet: and again")
	r := b.notices.roots[0]
	base, err := os.OpenRoot(b.root)
	b.must(err)
	defer base.Close()
	at, err := below.Open(base, "1234 - Bakker", 0)
	b.must(err)
	defer at.Close()
	r.soon = false
	b.must(r.seeNone(at, &folder{rel: "1234 - Bakker", id: "1234"}, path.Base(name), "a notice"))
	if got := b.read(name); got != "Piet: and again" || !r.soon {
		t.Errorf("it was written over: %q, looked at again soon: %v", got, r.soon)
	}
}

// TestEmpty tells of files without content once they have been that for a while.
func TestEmpty(t *testing.T) {
	b := newBench(t)
	b.look()
	b.write("1234 - Bakker/2026/scan.pdf", "")
	b.look()
	b.stands()
	b.later += longEmpty - 2*time.Minute
	b.write("1234 - Bakker/2026/other.pdf", "")
	b.look()
	b.stands()
	b.later += time.Minute
	b.look()
	notice := "1234 - Bakker/! NOT SENT - a file is empty"
	b.stands(notice)
	b.says(notice+".bloxdrop.txt", "There is nothing in one file", "2026/scan.pdf", "Scan or save it again", "Ask Anna")
	if text := b.read(notice + ".bloxdrop.txt"); strings.Contains(text, "Delete this notice") || strings.Contains(text, "other.pdf") {
		t.Error(text)
	}
	b.says(watcher.PageName, "One folder needs somebody", "A file is empty")
	b.later += longEmpty
	b.look()
	b.says(notice+".bloxdrop.txt", "There is nothing in 2 files")
	b.restart()
	before := b.stamps()
	b.look()
	if after := b.stamps(); strings.Split(after, "\n")[0] != strings.Split(before, "\n")[0] {
		t.Errorf("written again after a restart:\n%s\n%s", before, after)
	}
	b.write("1234 - Bakker/2026/scan.pdf", "%PDF-1.7 %%EOF")
	b.must(os.Remove(b.path("1234 - Bakker/2026/other.pdf")))
	b.look()
	b.stands()
}

// TestLongNames bounds what a notice and the page say of each.
func TestLongNames(t *testing.T) {
	b := newBench(t)
	deep := "1234 - Bakker" + strings.Repeat("/"+strings.Repeat("ordner ", 30)+"x", 8)
	b.write(deep+"/lease.txt", "a")
	b.look()
	b.unknown("1234")
	b.look()
	b.stands(unknown1234)
	text := b.read(unknown1234 + ".bloxdrop.txt")
	if !strings.Contains(text, "/lease.txt\r\n") || !strings.Contains(text, "  …") || len(text) > 1500 {
		t.Errorf("%d bytes: %s", len(text), text)
	}
}

// TestFinishOfARootThatHangs: a run that is ended by hand ends, though a share answers nobody.
func TestFinishOfARootThatHangs(t *testing.T) {
	b := newBench(t)
	b.look()
	hangs, free := make(chan struct{}), make(chan struct{})
	now := b.opts.Now
	b.opts.Now = sync.OnceValue(func() time.Time {
		close(hangs)
		<-free
		return now()
	})
	b.restart()
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan struct{})
	go func() {
		b.notices.Finish(ctx)
		close(ended)
	}()
	<-hangs
	cancel()
	select {
	case <-ended:
	case <-time.After(time.Minute):
		t.Error("it waits for the share")
	}
	close(free)
	<-ended
	b.pass() // behind the one that hung
}
