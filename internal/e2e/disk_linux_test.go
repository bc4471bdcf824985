package e2e

import (
	"fmt"
	"os"
	"testing"

	"bloxdrop/internal/bloxs/bloxstest"
	"bloxdrop/internal/control"
	"bloxdrop/internal/testfs"
)

// TestDiskFull sends nothing while the disk of store.dir has no room for
// receipts, says so, and goes on by itself. What Bloxs had before it got full
// is written down.
func TestDiskFull(t *testing.T) {
	t.Parallel()
	o := newOffice(t, bloxstest.Options{})
	store := o.storeDir()
	o.must(os.Mkdir(store, 0o700))
	testfs.SmallDisk(t, store, 56)
	o.drop(5)
	o.age()
	o.start()
	o.untilSent(5)
	hold := bloxstest.Hold()
	o.bloxs.Uploads.For("3001", hold.Fault)
	o.write("3001/on its way.txt", "on its way")
	o.age()
	<-hold.Reached()
	undo := testfs.Fill(t, store, 0)
	for i := range 20 {
		o.write(fmt.Sprintf("3002/%d.txt", i), fmt.Sprint("later ", i))
	}
	o.age()
	hold.Release()
	o.until("the receipt is there", func(st control.Status) bool { return st.Sent == 6 })
	st := o.until("paused", func(st control.Status) bool {
		for _, p := range st.Pauses {
			if p.Cause == "disk-full" && p.Until != "" {
				o.says(p.Remedy, "store.dir", "by itself")
				return true
			}
		}
		return false
	})
	if n := len(o.bloxs.Stored()); n != 6 || st.Sent != 6 {
		t.Errorf("%d stored, %+v", n, st)
	}
	undo()
	o.untilSent(26)
	o.stop()
	o.start()
	o.untilSent(26)
	if n := len(o.bloxs.Stored()); n != 26 {
		t.Errorf("%d stored", n)
	}
}
