package e2e

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"bloxdrop/internal/bloxs/bloxstest"
	"bloxdrop/internal/control"
)

// TestNoticeCopies: a copy of what bloxdrop wrote never comes to Bloxs, under
// whatever name and in whosever folder, and each is explained; what somebody
// wrote is theirs, whatever its name.
func TestNoticeCopies(t *testing.T) {
	t.Parallel()
	o := newOffice(t, staff())
	o.write("1234 - Bakker/Lease.pdf", "%PDF-1.7 lease %%EOF")
	o.write("1001 - Jansen/quoted.txt", "This stood there:\r\n[bloxdrop-notice]\r\n")
	o.write("1001 - Jansen/! my own.bloxdrop.txt", "my own")
	o.write("1001 - Jansen/my own.bloxdrop.txt", "my own")
	o.start()
	o.untilSent(1)
	o.eventually("told", func() bool { return len(o.notices()) == 3 })
	o.page("1234 - Bakker")
	notice, err := os.ReadFile(o.the("1234 - Bakker/! NOT SENT"))
	o.must(err)
	page, err := os.ReadFile(filepath.Join(o.root, "_bloxdrop.html"))
	o.must(err)
	var copies []string
	for _, name := range []string{".bloxdrop - Copy.txt", ".bloxdrop (2).txt", ".bloxdrop.sync-conflict-20261127-114036-ABCDEFG.txt", ".txt"} {
		for _, dir := range []string{"1234 - Bakker/", "1001 - Jansen/deep/"} {
			copies = append(copies, o.write(dir+"! NOT SENT - Bloxs does not know number 1234"+name, string(notice)))
		}
	}
	copies = append(copies, o.write("1001 - Jansen/_bloxdrop (1).html", string(page)), o.write("_bloxdrop - Copy.html", string(page)))
	o.write("1001 - Jansen/last.txt", "last")
	o.untilSent(2)
	st := o.until("all are seen", func(st control.Status) bool { return st.Ignored == len(copies)+2 && st.Settling == 0 })
	o.addsUp(st)
	if st.Unmatched != 0 || st.Held != 1 || st.Files != len(copies)+5 {
		t.Errorf("%+v", st)
	}
	for _, path := range copies {
		o.explained(path, "ignored: it begins as bloxdrop's own notices do", "a copy", "to do: delete it")
	}
	o.explained(filepath.Join(o.root, "1001 - Jansen", "! my own.bloxdrop.txt"), "ignored", `"*.bloxdrop.txt"`, "to do: give it another name")
	if n := len(o.list("ignored")); n != len(copies)+2 {
		t.Errorf("%d ignored are listed", n)
	}

	// A notice that stands in another's folder under its own name is taken away; a copy is theirs to delete.
	moved := o.write("1001 - Jansen/"+filepath.Base(o.the("1234 - Bakker/! NOT SENT")), string(notice))
	o.eventually("taken away", func() bool { _, err := os.Stat(moved); return os.IsNotExist(err) })
	o.bloxs.Know("1234", bloxstest.Person{Name: "J. Bakker"})
	o.remove(o.the("1234 - Bakker/! NOT SENT"))
	o.untilSent(3)
	o.stop()
	st = o.status()
	if st.Ignored != len(copies)+2 || st.Settling != 0 {
		t.Errorf("with nothing running: %+v", st)
	}
	if out, _ := o.try("check"); !strings.Contains(out, fmt.Sprintf("3 sent, %d ignored", len(copies)+2)) || strings.Contains(out, "would be sent") {
		t.Error(out)
	}
	for _, f := range o.bloxs.Stored() {
		if strings.Contains(f.Name, "bloxdrop") || strings.Contains(f.Name, "NOT SENT") {
			t.Errorf("sent: %s", f.Name)
		}
	}
	for _, path := range append(copies, filepath.Join(o.root, "1001 - Jansen", "! my own.bloxdrop.txt")) {
		if _, err := os.Stat(path); err != nil {
			t.Errorf("bloxdrop took away what it did not put there: %v", err)
		}
	}
}

// TestNoticeInAnEditor: what editors leave beside a notice that a colleague has
// open, and her own saves of it, are no documents: none is sent, and none is
// deleted as sent.
func TestNoticeInAnEditor(t *testing.T) {
	t.Parallel()
	o := newOffice(t, staff(), after("delete")...)
	o.bloxs.Uploads.Next(bloxstest.Status(415))
	refused := o.write("1001 - Jansen/refused.bin", "refused")
	o.start()
	const dir = "1001 - Jansen/"
	var name, text string
	o.eventually("told", func() bool {
		for rel, is := range o.notices() {
			name, text = strings.TrimPrefix(rel, dir), is
		}
		return name != ""
	})
	kept := []string{
		o.write(dir+name+"~", text), o.write(dir+"#"+name+"#", text), // gedit and others, Emacs
		o.write(dir+"."+name+".swp", "b0VIM 9.1 "+text), o.write(dir+".~lock."+name+"#", ",anna,pc7;"), // Vim, LibreOffice
		o.write(dir+"notes.txt", text+"\r\nPiet: I have phoned them"), // her own save of it
	}
	o.write(dir+name+".tmp", text+"\r\nPiet: I have phoned them")
	o.rename(filepath.Join(o.root, dir+name+".tmp"), filepath.Join(o.root, dir+name)) // and one in its place
	o.write(dir+"lease.txt", "lease")
	o.untilSent(1)
	o.remove(refused)
	o.eventually("taken away", func() bool { return len(o.notices()) == 0 })
	o.write(dir+name, text) // she saves it once more
	o.eventually("taken away again", func() bool { return len(o.notices()) == 0 })
	o.until("at rest", func(st control.Status) bool {
		return st.Settling+st.Waiting == 0 && st.Files == len(kept) && st.Ignored == len(kept)
	})
	if got := o.bloxs.Stored(); len(got) != 1 || got[0].Name != "lease.txt" {
		t.Errorf("sent: %+v", got)
	}
	for _, path := range kept {
		if _, err := os.Stat(path); err != nil {
			t.Error(err)
		}
	}
}

// the is the path of the one notice whose path begins so.
func (o *office) the(start string) string {
	o.t.Helper()
	var found []string
	for rel, text := range o.notices() {
		if strings.HasPrefix(rel, start) && strings.HasSuffix(rel, "1234.bloxdrop.txt") && strings.HasPrefix(text, "\ufeff[bloxdrop-notice]") {
			found = append(found, rel)
		}
	}
	if len(found) != 1 {
		o.t.Fatalf("%q are notices", found)
	}
	return filepath.Join(o.root, filepath.FromSlash(found[0]))
}
