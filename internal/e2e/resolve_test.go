package e2e

import (
	"path/filepath"
	"strings"
	"testing"

	"bloxdrop/internal/bloxs/bloxstest"
	"bloxdrop/internal/control"
)

// TestResolveWithAnothersID: a mistyped ID must not pass for a receipt, by which
// after_upload would delete the only copy.
func TestResolveWithAnothersID(t *testing.T) {
	t.Parallel()
	o := newOffice(t, bloxstest.Options{}, `existing = "upload"`, "existing = \"upload\"\nafter_upload = \"delete\"")
	o.write("1001/sent.txt", "sent")
	o.start()
	o.untilSent(1)
	o.bloxs.Uploads.Next(bloxstest.Reset())
	lost := o.write("1002/lost.txt", "lost")
	o.untilAt("1002/lost.txt", "held", "uncertain")
	o.refused(1, "file 1001 is another one in Bloxs", "resolve", lost, "--sent", "--file-id", "1001")
	if e := o.entry("1002/lost.txt"); e.Reason != "uncertain" {
		t.Errorf("%+v", e)
	}
	o.says(o.run("resolve", lost, "--sent", "--file-id", "4711"), "noted as sent")
	o.until("deleted", func(st control.Status) bool { return st.Sent == 2 && st.Files == 0 })
}

// TestUncertainWhereNobodyLooks: what is uncertain is settled by its path, too,
// when its root is watched no more.
func TestUncertainWhereNobodyLooks(t *testing.T) {
	t.Parallel()
	o := newOffice(t, bloxstest.Options{})
	o.bloxs.Uploads.Next(bloxstest.ResetAfterStoring())
	lost := o.write("1001/lost.txt", "lost")
	if out, code := o.try("run", "--once"); code != 3 {
		t.Fatal(code, out)
	}
	was := o.root
	o.root = filepath.Join(o.dir, "other")
	o.configure()
	o.write("1001/new.txt", "new")
	o.start()
	o.untilSent(1)
	o.explained(lost, "held", "uncertain", "none of the watched roots", "bloxdrop resolve")
	o.says(o.run("resolve", lost, "--sent"), "noted as sent")
	if out, code := o.try("explain", filepath.Join(was, "1001", "never.txt")); code != 0 || !strings.Contains(out, "none of the watched roots") {
		t.Error(code, out)
	}
}
