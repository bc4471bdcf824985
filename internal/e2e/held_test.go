package e2e

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"bloxdrop/internal/bloxs/bloxstest"
	"bloxdrop/internal/control"
)

// delivers checks that files still go, whatever is held.
func (o *office) delivers(name string) {
	o.t.Helper()
	before := o.status().Sent
	o.write("1001 - Jansen/"+name, name)
	o.untilSent(before + 1)
}

// TestUnknownPerson costs one look-up, however many files wait, and each way
// to mend it sends them.
func TestUnknownPerson(t *testing.T) {
	t.Parallel()
	o := newOffice(t, staff())
	for i := range 50 {
		o.write(fmt.Sprintf("1234 - Bakker/letter %d.txt", i), fmt.Sprint("letter ", i))
		o.write(fmt.Sprintf("1001 - Jansen/letter %d.txt", i), fmt.Sprint("letter ", i))
	}
	o.write("4711/x.txt", "for 4711")
	o.write("5000/y.txt", "for 5000")
	o.start()
	st := o.untilSent(50)
	if st.Held != 52 || st.State != control.Running {
		t.Errorf("%+v", st)
	}
	o.addsUp(st)
	o.delivers("later.txt")
	if n := o.bloxs.LookUps.Count(); n != 4 {
		t.Errorf("%d look-ups of four persons\n%s", n, o.log)
	}
	e := o.entry("1234 - Bakker/letter 7.txt")
	if e.State != "held" || e.Reason != "unknown-person" || e.Person != "1234" || !strings.Contains(e.Detail, "There is no person with reference 1234") {
		t.Errorf("%+v", e)
	}
	o.explained(e.Path, "held: unknown-person", "There is no person with reference 1234", "rename the folder", "bloxdrop retry")

	// Retry of a file whose person is still unknown asks again, once, and holds it.
	o.run("retry", e.Path)
	o.must(o.bloxs.LookUps.WaitBegun(t.Context(), 5))
	o.untilAt("1234 - Bakker/letter 7.txt", "held", "unknown-person")
	o.bloxs.Know("1234", bloxstest.Person{Name: "J. Bakker"})
	o.says(o.run("retry", e.Path), "1 file")
	o.untilSent(51 + 50) // one look-up lets all of that person's files go

	o.bloxs.Know("4711", bloxstest.Person{})
	o.says(o.run("retry", filepath.Join(o.root, "4711")), "1 file")
	o.untilSent(102)
	o.bloxs.Know("5000", bloxstest.Person{})
	o.run("retry", "--all")
	o.addsUp(o.untilSent(103))
	if n := len(o.list("held")); n > 0 {
		t.Errorf("%d are still held", n)
	}
	if n := len(o.bloxs.Stored()); n != 103 {
		t.Errorf("%d stored", n)
	}
}

// TestRenameSendsUnknown mends a typing error in a folder's name.
func TestRenameSendsUnknown(t *testing.T) {
	t.Parallel()
	o := newOffice(t, staff())
	o.write("1999 - Jansen/a.txt", "a")
	o.write("1999 - Jansen/deep/b.txt", "b")
	o.start()
	o.until("held", func(st control.Status) bool { return st.Held == 2 })
	o.rename(filepath.Join(o.root, "1999 - Jansen"), filepath.Join(o.root, "1001 - Jansen"))
	st := o.untilSent(2)
	if st.Held != 0 || st.Withdrawn != 2 {
		t.Errorf("%+v", st)
	}
	for _, f := range o.bloxs.Stored() {
		if f.Person != "1001" {
			t.Errorf("%+v", f)
		}
	}
	o.explained(filepath.Join(o.root, "1999 - Jansen", "a.txt"), "withdrawn", "no longer there")
}

// TestUnknownOnUpload is a person who is unknown only when the file comes.
func TestUnknownOnUpload(t *testing.T) {
	t.Parallel()
	for name, fault := range map[string]bloxstest.Fault{
		"404": bloxstest.Problem(404, "Person not found.", map[string][]string{"reference": {"There is no such person."}}),
		"400": bloxstest.UnknownAs400(),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			o := newOffice(t, staff(), `rescan = "1s"`, "rescan = \"1s\"\nverify = \"off\"")
			o.bloxs.Uploads.For("1002", fault)
			o.write("1002/a.txt", "a")
			o.write("1001/b.txt", "b")
			o.start()
			o.untilSent(1)
			e := o.untilAt("1002/a.txt", "held", "unknown-person")
			if e.Detail == "" || e.TraceID == "" {
				t.Errorf("%+v", e)
			}
			o.delivers("later.txt")
			o.bloxs.Uploads.Clear()
			o.run("retry", e.Path)
			o.untilSent(3)
		})
	}
}

// TestRefused holds each file that Bloxs refuses, with its words, and hold up nobody.
func TestRefused(t *testing.T) {
	t.Parallel()
	o := newOffice(t, staff(), `[store]`, "max_size = \"20 KiB\"\n\n[store]")
	why := func(text string) map[string][]string { return map[string][]string{"File": {text}} }
	words := map[string]string{"1001": "This type is not allowed", "1002": "The file holds a virus", "1003": "Too large for us", "1004": "The name is too long"}
	for id, fault := range map[string]bloxstest.Fault{
		"1001": bloxstest.Problem(415, "Unsupported.", why(words["1001"])),
		"1002": bloxstest.Problem(422, "Unprocessable.", why(words["1002"])),
		"1003": bloxstest.Problem(413, "Too large.", why(words["1003"])),
		"1004": bloxstest.Problem(400, "Validation failed.", why(words["1004"])),
	} {
		o.bloxs.Uploads.For(id, fault)
		o.write(id+"/refused.txt", "refused")
	}
	o.write("1001/big.bin", strings.Repeat("big", 10_000))
	o.start()
	o.until("held", func(st control.Status) bool { return st.Held == 5 })
	for id, said := range words {
		e := o.entry(id + "/refused.txt")
		if e.State != "held" || e.Reason != "rejected" || !strings.Contains(e.Detail, said) || e.TraceID == "" || e.Attempts != 1 {
			t.Errorf("%+v", e)
		}
		o.explained(e.Path, "held: rejected", said, e.TraceID, "bloxdrop retry")
	}
	big := o.entry("1001/big.bin")
	if big.Reason != "rejected" || !strings.Contains(big.Detail, "max_size") || big.Attempts != 0 {
		t.Errorf("%+v", big)
	}
	o.explained(big.Path, "held: rejected", "29 KiB", "upload.max_size")
	o.bloxs.Uploads.Clear()
	o.delivers("later.txt")
	if n := o.bloxs.Uploads.Count(); n != 5 {
		t.Errorf("%d uploads: what is refused must not be tried by itself", n)
	}

	o.says(o.run("retry", filepath.Join(o.root, "1002", "refused.txt"), filepath.Join(o.root, "1003")), "2 files")
	o.untilSent(3)
	o.run("retry", "--all")
	o.addsUp(o.until("only the big one is held", func(st control.Status) bool { return st.Sent == 5 && st.Held == 1 && st.Settling == 0 }))
	o.stop()
	o.configure() // with the usual max_size
	o.start()
	o.run("retry", big.Path)
	o.addsUp(o.untilSent(6))
}

// TestNameMismatch keeps a stranger's passport out of a record.
func TestNameMismatch(t *testing.T) {
	t.Parallel()
	o := newOffice(t, staff())
	o.write("1003 - Bakker/passport.txt", "passport")
	o.write("1003 - Bakker/payslip.txt", "payslip")
	o.write("1002 - Jansen/lease.txt", "lease")
	o.write("1004 - Gunes/a.txt", "accents don't count")
	o.write("1003 - VRIES, P. de/b.txt", "case does not count")
	o.start()
	o.untilSent(2)
	st := o.until("held", func(st control.Status) bool { return st.Held == 3 })
	o.addsUp(st)
	e := o.entry("1003 - Bakker/passport.txt")
	if e.Reason != "name-mismatch" || !strings.Contains(e.Detail, "Bakker") || !strings.Contains(e.Detail, "P. de Vries") {
		t.Errorf("%+v", e)
	}
	o.explained(e.Path, "held: name-mismatch", "rename the folder", "bloxdrop confirm")
	o.delivers("later.txt")
	if n := o.bloxs.LookUps.Count(); n != 4 {
		t.Errorf("%d look-ups of four persons\n%s", n, o.log)
	}

	o.run("retry", e.Path) // nothing has changed, so nothing goes
	o.untilAt("1003 - Bakker/passport.txt", "held", "name-mismatch")
	o.says(o.run("confirm", e.Path), "Bakker", "1003", "2 files")
	o.untilSent(5)
	o.write("1003 - Bakker/third.txt", "needs no more word")
	o.untilSent(6)
	o.rename(filepath.Join(o.root, "1002 - Jansen"), filepath.Join(o.root, "1002 - El Amrani"))
	st = o.untilSent(7)
	if st.Held > 0 || st.Withdrawn > 0 {
		t.Errorf("%+v", st)
	}
	i := slices.IndexFunc(o.bloxs.Stored(), func(f bloxstest.File) bool { return f.Name == "lease.txt" })
	if i < 0 || o.bloxs.Stored()[i].Person != "1002" {
		t.Errorf("%+v", o.bloxs.Stored())
	}
	o.write("1002/plain.txt", "a folder without a name")
	if s := o.ask("confirm", filepath.Join(o.root, "1002")); s.code != 1 || !strings.Contains(s.err, "shows no name") {
		t.Errorf("exit code %d: %s", s.code, s.err)
	}
	if s := o.ask("confirm", filepath.Join(o.root, "1003 - Baker")); s.code != 1 || !strings.Contains(s.err, "nothing is at") {
		t.Errorf("exit code %d: %s", s.code, s.err)
	}
}

// TestConfirmFolder gives the word for a folder instead of a file.
func TestConfirmFolder(t *testing.T) {
	t.Parallel()
	o := newOffice(t, staff())
	o.write("1003 - Bakker/deep/er/passport.txt", "passport")
	o.start()
	o.untilAt("1003 - Bakker/deep/er/passport.txt", "held", "name-mismatch")
	o.stop()
	o.says(o.run("confirm", filepath.Join(o.root, "1003 - Bakker")), "1 file") // with nothing running
	o.start()
	o.untilSent(1)
}

// TestLookUpsForbidden goes on unchecked, and says so.
func TestLookUpsForbidden(t *testing.T) {
	t.Parallel()
	o := newOffice(t, staff())
	o.bloxs.LookUps.Always(bloxstest.Status(403))
	o.drop(40)
	o.start()
	o.until("as far as it goes", func(st control.Status) bool { return st.Sent+st.Held == 40 && st.Settling == 0 })
	st := o.status()
	if st.State != control.Running || len(st.Notes) != 1 || !strings.Contains(st.Notes[0], "look persons up") {
		t.Errorf("%+v", st)
	}
	o.says(o.run("status"), "note", "forbids")
	if st.Sent != 16 || st.Held != 24 { // four of the ten persons are known
		t.Errorf("%+v", st)
	}
	if n := o.bloxs.LookUps.Count(); n > 4 {
		t.Errorf("%d look-ups, though they are forbidden", n)
	}
}
