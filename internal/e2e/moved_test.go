package e2e

import (
	"fmt"
	"strings"
	"testing"

	"bloxdrop/internal/bloxs/bloxstest"
	"bloxdrop/internal/control"
)

// waits waits until the root is paused, for a reason with these words, and
// checks that nothing has been sent since.
func (o *office) waits(root string, words ...string) {
	o.t.Helper()
	before := o.bloxs.Uploads.Count()
	st := o.until("waiting to be adopted", func(st control.Status) bool {
		for _, r := range st.Roots {
			if r.Path == root && r.Paused {
				return strings.Contains(fmt.Sprint(st.Pauses), "of persons)") // they are counted
			}
		}
		return false
	})
	for _, p := range st.Pauses {
		if p.Cause == "adopt" && strings.Contains(p.Remedy, root) {
			o.says(p.Remedy, append(words, "bloxdrop adopt", "--existing upload", "--existing skip")...)
			if n := o.bloxs.Uploads.Count(); n != before {
				o.t.Errorf("%d uploads from a root that waits", n-before)
			}
			return
		}
	}
	o.t.Fatalf("no pause says how %s is adopted: %+v", root, st.Pauses)
}

// TestMovedHouse: after files were sent, another address, kind of identifier or
// person for the same folder could send them twice: the root waits.
func TestMovedHouse(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name     string
		replace  []string
		words    string
		receiver string // whose the lease is by now, where that is another than it was sent to
	}{
		{"another address", []string{"127.0.0.1", "localhost"}, "http://localhost", ""},
		{"another identifier", []string{`existing = `, `layout = "{externalIdentifier}[ - {name}]"` + "\nexisting = "}, "externalIdentifier", "externalIdentifier 1001"},
		{"another person", []string{`existing = `, `layout = "{name} - {reference}"` + "\nexisting = "}, "person 1004", "reference 1004"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			o := newOffice(t, bloxstest.Options{})
			lease := o.write("1001 - 1004/lease.pdf", "%PDF-1.7 lease %%EOF")
			o.write("1002 - 1003/letter.txt", "letter")
			o.run("run", "--once")
			o.configure(c.replace...)
			o.write("1002 - 1003/new.txt", "new")
			if out, code := o.try("run", "--once"); code != 3 {
				t.Errorf("exit code %d\n%s", code, out)
			}
			o.only(2)
			o.start()
			o.waits(o.root, c.words)
			o.run("retry", "--all")
			o.run("resume") // ends no such pause
			o.waits(o.root)
			o.stop()
			o.start() // nor does a restart
			o.waits(o.root)
			o.says(o.run("adopt", o.root, "--existing", "upload"), "is adopted")
			o.untilSent(3)
			o.write("1002 - 1003/copy of new.txt", "new")
			o.stop()
			o.start()
			o.until("taken in", func(st control.Status) bool { return st.Files == 4 && st.Settling == 0 && st.State == control.Running })
			o.only(3)
			o.run("status")
			if out, code := o.try("adopt", o.root, "--existing", "upload"); code != 1 || !strings.Contains(out, "needs no adoption") {
				t.Errorf("adopted again: exit code %d, %s", code, out)
			}
			if c.receiver != "" {
				o.refused(1, c.receiver, "send", lease, "--again")
				o.only(3)
			} else {
				o.says(o.run("send", lease, "--again"), "a second time")
				o.only(4)
			}
			o.refused(2, "--existing", "adopt", o.root)
			o.refused(1, "no watched root", "adopt", o.dir, "--existing", "upload")
		})
	}
}
