package e2e

import (
	"path/filepath"
	"testing"

	"bloxdrop/internal/bloxs/bloxstest"
	"bloxdrop/internal/control"
)

// moveRoot gives the share another path, there and in the config.
func (o *office) moveRoot(name string, replace ...string) {
	o.t.Helper()
	to := filepath.Join(o.dir, name)
	o.rename(o.root, to)
	o.root = to
	o.configure(replace...)
}

// TestNewPathSkips: a share that gets another path is at no first start. What
// was skipped stays so, whatever existing says by now, and what waits goes.
func TestNewPathSkips(t *testing.T) {
	t.Parallel()
	for _, existing := range []string{"skip", "upload"} {
		t.Run(existing, func(t *testing.T) {
			t.Parallel()
			o := newOffice(t, bloxstest.Options{}, `existing = "upload"`, `existing = "skip"`)
			o.write("1001/old.txt", "there before")
			o.write("1001/ordered.txt", "there before, too")
			o.run("run", "--once")
			o.says(o.run("send", filepath.Join(o.root, "1001/ordered.txt")), "1 file")
			o.write("1001/sent.txt", "new")
			o.run("run", "--once")
			o.only(2)
			o.bloxs.Uploads.Always(bloxstest.Status(503))
			o.write("1001/waits.txt", "waits")
			o.try("run", "--once")
			o.moveRoot("elsewhere", `existing = "upload"`, `existing = "`+existing+`"`)
			o.write("1001/newer.txt", "dropped while the share moved")
			o.bloxs.Uploads.Clear()
			o.start()
			st := o.untilSent(4)
			if st.Skipped != 1 || o.entry("1001/old.txt").State != "skipped" {
				t.Errorf("%+v", st)
			}
			o.only(4)
			o.kill()
			o.remove(filepath.Join(o.storeDir(), "ledger.db"))
			o.start()
			o.until("skipped", func(st control.Status) bool { return st.Skipped == 1 && st.Settling+st.Waiting+st.Sending == 0 })
			o.only(4)
		})
	}
}

// TestNewPathOfAnUploadingRoot: what is there goes, also where existing was
// made "skip" since: that is for a first start.
func TestNewPathOfAnUploadingRoot(t *testing.T) {
	t.Parallel()
	o := newOffice(t, bloxstest.Options{})
	o.write("1001/sent.txt", "sent")
	o.run("run", "--once")
	o.moveRoot("elsewhere", `existing = "upload"`, `existing = "skip"`)
	o.write("1001/new.txt", "dropped while the share moved")
	o.start()
	if st := o.untilSent(2); st.Skipped != 0 {
		t.Errorf("%+v", st)
	}
	o.only(2)
}

// TestNewPathAdopted adopts while nothing runs: what was skipped at the former path stays so.
func TestNewPathAdopted(t *testing.T) {
	t.Parallel()
	o := newOffice(t, bloxstest.Options{}, `existing = "upload"`, `existing = "skip"`)
	o.write("1001/old.txt", "there before")
	o.run("run", "--once")
	file := filepath.Join(o.dir, "backup")
	o.run("backup", file)
	o.write("1001/new.txt", "new")
	o.run("run", "--once")
	o.run("restore", file)
	o.moveRoot("elsewhere")
	o.run("adopt", o.root, "--existing", "upload")
	o.start()
	if st := o.untilSent(1); st.Skipped != 1 {
		t.Errorf("%+v", st)
	}
	o.only(2) // new.txt twice, by a person's word
}

// TestNewPathAfterAdoption: what was sent to a former address, and stays sent by
// a person's word, is not sent again because the share has another path by now.
func TestNewPathAfterAdoption(t *testing.T) {
	t.Parallel()
	o := newOffice(t, bloxstest.Options{})
	o.write("1001/lease.txt", "lease")
	o.run("run", "--once")
	o.configure("127.0.0.1", "localhost")
	o.run("adopt", o.root, "--existing", "upload")
	o.run("run", "--once")
	o.only(1)
	o.moveRoot("elsewhere", "127.0.0.1", "localhost")
	o.start()
	o.waits(o.root, "http://127.0.0.1")
	o.run("adopt", o.root, "--existing", "upload")
	o.write("1001/new.txt", "new")
	o.untilSent(2)
	o.only(2)
}
