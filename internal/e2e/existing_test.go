package e2e

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"
	"time"

	"bloxdrop/internal/bloxs/bloxstest"
	"bloxdrop/internal/control"
)

func (o *office) renameInRoot(from, to string) {
	o.t.Helper()
	at := func(rel string) string { return filepath.Join(o.root, filepath.FromSlash(rel)) }
	o.must(os.MkdirAll(filepath.Dir(at(to)), 0o755))
	o.rename(at(from), at(to))
}

// journal counts the lines with a word in them.
func (o *office) journal(word string) int {
	b, err := os.ReadFile(filepath.Join(o.storeDir(), "journal.jsonl"))
	if err != nil {
		return 0
	}
	return bytes.Count(b, []byte(word))
}

const wholeBaseline = `"complete":true`

// killedStarts kills a daemon during its first start: at a random moment, or
// as soon as a first part of the baseline is on the disk. It tells how many of
// the kills came before the baseline was complete, and how many of these
// behind its first part.
func (o *office) killedStarts(n int) (early, midway int) {
	for i := range n {
		o.launch()
		before := o.journal(`"op":"baseline"`)
		end := time.Now().Add(rand.N(400 * time.Millisecond))
		if i%2 == 0 {
			end = time.Now().Add(patience)
		}
		for time.Now().Before(end) && (i%2 == 1 || o.journal(`"op":"baseline"`) == before && o.journal(wholeBaseline) == 0) {
			time.Sleep(time.Millisecond)
		}
		o.kill()
		if o.journal(wholeBaseline) == 0 {
			early++
			if o.journal(`"op":"baseline"`) > before {
				midway++
			}
		}
	}
	return early, midway
}

// skipping is an office that leaves alone what was there at its first start,
// and what should be so by now.
type skipping struct {
	*office
	skip    int // items that are skipped
	uploads int
}

func (o *skipping) skipped(by int) control.Status {
	o.t.Helper()
	o.skip += by
	st := o.until(fmt.Sprintf("%d skipped", o.skip), func(st control.Status) bool {
		return st.Skipped == o.skip && st.Settling+st.Waiting+st.Sending == 0 && st.Duplicate == 0
	})
	o.addsUp(st)
	return st
}

func (o *skipping) sent(more int) {
	o.t.Helper()
	o.uploads += more
	o.stored(o.uploads)
	if got := o.bloxs.Uploads.Count(); got != o.uploads {
		o.t.Fatalf("%d uploads, want %d", got, o.uploads)
	}
}

// TestExistingSkip: what was there at the first start is never sent unless a
// person says so, whatever happens to the daemon, its ledger or the names.
func TestExistingSkip(t *testing.T) {
	t.Parallel()
	o := &skipping{office: newOffice(t, bloxstest.Options{}, `existing = "upload"`, `existing = "skip"`)}
	const persons, each, unmatched = 240, 20, 200
	for p := range persons {
		for i := range each {
			o.write(fmt.Sprintf("%d - Jansen/%d/%d.txt", 1000+p, i%3, i), fmt.Sprintf("document %d of %d", i, p))
		}
	}
	for i := range unmatched {
		o.write(fmt.Sprintf("New folder %d/scan.txt", i), fmt.Sprintf("scan %d", i))
	}
	early, midway := o.killedStarts(10)
	t.Logf("of 10 kills %d came before the baseline was complete, %d of them in its middle", early, midway)
	o.start()
	o.until("all seen", func(st control.Status) bool { return st.Files == persons*each+unmatched })
	if st := o.skipped(persons * each); st.Unmatched != unmatched {
		t.Errorf("%+v", st)
	}
	o.sent(0)
	o.explained(filepath.Join(o.root, "1000 - Jansen/0/0.txt"), "skipped", "when bloxdrop began", "bloxdrop send")
	o.explained(filepath.Join(o.root, "New folder 7/scan.txt"), "unmatched", "was there", "bloxdrop send")
	o.write("1000 - Jansen/new.txt", "new")
	o.write("New folder 1/other.txt", "new, and nobody's")
	o.sent(1)
	o.othersWork()
	o.orders(each)
}

// othersWork: under another name or with another time a file is still the one
// that was there; with other content it is new.
func (o *skipping) othersWork() {
	o.renameInRoot("1001 - Jansen/0/0.txt", "1001 - Jansen/first.txt")
	o.renameInRoot("1002 - Jansen", "1002 - P. Jansen")
	o.renameInRoot("1003 - Jansen/1", "1004 - Jansen/moved")
	o.renameInRoot("New folder 1", "1005 - Jansen/from New folder 1") // with a new file in it
	o.renameInRoot("New folder 2", "1006")
	o.sent(1)
	o.skipped(2)
	if e := o.entry("1004 - Jansen/moved/1.txt"); e.Person != "1004" || e.SHA256 != "" || e.State != "skipped" {
		o.t.Errorf("%+v", e)
	}

	now := time.Now()
	o.must(os.Chtimes(filepath.Join(o.root, "1007 - Jansen/0/0.txt"), now, now)) // as by a share that was copied
	o.write("1007 - Jansen/0/3.txt", "another content, and another size")
	o.sent(1)
	o.skip--
	o.until("the touched one is skipped", func(st control.Status) bool { return st.Skipped == o.skip })
	o.explained(filepath.Join(o.root, "1007 - Jansen/0/0.txt"), "skipped", "another time", "by hand")
}

// orders has some of it sent, while the daemon runs and while it doesn't, and
// takes either file of the store away.
func (o *skipping) orders(each int) {
	o.says(o.run("send", filepath.Join(o.root, "1008 - Jansen/0/0.txt")), "1 file will be sent")
	o.sent(1)
	o.says(o.run("send", filepath.Join(o.root, "1009 - Jansen")), "20 files will be sent")
	o.sent(each)
	o.skipped(-1 - each)

	o.stop()
	o.says(o.run("send", filepath.Join(o.root, "1010 - Jansen/0")), "7 files will be sent", "runs again")
	o.remove(filepath.Join(o.storeDir(), "ledger.db"))
	o.start()
	o.sent(7)
	o.skipped(-7)
	o.stop()
	o.remove(filepath.Join(o.storeDir(), "journal.jsonl"))
	o.start()
	o.write("1000 - Jansen/newer.txt", "newer")
	o.sent(1)
	o.skipped(0)
}

// TestSendAgain: only a person's word makes a second upload, of one file.
func TestSendAgain(t *testing.T) {
	t.Parallel()
	o := newOffice(t, bloxstest.Options{})
	lease := o.write("1001/lease.txt", "lease")
	o.start()
	o.untilSent(1)
	refused := func(says string, args ...string) {
		t.Helper()
		s := o.ask(append([]string{"send"}, args...)...)
		if s.code != 1 {
			t.Errorf("send %v: exit code %d, %s", args, s.code, s.out)
		}
		o.says(s.err, says)
	}
	id := fmt.Sprintf("file %d", o.bloxs.Stored()[0].ID)
	refused(id, lease)
	refused("--again", lease)
	refused("a folder", filepath.Dir(lease), "--again")
	refused("no skipped file", filepath.Dir(lease))
	refused("outside", "/elsewhere/a.txt")
	refused("unmatched", o.write("a.txt", "nobody's"))
	refused("not there", filepath.Join(o.root, "1001/none.txt"), "--again")
	refused("waits for content", o.write("1001/empty.txt", ""), "--again")
	if n := o.bloxs.Uploads.Count(); n != 1 {
		t.Fatalf("%d uploads", n)
	}
	o.says(o.run("send", "--again", lease), "a second time", id)
	o.stored(2)
	e := o.untilAt("1001/lease.txt", "sent", "")
	if second := o.bloxs.Stored()[1].ID; e.FileID != second {
		t.Errorf("%+v, want file ID %d", e, second)
	}
	o.kill()
	o.remove(filepath.Join(o.storeDir(), "ledger.db"))
	o.start()
	o.untilAt("1001/lease.txt", "sent", "")
	if n := o.bloxs.Uploads.Count(); n != 2 {
		t.Fatalf("%d uploads", n)
	}
}

// TestExistingChanged: the key is for the first start alone, and says so later.
func TestExistingChanged(t *testing.T) {
	t.Parallel()
	o := newOffice(t, bloxstest.Options{})
	o.write("1001/a.txt", "a")
	o.start()
	o.untilSent(1)
	o.stop()
	o.configure(`existing = "upload"`, `existing = "skip"`)
	o.write("1001/b.txt", "b")
	o.start()
	if st := o.untilSent(2); len(st.Notes) != 1 {
		t.Errorf("%q", st.Notes)
	} else {
		o.says(st.Notes[0], "no effect", o.root, "remembers nothing there that was to be skipped")
	}

	o = newOffice(t, bloxstest.Options{}, `existing = "upload"`, `existing = "skip"`)
	o.write("1001/a.txt", "a")
	o.start()
	o.until("skipped", func(st control.Status) bool { return st.Skipped == 1 })
	o.stop()
	o.configure()
	o.write("1001/b.txt", "b")
	o.start()
	if st := o.untilSent(1); len(st.Notes) != 1 || st.Skipped != 1 {
		t.Errorf("%+v", st)
	} else {
		o.says(st.Notes[0], "stays skipped", "bloxdrop send")
	}
}
