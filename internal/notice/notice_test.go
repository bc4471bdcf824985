package notice

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"bloxdrop/internal/testfs"
	"bloxdrop/internal/words"
	"bloxdrop/store"
	"bloxdrop/watcher"
)

const unknown1234 = "1234 - Bakker/! NOT SENT - Bloxs does not know number 1234"

// TestCauses has a notice say each thing that may be wrong with files.
func TestCauses(t *testing.T) {
	b := newBench(t)
	b.write("1234 - Bakker/a.txt", "a")
	b.write("1234 - Bakker/deep/b.txt", "b")
	b.write("1001 - Visser/c.txt", "c")
	b.write("1002/virus.xlsm", "d")
	b.write("1002/large.bin", strings.Repeat("large", 300))
	b.write("1002/perhaps.txt", "e")
	b.write("New folder/f.txt", "f")
	b.write("New folder/~$f.txt", "ignored")
	b.write("loose.txt", "g")
	b.write("1003/ours.txt", "h")
	b.look()
	b.unknown("1234")
	b.hold("1001 - Visser/c.txt", store.NameMismatch, `the folder says "Visser", but person 1001 is "A. Jansen"`, 0)
	b.hold("1002/virus.xlsm", store.Rejected, "415: The file holds a virus", 1)
	b.hold("1002/large.bin", store.Rejected, "larger than max_size", 0)
	b.lost("1002/perhaps.txt")
	b.look()
	mismatch := "1001 - Visser/! NOT SENT - the name does not fit number 1001"
	refused := "1002/! NOT SENT - a file is too large"
	nobodys := "! NOT SENT - no person's folder"
	b.stands(unknown1234, mismatch, refused, "New folder/"+nobodys, nobodys)
	b.says(unknown1234+".bloxdrop.txt", "2 files are not sent to Bloxs, since Bloxs does not know number 1234.", "a.txt deep/b.txt", "the person has to be added", "Delete this notice", "Ask Anna.")
	b.says(mismatch+".bloxdrop.txt", "One file is not sent", "another name than “Visser”", "confirmed by Anna")
	if strings.Contains(b.read(mismatch+".bloxdrop.txt"), "Jansen") {
		t.Error("a notice gives the name of a person who may be somebody else")
	}
	b.says(refused+".bloxdrop.txt", "This file is too large for Bloxs: large.bin 2 KB Bloxs takes files of up to 1 KB. Scan it again", "Bloxs does not take this file: virus.xlsm The file holds a virus", "perhaps.txt", "do not send it again", "looked after by Anna")
	b.says("New folder/"+nobodys+".bloxdrop.txt", "One file stands right here", "f.txt", "for example: 1234 - Jansen Or give this folder such a name")
	b.says(nobodys+".bloxdrop.txt", "loose.txt")
	b.says(watcher.PageName, "5 folders need somebody", "1234 - Bakker", "A file is too large. Bloxs does not take it. It is looked after", "Here, in no folder")
	page := b.read(watcher.PageName)
	for _, name := range []string{"a.txt", "b.txt", "virus", "loose.txt", "ours.txt", "href=", "src="} {
		if strings.Contains(page, name) {
			t.Errorf("the page has %q", name)
		}
	}
	if st := b.watcher.Status()[0]; st.Ignored != 1 || st.Unmatched != 2 {
		t.Errorf("%+v: notices count as documents", st)
	}

	// All is mended, but for one that is uncertain.
	b.must(b.store.PersonFound(person("1234"), []string{"Bakker"}))
	b.must(os.Rename(b.path("1001 - Visser"), b.path("1001 - Jansen")))
	b.must(os.Remove(b.path("1002/virus.xlsm")))
	b.must(os.Remove(b.path("1002/large.bin")))
	b.must(os.Remove(b.path("loose.txt")))
	b.must(os.Rename(b.path("New folder"), b.path("1004")))
	b.look()
	perhaps := "1002/! PERHAPS SENT - do not send it again"
	b.stands(perhaps)
	b.says(watcher.PageName, "One folder needs somebody")
	b.must(b.store.Resolve(b.at("1002/perhaps.txt").ID, true, 4711))
	b.look()
	b.stands()
	b.says(watcher.PageName, "All is well", "<b>1</b> file delivered")
}

// TestDeleted takes a deletion by a colleague for their word, once, and no
// other going of a notice for one.
func TestDeleted(t *testing.T) {
	b := newBench(t)
	b.write("1234 - Bakker/a.txt", "a")
	b.write("1234 - Bakker/perhaps.txt", "b")
	b.write("1002/c.txt", "c")
	b.look()
	b.lost("1234 - Bakker/perhaps.txt")
	b.hold("1234 - Bakker/a.txt", store.Rejected, "no", 1)
	b.hold("1002/c.txt", store.Rejected, "no", 1)
	b.look()
	refused := "/! NOT SENT - Bloxs does not take a file"
	b.stands("1002"+refused, "1234 - Bakker"+refused)
	state := func(rel string, want store.State) {
		t.Helper()
		if is := b.at(rel).State; is != want {
			t.Fatalf("%s is %s, want %s\n%s", rel, is, want, b.log)
		}
	}
	remove := func(rel string) { b.must(os.Remove(b.path(rel + refused + ".bloxdrop.txt"))) }

	b.restart()
	remove("1234 - Bakker")
	b.look() // also over a restart
	state("1234 - Bakker/a.txt", store.Waiting)
	state("1234 - Bakker/perhaps.txt", store.Held)
	state("1002/c.txt", store.Held)
	b.look()
	b.stands("1002"+refused, "1234 - Bakker/! PERHAPS SENT - do not send it again")
	b.hold("1234 - Bakker/a.txt", store.Rejected, "no", 1)
	b.look()
	b.stands("1002"+refused, "1234 - Bakker"+refused)
	b.look()
	state("1234 - Bakker/a.txt", store.Held)

	// Gone with its folder; in another root's place; renamed; and never written, by what is remembered.
	b.must(os.Rename(b.path("1002"), b.path("..")+"/1002"))
	b.pass()
	b.must(os.Rename(b.path("..")+"/1002", b.path("1002")))
	remove("1002")
	b.look()
	state("1002/c.txt", store.Held)
	b.stands("1002"+refused, "1234 - Bakker"+refused)
	b.must(os.Rename(b.path("1002"+refused+".bloxdrop.txt"), b.path("1002/! my own words.bloxdrop.txt")))
	b.look()
	state("1002/c.txt", store.Held)
	b.stands("1002"+refused, "1234 - Bakker"+refused)
	b.must(os.Remove(filepath.Join(b.opts.Dir, "notices.json")))
	b.restart()
	remove("1002")
	b.look()
	state("1002/c.txt", store.Held)
	b.stands("1002"+refused, "1234 - Bakker"+refused)
	b.must(os.Rename(b.path(".bloxdrop"), b.path(".bloxdrop-away"))) // the share is not mounted
	remove("1002")
	b.look2(false)
	state("1002/c.txt", store.Held)
	b.must(os.Rename(b.path(".bloxdrop-away"), b.path(".bloxdrop")))
	b.look()
	state("1002/c.txt", store.Waiting)
}

// look2 is look for a root that is offline.
func (b *bench) look2(online bool) {
	b.t.Helper()
	b.watcher.RescanNow()
	b.until(func() bool { return b.watcher.Status()[0].Online == online })
	b.pass()
}

// stamps are the identities and times of all that stands there.
func (b *bench) stamps() (all string) {
	b.t.Helper()
	for _, rel := range b.standing() {
		look, _, err := store.LookAt(b.path(rel))
		b.must(err)
		all += fmt.Sprintln(rel, look.Inode, look.ModTime, look.ChangeTime)
	}
	return all
}

// TestNothingChanged writes nothing, however often it looks; the page once an hour.
func TestNothingChanged(t *testing.T) {
	b := newBench(t)
	b.write("1234 - Bakker/a.txt", "a")
	b.write("loose.txt", "b")
	b.look()
	b.unknown("1234")
	b.look()
	before := b.stamps()
	if strings.Count(before, "\n") != 3 {
		t.Fatal(before)
	}
	for range 5 {
		b.pass()
		b.look()
	}
	if after := b.stamps(); after != before {
		t.Errorf("written again:\n%s\n%s", before, after)
	}
	b.later += time.Hour
	b.look()
	page := strings.Index(before, watcher.PageName)
	if after := b.stamps(); after == before || after[:page] != before[:page] {
		t.Errorf("the page should have been renewed, and nothing else:\n%s\n%s", before, after)
	}
	b.restart()
	before = b.stamps()
	b.look()
	if after := b.stamps(); after[:page] != before[:page] {
		t.Errorf("written again after a restart:\n%s\n%s", before, after)
	}
}

// TestMany makes a bounded number of files.
func TestMany(t *testing.T) {
	b := newBench(t)
	b.opts.mostFolders = 10
	b.restart()
	var offers []store.Offer
	for i := range 10_000 {
		id := fmt.Sprint(2000 + i%50)
		if i < 50 {
			b.must(os.Mkdir(b.path(id), 0o755))
		}
		o := store.Offer{Root: b.root, Rel: fmt.Sprintf("%s/%04d.txt", id, i), Person: person(id), Look: store.Look{Size: 1, ModTime: 1, Inode: uint64(i + 1)}}
		o.SHA256[0], o.SHA256[1] = byte(i), byte(i>>8)
		offers = append(offers, o)
	}
	b.must(b.store.Offer(offers))
	for i := range 50 {
		b.unknown(fmt.Sprint(2000 + i))
	}
	began := time.Now()
	b.pass()
	t.Logf("10,000 held files are looked through in %v", time.Since(began))
	if got := b.standing(); len(got) != 11 {
		t.Errorf("%d files: %q", len(got), got)
	}
	b.says(watcher.PageName, "10 folders need somebody", "8,000 more files in other folders.", "<b>10,000</b>")
	rel := b.standing()[0]
	b.says(rel, "200 files are not sent", "and 180 more")
	if n := len(b.read(rel)); n > 2000 {
		t.Errorf("%d bytes in a notice", n)
	}
}

// TestForeign leaves alone what isn't bloxdrop's, and follows no link.
func TestForeign(t *testing.T) {
	b := newBench(t)
	name := unknown1234 + ".bloxdrop.txt"
	b.write("1234 - Bakker/a.txt", "a")
	b.write(name, "somebody's own")
	b.write("1001/! my list.bloxdrop.txt", "somebody's own")
	b.write(watcher.PageName, "somebody's own")
	b.write("1002/! what I wrote.bloxdrop.txt", "It said:\r\n"+watcher.NoticeMark+"\r\n")
	b.write("1003/letter.txt", "d")
	b.write("1003/"+watcher.TempNotice, "somebody's own")
	b.look()
	b.unknown("1003")
	b.unknown("1234")
	b.look()
	for _, rel := range []string{name, "1001/! my list.bloxdrop.txt", watcher.PageName} {
		if got := b.read(rel); got != "somebody's own" {
			t.Errorf("%s was touched: %q", rel, got)
		}
	}
	if got := b.read("1003/" + watcher.TempNotice); got != "somebody's own" {
		t.Errorf("a temporary name was taken from somebody: %q", got)
	}
	b.read("1002/! what I wrote.bloxdrop.txt")
	if all := b.notices.Troubles(); len(all) != 1 || !strings.Contains(all[0].Reason, "not bloxdrop's") {
		t.Errorf("%+v", all)
	}
	if st := b.watcher.Status()[0]; st.Ignored != 4 {
		t.Errorf("%+v: a file counts as nothing that bloxdrop did not write", st)
	}
	b.must(os.Remove(b.path(name)))
	elsewhere := filepath.Join(t.TempDir(), "elsewhere")
	b.must(os.MkdirAll(elsewhere, 0o755))
	b.must(os.RemoveAll(b.path("1234 - Bakker")))
	testfs.Link(t, elsewhere, b.path("1234 - Bakker"))
	b.pass()
	if entries, err := os.ReadDir(elsewhere); err != nil || len(entries) > 0 {
		t.Errorf("a link was followed: %v, %v", entries, err)
	}
}

// TestOtherLanguage replaces what a former setting has left, and what a kill has.
func TestOtherLanguage(t *testing.T) {
	b := newBench(t)
	b.write("1234 - Bakker/a.txt", "a")
	b.write("1001/fine.txt", "b")
	b.look()
	b.unknown("1234")
	b.look()
	b.stands(unknown1234)
	b.write("1001/"+watcher.TempNotice, "\ufeff"+watcher.NoticeMark+"\r\nhalf a no")
	b.opts.Words = words.In(words.Dutch)
	b.restart()
	b.look()
	b.stands("1234 - Bakker/! NIET VERZONDEN - Bloxs kent nummer 1234 niet")
	b.says("1234 - Bakker/! NIET VERZONDEN - Bloxs kent nummer 1234 niet.bloxdrop.txt", "niet naar Bloxs verzonden", "Vraag het aan Anna")
	b.says(watcher.PageName, `lang="nl"`, "Eén map vraagt aandacht")
	if it := b.at("1234 - Bakker/a.txt"); it.State != store.Held || strings.Contains(b.log.String(), "has deleted") {
		t.Errorf("the former notice counts as deleted: %+v\n%s", it, b.log)
	}
	b.opts.InShare = false
	b.restart()
	b.look()
	if got := b.standing(); len(got) > 0 {
		t.Errorf("left: %q", got)
	}
	b.opts.InShare = true
	b.restart()
	b.look()
	if it := b.at("1234 - Bakker/a.txt"); it.State != store.Held || strings.Contains(b.log.String(), "has deleted") {
		t.Errorf("what bloxdrop took away counts as deleted: %+v\n%s", it, b.log)
	}
}

// TestSkipped tells of no file that existing = "skip" leaves alone.
func TestSkipped(t *testing.T) {
	b := newBenchOf(t, func(b *bench) {
		b.write("old.txt", "old")
		b.write("Archive/old.txt", "old")
		b.write("1234 - Bakker/old.txt", "old")
		if _, err := b.store.WantBaseline(b.root); err != nil {
			b.t.Fatal(err)
		}
	})
	b.look()
	b.stands()
	b.write("new.txt", "newer")
	b.look()
	b.stands("! NOT SENT - no person's folder")
	b.says("! NOT SENT - no person's folder.bloxdrop.txt", "One file", "new.txt")
	b.says(watcher.PageName, "<b>1</b> need somebody")
}

// TestPaused says on the page that nothing is sent, once that has lasted.
func TestPaused(t *testing.T) {
	b := newBench(t)
	b.look()
	b.says(watcher.PageName, "All is well", "At the latest"[1:])
	b.must(b.queue.PauseByHand())
	b.look()
	b.says(watcher.PageName, "All is well")
	b.later += 5 * time.Minute
	b.look()
	b.says(watcher.PageName, "Nothing is sent at the moment", "Sending is paused by hand, since on ", "Nothing is lost")
	b.must(b.queue.Resume())
	b.look()
	b.says(watcher.PageName, "All is well")
}

// TestSlow tells of what should have settled long ago.
func TestSlow(t *testing.T) {
	b := newBench(t)
	b.write("1001/scan.pdf", "%PDF-1.7 and no end")
	was := b.watcher.Status()[0].LastRescan
	b.watcher.RescanNow()
	b.until(func() bool {
		why, _ := b.watcher.Barred(b.root)
		return why == "" && b.watcher.Status()[0].LastRescan.After(was) && len(b.watcher.Settling()) == 1
	})
	b.later = 59 * time.Minute
	b.pass()
	b.stands()
	b.later = time.Hour + time.Minute
	b.pass()
	b.stands("1001/! NOT SENT - a file is not finished")
}

func TestNames(t *testing.T) {
	for id, want := range map[string]string{
		`A/1:2*"?<>|\`: "A_1_2______" + "_", "1\u202e2": "1_2", "Ö-1": "Ö-1", strings.Repeat("9", 80): strings.Repeat("9", 39) + "…",
	} {
		if got := forName(id); got != want {
			t.Errorf("%q becomes %q, want %q", id, got, want)
		}
	}
	var p paper
	p.say(strings.Repeat("word ", 40))
	for line := range strings.Lines(p.String()) {
		if len(line) > width+2 || !strings.HasSuffix(line, "\r\n") {
			t.Errorf("%q", line)
		}
	}
}

// TestMode lets everybody read a notice who may enter its folder.
func TestMode(t *testing.T) {
	b := newBench(t)
	b.write("1234 - Bakker/a.txt", "a")
	b.must(os.Chmod(b.path("1234 - Bakker"), 0o770))
	b.look()
	b.unknown("1234")
	b.look()
	info, err := os.Stat(b.path(unknown1234 + ".bloxdrop.txt"))
	b.must(err)
	if dir, err := os.Stat(b.path("1234 - Bakker")); err == nil && dir.Mode().Perm() == 0o770 && info.Mode().Perm() != fs.FileMode(0o664) {
		t.Errorf("%v", info.Mode())
	}
}
