package e2e

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"bloxdrop/internal/bloxs/bloxstest"
	"bloxdrop/internal/control"
)

// told has the office's notices in a language.
func told(lang string) []string {
	return []string{`[store]`, fmt.Sprintf("[notices]\nlanguage = %q\ncontact = \"Anna, extension 12\"\n\n[store]", lang)}
}

// notices are all that stand in the root, with their text as a person sees it.
func (o *office) notices() map[string]string { return o.noticesIn(o.root) }

func (o *office) noticesIn(root string) map[string]string {
	o.t.Helper()
	all := map[string]string{}
	_ = filepath.WalkDir(root, func(path string, d os.DirEntry, err error) error {
		if err == nil && !d.IsDir() && strings.HasSuffix(path, ".bloxdrop.txt") {
			if text, err := os.ReadFile(path); err == nil { // it may just have been taken away
				rel, _ := filepath.Rel(root, path)
				all[filepath.ToSlash(rel)] = string(text)
			}
		}
		return nil
	})
	return all
}

// eventually waits for what only the share shows.
func (o *office) eventually(what string, ok func() bool) {
	o.t.Helper()
	for deadline := time.Now().Add(patience); !ok(); time.Sleep(50 * time.Millisecond) {
		if time.Now().After(deadline) {
			o.t.Fatalf("not %s; there are %q\n%s", what, o.notices(), o.log)
		}
	}
}

// notice waits until exactly one stands in the root, and returns its path and text.
func (o *office) notice() (path, text string) {
	o.t.Helper()
	o.eventually("one notice", func() bool { return len(o.notices()) == 1 })
	for rel, text := range o.notices() {
		return filepath.Join(o.root, filepath.FromSlash(rel)), text
	}
	return "", ""
}

func (o *office) noNotice() {
	o.t.Helper()
	o.eventually("without a notice", func() bool { return len(o.notices()) == 0 })
}

// TestNotice is what a colleague sees who has nothing but the share: why, and
// that deleting the notice helps once the person is there.
func TestNotice(t *testing.T) {
	t.Parallel()
	for lang, says := range map[string][]string{
		"en": {"! NOT SENT - Bloxs does not know number 1234O", "2 files are not sent to Bloxs", "Lease.pdf", "2026/Key.txt", "add", "Delete this notice", "Ask Anna, extension 12."},
		"nl": {"! NIET VERZONDEN - Bloxs kent nummer 1234O niet", "2 bestanden zijn niet naar Bloxs verzonden", "Lease.pdf", "2026/Key.txt", "aangemaakt", "Verwijder dit bericht", "Vraag het aan Anna, extension 12."},
	} {
		t.Run(lang, func(t *testing.T) {
			t.Parallel()
			o := newOffice(t, staff(), told(lang)...)
			o.write("1234O - Bakker/Lease.pdf", "%PDF-1.7 lease %%EOF")
			o.write("1234O - Bakker/2026/Key.txt", "key")
			o.write("1001 - Jansen/ours.txt", "somebody else's")
			o.start()
			path, text := o.notice()
			if filepath.Base(path) != says[0]+".bloxdrop.txt" || filepath.Dir(path) != filepath.Join(o.root, "1234O - Bakker") {
				t.Errorf("the notice is %s", path)
			}
			o.eventually("told of both", func() bool {
				text = o.notices()[filepath.ToSlash(o.rel(path))]
				return strings.Contains(text, "Key.txt") && strings.Contains(text, "Lease.pdf")
			})
			o.says(text, append([]string{"\ufeff", "\r\n"}, says[1:]...)...)
			if strings.Contains(text, "ours.txt") || strings.Contains(strings.ReplaceAll(text, "\r\n", ""), "\n") {
				t.Errorf("%q", text)
			}
			o.page("Bakker")

			o.bloxs.Know("1234O", bloxstest.Person{Name: "J. Bakker"})
			o.remove(path)
			o.addsUp(o.untilSent(3))
			o.noNotice()
			st := o.status()
			if st.Files != 3 || st.Ignored != 0 || len(st.Notes) > 0 {
				t.Errorf("%+v", st)
			}
			o.stop()
			if strings.Contains(o.log.String(), "level=ERROR") {
				t.Error(o.log)
			}
		})
	}
}

// page is the root's page; it names folders, and no file.
func (o *office) page(says ...string) {
	o.t.Helper()
	o.eventually("a page", func() bool {
		b, err := os.ReadFile(filepath.Join(o.root, "_bloxdrop.html"))
		text := string(b)
		for _, s := range says {
			if !strings.Contains(text, s) {
				return false
			}
		}
		if strings.Contains(text, ".txt<") || strings.Contains(text, "Lease.pdf") {
			o.t.Errorf("the page names a file: %s", text)
		}
		return err == nil
	})
}

// TestNoticeStays is written once, through restarts; deleted while bloxdrop is
// down it is a word too, and a folder that goes takes its notice along.
func TestNoticeStays(t *testing.T) {
	t.Parallel()
	o := newOffice(t, staff())
	o.write("1234 - Bakker/a.txt", "a")
	o.write("New folder/b.txt", "b")
	o.write("loose.txt", "c")
	o.start()
	o.eventually("all told", func() bool { return len(o.notices()) == 3 })
	o.page("New folder", "1234 - Bakker")
	before := map[string]time.Time{}
	for rel := range o.notices() {
		info, err := os.Stat(filepath.Join(o.root, filepath.FromSlash(rel)))
		o.must(err)
		before[rel] = info.ModTime()
	}
	o.kill()
	o.start()
	looks := o.bloxs.LookUps.Count()
	o.until("rescanned", func(st control.Status) bool { return st.Roots[0].LastRescan != "" })
	for rel, was := range before {
		info, err := os.Stat(filepath.Join(o.root, filepath.FromSlash(rel)))
		o.must(err)
		if !info.ModTime().Equal(was) {
			t.Errorf("%s was written again", rel)
		}
	}
	if n := o.bloxs.LookUps.Count(); n != looks {
		t.Errorf("%d look-ups more", n-looks)
	}
	o.stop()

	o.remove(o.at(before, "1234 - Bakker/"))
	o.bloxs.Know("1234", bloxstest.Person{Name: "J. Bakker"})
	o.rename(filepath.Join(o.root, "New folder"), filepath.Join(o.root, "1001 - Jansen"))
	o.start()
	o.untilSent(2)
	o.remove(filepath.Join(o.root, "loose.txt"))
	o.noNotice()
}

// TestNoticeRoots keeps two roots apart, of which one is of organisations; sent
// files that are moved need nobody, and a notice goes with its folder's old name.
func TestNoticeRoots(t *testing.T) {
	t.Parallel()
	opts := staff()
	opts.Organisations = bloxstest.Directory(map[string]bloxstest.Person{"2001": {Name: "Stichting De Key"}})
	o := newOffice(t, opts)
	bodies := filepath.Join(o.dir, "organisations")
	o.configure(append(after("move"), "[upload]", fmt.Sprintf("[[watch]]\npath = %q\nexisting = \"upload\"\nrelation = \"organisations\"\nsettle = %q\nrescan = \"1s\"\n\n[upload]", bodies, settle))...)
	o.write("1001 - Jansen/lease.txt", "lease")
	o.write("1999 - Jansen/letter.txt", "letter")
	o.write("../organisations/1998 - Bakkerij/invoice.txt", "invoice")
	o.start()
	o.untilSent(1)
	path, text := o.notice()
	o.says(text, "letter.txt", "the person has to be added")
	o.eventually("told in the other root", func() bool { return len(o.noticesIn(bodies)) == 1 })
	for rel, text := range o.noticesIn(bodies) {
		if !strings.HasPrefix(rel, "1998 - Bakkerij/! NOT SENT") {
			t.Errorf("the other notice is %s", rel)
		}
		o.says(text, "invoice.txt", "the organisation has to be added")
	}
	o.page("1999 - Jansen")
	if page, err := os.ReadFile(filepath.Join(o.root, "_bloxdrop.html")); err != nil || strings.Contains(string(page), "Bakkerij") {
		t.Errorf("a root's page tells of another: %s, %v", page, err)
	}
	o.rename(filepath.Dir(path), filepath.Join(o.root, "1003 - de Vries"))
	o.untilSent(2)
	o.noNotice()
	o.eventually("moved away", func() bool { return len(o.files()) == 2 })
	for rel := range o.files() {
		if !strings.HasPrefix(rel, "_sent/") {
			t.Errorf("%s stands there still", rel)
		}
	}
}

// noticePoints are those on the way of a notice.
func noticePoints() []point {
	return []point{{"notices cleaned", 2}, {"notice rename", 2}, {"notice linked", 2}, {"notice renamed", 1}}
}

// TestNoticeKilled dies on the way: no half notice is ever to be seen, none
// counts as deleted that nobody has deleted, and nothing is left behind.
func TestNoticeKilled(t *testing.T) {
	t.Parallel()
	for _, p := range noticePoints() {
		for n := range p.most {
			t.Run(fmt.Sprintf("%s %d", p.name, n+1), func(t *testing.T) {
				t.Parallel()
				o := newOffice(t, staff())
				o.write("1234 - Bakker/a.txt", "a")
				o.env = []string{fmt.Sprintf("BLOXDROP_FAILPOINT=%s:%d", p.name, n+1)}
				if state := o.diesStarting(); !diedByKill(state) {
					t.Fatalf("it did not die there: %v\n%s", state, o.log)
				}
				o.env = nil
				for rel, text := range o.notices() {
					if !strings.HasPrefix(text, "\ufeff[bloxdrop-notice]\r\n") || !strings.HasSuffix(text, "here.\r\n") {
						t.Errorf("%s is half a notice: %q", rel, text)
					}
				}
				o.start()
				path, _ := o.notice()
				o.untilAt("1234 - Bakker/a.txt", "held", "unknown-person")
				if strings.Contains(o.log.String(), "has deleted") {
					t.Errorf("a notice counts as deleted\n%s", o.log)
				}
				o.bloxs.Know("1234", bloxstest.Person{Name: "J. Bakker"})
				o.eventually("noted down", func() bool {
					b, _ := os.ReadFile(filepath.Join(o.storeDir(), "notices.json"))
					return strings.Count(string(b), "\"") > 8
				})
				o.remove(path)
				o.untilSent(1)
				o.noNotice()
				if _, err := os.Stat(filepath.Join(o.root, "1234 - Bakker", ".bloxdrop-notice")); err == nil {
					t.Error("half a notice is left")
				}
			})
		}
	}
}

// at is the path of the notice in a folder.
func (o *office) at(notices map[string]time.Time, folder string) string {
	o.t.Helper()
	for rel := range notices {
		if strings.HasPrefix(rel, folder) {
			return filepath.Join(o.root, filepath.FromSlash(rel))
		}
	}
	o.t.Fatalf("no notice in %s: %v", folder, notices)
	return ""
}
