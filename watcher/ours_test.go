package watcher

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

const (
	aNotice = "\ufeff" + NoticeMark + "\r\n\r\n2 files are not sent to Bloxs.\r\n  Lease.pdf\r\n"
	aPage   = "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n" + PageMark + "\n</head>\n<p>All is well\n"
)

// copies are names that sync clients, file managers and colleagues give to a
// copy of a notice or of the page.
func copies() map[string]string {
	all := map[string]string{}
	for _, name := range []string{
		"! NOT SENT - x.bloxdrop - Copy.txt", "! NOT SENT - x.bloxdrop - kopie.txt", "! NOT SENT - x.bloxdrop (2).txt", "! NOT SENT - x.bloxdrop copy 3.txt",
		"! NOT SENT - x.bloxdrop-conflict-2026.txt", "! NOT SENT - x.bloxdrop.sync-conflict-20261127-114036-ABCDEFG.txt",
		"! NOT SENT - x.bloxdrop (conflicted copy 2026-11-27 114036).txt", "! NOT SENT - x.bloxdrop-DESKTOP7.txt",
		"! NOT SENT - x.bloxdrop (Anna's conflicted copy 2026-11-27).TXT", "! NOT SENT - x.bloxdrop_conflict-20261127-114036.txt",
		"! NOT SENT - x.bloxdrop.txt~", "! NOT SENT - x.bloxdrop.txt.bak", "remember this.txt",
	} {
		all[name] = aNotice
	}
	for _, name := range []string{"_bloxdrop - Copy.html", "_bloxdrop (1).html", "Copy of _bloxdrop.html", "From here to Bloxs.htm"} {
		all[name] = aPage
	}
	all["converted.txt"] = "\xff\xfe\xff\xfe" + strings.Join(strings.Split(NoticeMark+"\r\n", ""), "\x00") + "\x00"
	all["saved as Unicode.txt"] = "\xff\xfe" + strings.Join(strings.Split(NoticeMark+"\r\n", ""), "\x00") + "\x00"
	all["saved.html"] = "<!DOCTYPE html>\n<!-- saved from url=(0042)file:///S:/scans/_bloxdrop.html -->\n" + strings.TrimPrefix(aPage, "<!doctype html>\n")
	all["! NOT SENT - x.bloxdrop.new.txt"] = "\n " + strings.TrimPrefix(aNotice, "\ufeff") + "Piet: I have phoned them\n"
	return all
}

// documents are none of ours, whatever they quote.
func documents() map[string]string {
	return map[string]string{
		"mail.txt":               "Hello Anna,\r\nthis stood there:\r\n" + aNotice,
		"mail.html":              "<!doctype html>\n<title>bloxdrop</title><pre>&lt;meta name=\"generator\" content=\"bloxdrop\"&gt;</pre>",
		"late.html":              "<!doctype html>\n" + strings.Repeat("<p>text\n", 200) + PageMark,
		"part.html":              PageMark,
		"bloxdrop - manual.txt":  "How we use it",
		"notice.pdf":             "%PDF-1.7 " + NoticeMark + " %%EOF",
		"notice.dat":             NoticeMark, // no more than a name that says nothing
		"large.txt":              NoticeMark + strings.Repeat("x", LargestNotice),
		"short.txt":              NoticeMark[:9],
		"! list.bloxdrop - 2.md": "x",
	}
}

// TestCopies: what bloxdrop wrote is sent under no name, and each document is.
func TestCopies(t *testing.T) {
	t.Parallel()
	b := newBench(t, nil)
	var want []string
	for name, text := range copies() {
		b.write("1 - Jansen/deep/"+name, text)
	}
	for name, text := range documents() {
		b.write("1 - Jansen/deep/"+name, text)
		want = append(want, "1 - Jansen/deep/"+name)
	}
	slices.Sort(want)
	b.Start(t.Context())
	b.settled()
	b.wantPlaces(want...)
	if s := b.Status()[0]; s.Ignored != len(copies()) || s.Settling != 0 || len(b.Settling()) > 0 {
		t.Errorf("%+v, settling %+v", s, b.Settling())
	}
	b.wantSum()
	for name := range copies() {
		if c := b.Classify(filepath.Join(b.dir, "1 - Jansen/deep", name)); c.Kind != Copied || !strings.Contains(c.Reason, "notices") {
			t.Errorf("%s is %+v", name, c)
		}
	}
	b.rescan()
	b.settled()
	b.wantSum()

	// It is a document from the moment at which it says something else.
	rel := "1 - Jansen/deep/remember this.txt"
	b.write(rel, "Piet: I have phoned them")
	b.rescan()
	b.until("the document", func() bool { _, ok := b.q.place(rel); return ok })
	b.wantSum()
	// And none any more when a copy is put in its place.
	b.write(rel, aNotice)
	b.rescan()
	b.until("no document", func() bool { _, ok := b.q.place(rel); return !ok })
	b.settled()
	b.wantSum()
	if err := os.RemoveAll(filepath.Join(b.dir, "1 - Jansen")); err != nil {
		t.Fatal(err)
	}
	b.rescan()
	b.until("nothing", func() bool { return b.Status()[0].Ignored == 0 })
	b.wantSum()
}

// TestCopiesNobodyHas: a copy in no person's folder is no stray document, and
// is read once.
func TestCopiesNobodyHas(t *testing.T) {
	t.Parallel()
	b := newBench(t, nil)
	b.write("_bloxdrop - Copy.html", aPage)
	b.write("New folder/! x.bloxdrop (2).txt", aNotice)
	b.write("New folder/bloxdrop manual.txt", "How we use it")
	b.write("New folder/loose.txt", "x")
	b.Start(t.Context())
	b.settled()
	if s := b.Status()[0]; s.Ignored != 2 || s.Unmatched != 2 {
		t.Errorf("%+v", s)
	}
	b.wantSum()
	list, _ := b.Besides(b.dir)
	if len(list) != 1 || list[0].Rel != "New folder" || list[0].Stranded != 2 {
		t.Errorf("%+v", list)
	}
}

// TestNamedAsOurs: a name alone makes nothing bloxdrop's.
func TestNamedAsOurs(t *testing.T) {
	t.Parallel()
	b := newBench(t, nil)
	b.write("1 - Jansen/! NOT SENT - x.bloxdrop.txt", aNotice)
	b.write("1 - Jansen/! my list.bloxdrop.txt", "my own")
	b.write("1 - Jansen/list.bloxdrop.txt", "my own")
	b.write("1 - Jansen/Copy of ! x.bloxdrop.txt", aNotice)
	b.write("_bloxdrop.html", "my own")
	b.Start(t.Context())
	b.settled()
	for rel, want := range map[string]Kind{"1 - Jansen/! NOT SENT - x.bloxdrop.txt": Own, "1 - Jansen/! my list.bloxdrop.txt": Ignored, "1 - Jansen/list.bloxdrop.txt": Ignored, "1 - Jansen/Copy of ! x.bloxdrop.txt": Ignored, "_bloxdrop.html": Ignored} {
		if c := b.Classify(filepath.Join(b.dir, rel)); c.Kind != want {
			t.Errorf("%s is %+v, want %s", rel, c, want)
		}
	}
	sees := func(ignored, notices int) {
		t.Helper()
		list, _ := b.Besides(b.dir)
		n := 0
		for _, s := range list {
			n += s.Notices
		}
		if s := b.Status()[0]; s.Ignored != ignored || n != notices {
			t.Errorf("%+v, %+v, want %d ignored and %d notices", s, list, ignored, notices)
		}
		b.wantSum()
	}
	sees(4, 1)
	b.rescan()
	sees(4, 1)
	b.write("1 - Jansen/! my list.bloxdrop.txt", aNotice)
	b.rescan()
	sees(3, 2)
	b.write("1 - Jansen/! my list.bloxdrop.txt", "my own again")
	b.rescan()
	sees(4, 1)
}

// TestCopiesInASurvey: a command that looks while nothing runs sees the same.
func TestCopiesInASurvey(t *testing.T) {
	t.Parallel()
	b := newBench(t, nil)
	b.write("1 - Jansen/note.txt", aNotice)
	b.write("1 - Jansen/letter.txt", "dear")
	b.Survey(t.Context())
	if s := b.Status()[0]; s.Ignored != 1 || s.Settling != 1 {
		t.Errorf("%+v", s)
	}
	b.wantSum()
}

// TestManyCopies keep no document out: they take no room of what settles.
func TestManyCopies(t *testing.T) {
	t.Parallel()
	b := newBench(t, func(o *Options) { o.settlers = 16 })
	for i := range 16 {
		b.write(fmt.Sprintf("1 - Jansen/note %02d.txt", i), aNotice)
	}
	b.Start(t.Context())
	b.settled()
	var want []string
	for i := range 40 {
		want = append(want, fmt.Sprintf("2 - Bakker/letter %02d.txt", i))
		b.write(want[i], fmt.Sprint(i))
	}
	b.rescan()
	b.settled()
	b.wantPlaces(want...)
	if n := b.Status()[0].Ignored; n != 16 {
		t.Errorf("%d ignored", n)
	}
	b.write("1 - Jansen/note 00.txt", "none any more")
	b.write("1 - Jansen/one more.txt", aNotice)
	b.rescan()
	b.until("it", func() bool { _, ok := b.q.place("1 - Jansen/note 00.txt"); return ok })
	b.rescan()
	b.until("the other", func() bool { return b.Status()[0].Ignored == 16 })
	b.wantSum()
}

// Who begins with words of their own has written a document, whatever follows;
// and what stands behind the first bytes of a notice makes it none.
func FuzzWrote(f *testing.F) {
	for _, text := range copies() {
		f.Add("Dear Anna, ", text)
	}
	for _, text := range documents() {
		f.Add("x", text)
	}
	f.Fuzz(func(t *testing.T, own, text string) {
		if own != "" && strings.IndexByte("\x00 \t\r\n<[\xef\xff\xfe", own[0]) < 0 && Wrote([]byte(own+text)) {
			t.Errorf("%q counts as bloxdrop's", own+text)
		}
		if len(text) < headSize && Wrote([]byte(text)) && !Wrote([]byte(text+"\r\n"+own)) {
			t.Errorf("%q is no copy with %q behind it", text, own)
		}
	})
}

// TestCopyOverADocument: where case makes no difference the ledger has names of its own.
func TestCopyOverADocument(t *testing.T) {
	t.Parallel()
	b := newBench(t, func(o *Options) { o.fold = strings.ToLower; o.Queue.(*ledger).fold = strings.ToLower })
	b.write("1 - Jansen/Letter.TXT", "dear")
	b.Start(t.Context())
	b.settled()
	b.wantPlaces("1 - Jansen/Letter.TXT")
	b.write("1 - Jansen/Letter.TXT", aNotice)
	b.rescan()
	b.until("no document", func() bool { return len(b.q.rels()) == 0 })
	b.wantSum()
}
