package e2e

import (
	"fmt"
	"io/fs"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"bloxdrop/internal/bloxs/bloxstest"
	"bloxdrop/internal/control"
)

// after sets after_upload.
func after(what string) []string {
	return []string{`rescan = "1s"`, fmt.Sprintf("rescan = \"1s\"\nafter_upload = %q", what)}
}

// files is what stands in the root, but for what bloxdrop itself writes for people, by relative path.
func (o *office) files() map[string]string {
	o.t.Helper()
	all := map[string]string{}
	_ = filepath.WalkDir(o.root, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || isOurs(path) {
			return nil // it may just be moved
		}
		if content, err := os.ReadFile(path); err == nil {
			all[filepath.ToSlash(o.rel(path))] = string(content)
		}
		return nil
	})
	return all
}

// untilStands waits until exactly these files are in the root.
func (o *office) untilStands(want map[string]string) control.Status {
	o.t.Helper()
	defer func() {
		if o.t.Failed() {
			o.t.Logf("there is %q, want %q", o.files(), want)
		}
	}()
	return o.until("in order", func(st control.Status) bool {
		return maps.Equal(o.files(), want) && st.Settling+st.Waiting+st.Sending == 0
	})
}

func TestMoveAfterUpload(t *testing.T) {
	t.Parallel()
	o := newOffice(t, bloxstest.Options{}, after("move")...)
	o.write("1001 - Jansen/2026/lease.pdf", "%PDF-1.7 lease %%EOF")
	o.write("1001 - Jansen/copy of lease.pdf", "%PDF-1.7 lease %%EOF")
	o.write("_sent/1002/payslip.txt", "one from long ago")
	o.write("loose.txt", "whose?")
	o.start()
	o.stored(1)
	o.write("1002/payslip.txt", "payslip")
	st := o.untilStands(map[string]string{
		"_sent/1001 - Jansen/2026/lease.pdf": "%PDF-1.7 lease %%EOF", "_sent/1001 - Jansen/copy of lease.pdf": "%PDF-1.7 lease %%EOF",
		"_sent/1002/payslip.txt": "one from long ago", "_sent/1002/payslip.1002.txt": "payslip", "loose.txt": "whose?",
	})
	if st.Sent != 2 || len(o.bloxs.Stored()) != 2 {
		t.Fatalf("%+v", st)
	}
	o.until("counted", func(st control.Status) bool { return st.Files == 1 && st.Unmatched == 1 && st.Ignored == 0 })

	// The same name once more, and the same content: neither is sent again.
	o.write("1002/payslip.txt", "payslip")
	o.write("1002/other.txt", "another")
	o.untilStands(map[string]string{
		"_sent/1001 - Jansen/2026/lease.pdf": "%PDF-1.7 lease %%EOF", "_sent/1001 - Jansen/copy of lease.pdf": "%PDF-1.7 lease %%EOF",
		"_sent/1002/payslip.txt": "one from long ago", "_sent/1002/payslip.1002.txt": "payslip", "_sent/1002/payslip.1002-2.txt": "payslip",
		"_sent/1002/other.txt": "another", "loose.txt": "whose?",
	})
	if n := len(o.bloxs.Stored()); n != 3 {
		t.Fatalf("%d stored", n)
	}
	o.explained(filepath.Join(o.root, "1002/payslip.txt"), "as file 1002", "no longer there")
	o.explained(filepath.Join(o.root, "_sent/1002/payslip.txt"), "bloxdrop's", "never looks in there", "nothing in it is sent", "move it into")
	o.stop()
	if out := o.run("status"); strings.Count(out, "note") != 1 || !strings.Contains(out, "nothing is sent until it runs") {
		t.Error(out)
	}
}

// TestDeleteAfterUpload: what is held, uncertain or only said to be sent stays.
func TestDeleteAfterUpload(t *testing.T) {
	t.Parallel()
	o := newOffice(t, bloxstest.Options{}, after("delete")...)
	o.bloxs.Uploads.Next(bloxstest.ResetAfterStoring())
	o.write("1001/unclear.txt", "unclear")
	o.start()
	o.untilAt("1001/unclear.txt", "held", "uncertain")
	o.write("1001/lease.txt", "lease")
	o.write("1002/lease.txt", "lease")
	o.until("two sent", func(st control.Status) bool { return st.Sent == 2 })
	o.untilStands(map[string]string{"1001/unclear.txt": "unclear"})
	o.run("resolve", filepath.Join(o.root, "1001/unclear.txt"), "--sent")
	o.write("1002/another.txt", "another") // goes after the word, which is not enough
	o.until("three sent", func(st control.Status) bool { return st.Sent == 4 })
	o.untilStands(map[string]string{"1001/unclear.txt": "unclear"})
}

// TestChangedAfterUpload: a changed setting is for what stands there already,
// each root has its own, and run --once does it all.
func TestChangedAfterUpload(t *testing.T) {
	t.Parallel()
	o := newOffice(t, bloxstest.Options{})
	other := filepath.Join(o.dir, "mail")
	both := func(first, second string) {
		o.configure(`rescan = "1s"`, fmt.Sprintf("rescan = \"1s\"\nafter_upload = %q\n[[watch]]\npath = %q\nexisting = \"upload\"\nsettle = \"300ms\"\nafter_upload = %q", first, other, second))
	}
	both("keep", "keep")
	o.write("1001/lease.txt", "lease")
	o.write("../mail/1001/the same.txt", "lease")
	o.run("run", "--once")
	o.untilStands(map[string]string{"1001/lease.txt": "lease"})
	both("keep", "move")
	o.run("run", "--once")
	o.untilStands(map[string]string{"1001/lease.txt": "lease"})
	if _, err := os.Stat(filepath.Join(other, "_sent/1001/the same.txt")); err != nil {
		t.Error(err)
	}
	both("delete", "delete")
	o.run("run", "--once")
	o.untilStands(map[string]string{})
	if _, err := os.Stat(filepath.Join(other, "_sent/1001/the same.txt")); err != nil {
		t.Error("what was moved before is not to be deleted: ", err)
	}
	if n := len(o.bloxs.Stored()); n != 1 {
		t.Errorf("%d stored", n)
	}
}

// TestAfterUploadTrouble: what can't be moved is said, stays, and goes later.
func TestAfterUploadTrouble(t *testing.T) {
	t.Parallel()
	o := newOffice(t, bloxstest.Options{}, after("move")...)
	inTheWay := o.write("_sent", "a file in the way")
	o.write("1001/lease.txt", "lease")
	o.start()
	o.until("said", func(st control.Status) bool {
		return st.Sent == 1 && len(st.Notes) == 1 && strings.Contains(st.Notes[0], filepath.FromSlash("1001/lease.txt")) && strings.Contains(st.Notes[0], "no folder")
	})
	time.Sleep(2500 * time.Millisecond) // two more rescans
	if n := strings.Count(o.log.String(), "stay where they are"); n != 1 {
		t.Errorf("said %d times\n%s", n, o.log)
	}
	o.remove(inTheWay)
	o.untilStands(map[string]string{"_sent/1001/lease.txt": "lease"})
	o.until("nothing more to say", func(st control.Status) bool { return len(st.Notes) == 0 })
}

// TestAfterUploadKilled kills the daemon at random moments while it sends and
// moves, or deletes. Nothing is lost, written over or sent twice, and in the
// end all is done.
func TestAfterUploadKilled(t *testing.T) {
	for _, what := range []string{"move", "delete"} {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			o := newOffice(t, bloxstest.Options{}, after(what)...)
			kills := number(t, "BLOXDROP_KILLS", 5)
			dropped := map[string]delivery{}
			o.start()
			for round := range kills {
				before := len(o.bloxs.Stored())
				for i := range 40 {
					// The names come again in each round, so that they are taken.
					content := fmt.Sprintf("document %d of round %d", i, round)
					o.write(fmt.Sprintf("%d/%d.txt", 1000+i%10, i), content)
					dropped[content] = delivery{fmt.Sprint(1000 + i%10), sum([]byte(content))}
				}
				o.stored(before + 1 + rand.IntN(30))
				time.Sleep(rand.N(20 * time.Millisecond))
				o.kill()
				o.start()
				// The next round would write over what has not been taken yet.
				o.until("all tried", func(st control.Status) bool { return st.Settling+st.Waiting+st.Sending == 0 })
				o.resolveAll()
				o.until("all gone", func(st control.Status) bool { return st.Held+st.Settling+st.Waiting+st.Sending+st.Files == 0 })
			}
			o.storedOnce(dropped)
			left := map[string]int{}
			for path, content := range o.files() {
				if !strings.HasPrefix(path, "_sent/") || dropped[content].person == "" {
					t.Errorf("%s is left: %q", path, content)
				}
				left[content]++
			}
			for content := range dropped {
				if n := left[content]; what == "move" && n != 1 || what == "delete" && n != 0 {
					t.Errorf("%d files hold %q", n, content)
				}
			}
			if strings.Contains(o.log.String(), "level=ERROR") {
				t.Errorf("%s", o.log)
			}
		})
	}
}
