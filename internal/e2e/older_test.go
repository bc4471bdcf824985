package e2e

import (
	"fmt"
	"path/filepath"
	"testing"

	"bloxdrop/internal/bloxs/bloxstest"
	"bloxdrop/internal/control"
)

// TestOlderStoreCatchesUp: a ledger that is an older copy goes on at one root,
// and so comes to the position at which another root's marker was written. It
// still doesn't know what was sent from there.
func TestOlderStoreCatchesUp(t *testing.T) {
	t.Parallel()
	o := newOffice(t, bloxstest.Options{})
	other := filepath.Join(o.dir, "other")
	o.configure(o.rooted(other)...)
	o.olderStore()
	o.remove(filepath.Join(other, ".bloxdrop"))
	o.start()
	o.waits(o.root, "older copy")
	if st := o.status(); st.Roots[1].Paused || !st.Roots[1].Online {
		o.run("adopt", other, "--existing", "upload")
	}
	for i := range 10 {
		put(o, filepath.Join(other, fmt.Sprintf("1002/%d.txt", i)), fmt.Sprint("other ", i))
	}
	o.untilSent(11)
	o.stop()
	o.start()
	o.until("looked", func(st control.Status) bool {
		return st.Settling+st.Waiting+st.Sending == 0 && st.Roots[1].LastRescan != ""
	})
	o.waits(o.root)
	o.only(12)
}

// TestAdoptAndSkipWhatWasEdited: a file that was sent, and is another when its
// root is adopted, was there then.
func TestAdoptAndSkipWhatWasEdited(t *testing.T) {
	t.Parallel()
	o := newOffice(t, bloxstest.Options{})
	o.write("1001/a.txt", "first")
	o.write("1001/b.txt", "b")
	o.run("run", "--once")
	o.only(2)
	o.write("1001/a.txt", "second, and longer")
	o.configure("127.0.0.1", "localhost")
	o.start()
	o.waits(o.root, "http://localhost")
	o.run("adopt", o.root, "--existing", "skip")
	o.write("1001/c.txt", "c")
	o.untilSent(3)
	o.until("quiet", func(st control.Status) bool { return st.Settling+st.Waiting+st.Sending == 0 && st.Files == 3 })
	o.only(3)
	o.write("1001/b.txt", "B") // edited later, as long as before
	o.untilSent(4)
	o.only(4)
}
