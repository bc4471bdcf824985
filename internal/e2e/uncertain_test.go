package e2e

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"bloxdrop/internal/bloxs/bloxstest"
	"bloxdrop/internal/control"
)

// TestNobodyKnows plays every way in which an answer can be lost behind the
// gate. The file is held, whatever is tried; a person's word settles it.
func TestNobodyKnows(t *testing.T) {
	t.Parallel()
	o := newOffice(t, bloxstest.Options{})
	o.start()
	lost := []bloxstest.Fault{
		bloxstest.HTML(502), bloxstest.HTML(504), bloxstest.Status(599), bloxstest.Reset(), bloxstest.CloseWithoutAnswer(), bloxstest.LoginPage(),
		bloxstest.StoreThen(bloxstest.HTML(502)), bloxstest.StoreThen(bloxstest.HTML(504)), bloxstest.ResetAfterStoring(),
		bloxstest.StoreThen(bloxstest.CloseWithoutAnswer()), bloxstest.StoreThen(bloxstest.LoginPage()), bloxstest.TruncatedAnswer(),
		bloxstest.WrongID("0"), bloxstest.WrongID("-4"), bloxstest.WrongID(`{"id":7}`), bloxstest.WrongID(""),
	}
	for i, fault := range lost {
		o.bloxs.Uploads.Next(fault)
		e := o.untilAt(o.rel(o.write(fmt.Sprintf("1001/lost %d.txt", i), fmt.Sprintf("lost %d", i))), "held", "uncertain")
		if e.Detail == "" || e.FileID != 0 {
			t.Errorf("%+v", e)
		}
		// An ID ends the caution that follows, else this test takes minutes.
		o.untilAt(o.rel(o.write(fmt.Sprintf("1001/good %d.txt", i), fmt.Sprintf("good %d", i))), "sent", "")
	}
	if n := o.bloxs.Uploads.Count(); n != 2*len(lost) {
		t.Errorf("%d uploads", n)
	}
	for _, args := range [][]string{{"retry", "--all"}, {"retry", o.root}, {"resume"}} {
		o.run(args...)
	}
	o.kill()
	o.start()
	o.run("retry", "--all")
	o.until("looked at again", func(st control.Status) bool { return st.Roots[0].Files == 2*len(lost) })
	if n := len(o.uncertain()); n != len(lost) || o.bloxs.Uploads.Count() != 2*len(lost) {
		t.Errorf("%d of %d are still uncertain, %d uploads", n, len(lost), o.bloxs.Uploads.Count())
	}

	// By path and by item, with an ID and without one.
	held := o.uncertain()
	slices.SortFunc(held, func(a, b control.Entry) int { return strings.Compare(a.FirstSeen+a.Path, b.FirstSeen+b.Path) })
	stored := map[string]int64{}
	for _, f := range o.bloxs.Stored() {
		stored[f.SHA256] = f.ID
	}
	for i, e := range held {
		target := []string{e.Item, e.Path, e.Item[:8]}[i%3]
		id, sent := stored[e.SHA256]
		switch {
		case !sent:
			o.run("resolve", target, "--resend")
		case i%2 == 0:
			o.run("resolve", target, "--sent")
		default:
			o.run("resolve", target, "--sent", "--file-id", fmt.Sprint(id))
		}
		if s := o.ask("resolve", target, "--resend"); sent && s.code != 1 {
			t.Errorf("resolved twice: %+v", s)
		}
		if got := o.untilAt(o.rel(e.Path), "sent", "").FileID; sent && i%2 == 1 && got != id {
			t.Errorf("%s has the ID %d, not %d", e.Path, got, id)
		}
	}
	o.untilAllSent()
	o.storedOnce(o.there())
}

// rel is the path below the root.
func (o *office) rel(path string) string {
	return filepath.ToSlash(strings.TrimPrefix(path, o.root+string(filepath.Separator)))
}

// TestOutage lets a gateway answer for Bloxs while many files wait. Few become
// uncertain, none goes twice, and when Bloxs is back all the others go.
func TestOutage(t *testing.T) {
	t.Parallel()
	for name, fault := range map[string]bloxstest.Fault{
		"not stored": bloxstest.HTML(502), "stored": bloxstest.StoreThen(bloxstest.HTML(504)), "reset": bloxstest.ResetAfterStoring(),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			testOutage(t, fault)
		})
	}
}

func testOutage(t *testing.T, fault bloxstest.Fault) {
	const files, workers = 40, 4
	o := newOffice(t, bloxstest.Options{})
	o.bloxs.Uploads.Always(fault)
	for i := range files {
		o.write(fmt.Sprintf("%d/%d.txt", 1000+i%5, i), fmt.Sprintf("document %d", i))
	}
	o.start()
	o.until("caution", func(st control.Status) bool { return st.Held >= 2 && st.Waiting > 0 && st.Sending == 0 })
	time.Sleep(3 * time.Second) // of the outage; the second lone try would come after 10
	o.bloxs.Uploads.Clear()
	st := o.until("all others sent", func(st control.Status) bool { return st.Settling+st.Waiting+st.Sending == 0 })
	t.Logf("%d of %d files are uncertain", st.Held, files)
	if st.Held > workers+2 || st.Held+st.Sent != files {
		t.Errorf("%+v", st)
	}
	// More may have been begun, and were given up before their gate.
	if n := o.bloxs.Uploads.Count(); n > files+workers {
		t.Errorf("%d uploads of %d files", n, files)
	}
	o.resolveAll()
	o.untilAllSent()
	o.storedOnce(o.there())
}

// TestResend sends what is uncertain once more where the config says so, and
// then holds it.
func TestResend(t *testing.T) {
	t.Parallel()
	o := newOffice(t, bloxstest.Options{}, "[upload]", "[upload]\non_uncertain = \"resend\"")
	o.start()
	o.bloxs.Uploads.Next(bloxstest.StoreThen(bloxstest.HTML(502)))
	o.write("1001/once.txt", "once")
	if e := o.untilAt("1001/once.txt", "sent", ""); e.FileID == 0 || o.bloxs.Uploads.Count() != 2 || e.Attempts != 2 {
		t.Errorf("%d uploads, %+v", o.bloxs.Uploads.Count(), e)
	}
	o.bloxs.Uploads.Next(bloxstest.HTML(502), bloxstest.HTML(502))
	o.write("1001/twice.txt", "twice")
	o.untilAt("1001/twice.txt", "held", "uncertain")
	o.kill()
	o.start()
	o.run("retry", "--all")
	o.untilAt("1001/twice.txt", "held", "uncertain")
	if n := o.bloxs.Uploads.Count(); n != 4 {
		t.Errorf("%d uploads", n)
	}
	o.run("resolve", o.root+"/1001/twice.txt", "--resend")
	o.untilAllSent()
}
