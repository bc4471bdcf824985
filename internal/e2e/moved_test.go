package e2e

import (
	"strings"
	"testing"

	"bloxdrop/internal/bloxs/bloxstest"
)

// TestMovedHouse: after files were sent, another address, kind of identifier or
// person for the same folder could send them twice, and is refused.
func TestMovedHouse(t *testing.T) {
	t.Parallel()
	o := newOffice(t, bloxstest.Options{})
	o.write("1001 - Jansen/lease.pdf", "%PDF-1.7 lease %%EOF")
	o.write("1002 - 1003/letter.txt", "letter")
	o.run("run", "--once")
	sent := o.bloxs.Uploads.Count()
	for name, replace := range map[string][]string{
		"another address":    {"127.0.0.1", "localhost"},
		"another identifier": {`existing = `, `layout = "{externalIdentifier}[ - {name}]"` + "\nexisting = "},
		"another person":     {`existing = `, `layout = "{name} - {reference}"` + "\nexisting = "},
	} {
		o.configure(replace...)
		out, code := o.try("run", "--once")
		if code != 2 || !strings.Contains(out, "put the former") {
			t.Errorf("%s: exit code %d\n%s", name, code, out)
		}
	}
	o.configure()
	o.run("run", "--once")
	if n := o.bloxs.Uploads.Count(); n != sent || sent != 2 {
		t.Errorf("%d uploads, then %d", sent, n)
	}
}
