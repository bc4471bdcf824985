package e2e

import (
	"fmt"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"bloxdrop/internal/bloxs/bloxstest"
	"bloxdrop/internal/control"
)

// TestUnmountedUnderLoad takes the share away while files go, puts another
// volume in its place, and brings it back: nothing is lost, repeated, or taken
// from the other.
func TestUnmountedUnderLoad(t *testing.T) {
	o := newOffice(t, bloxstest.Options{})
	share := filepath.Join(o.dir, "share")
	o.must(os.MkdirAll(share, 0o755))
	mount := func(source, fstype string, flags uintptr) {
		t.Helper()
		if err := syscall.Mount(source, o.root, fstype, flags, ""); err != nil {
			t.Skip("only root may mount: ", err)
		}
	}
	unmount := func() {
		t.Helper()
		o.must(syscall.Unmount(o.root, syscall.MNT_DETACH))
	}
	mount(share, "", syscall.MS_BIND)
	mounted := true
	t.Cleanup(func() {
		o.kill()
		if mounted {
			_ = syscall.Unmount(o.root, syscall.MNT_DETACH)
		}
	})
	all := map[string]delivery{}
	drop := func(round int) {
		for i := range 100 {
			content := fmt.Sprintf("%d of round %d", i, round)
			rel := fmt.Sprintf("10%02d/%d-%d.txt", i%20, round, i)
			put(o, filepath.Join(share, rel), content) // colleagues go on while the server can't see it
			all[filepath.Join(o.root, rel)] = delivery{fmt.Sprintf("10%02d", i%20), sum([]byte(content))}
		}
	}
	drop(0)
	o.start()
	o.until("the first are sent", func(st control.Status) bool { return st.Sent > 10 })
	for round := 1; round <= 3; round++ {
		unmount()
		o.until("offline", func(st control.Status) bool { return !st.Roots[0].Online })
		if round == 2 { // another volume, with files of persons
			mount("other", "tmpfs", 0)
			o.write("1001/another volume's.txt", "no file of ours")
			o.until("offline still", func(st control.Status) bool { return !st.Roots[0].Online })
			o.run("retry", "--all")
		}
		drop(round)
		if st := o.status(); st.Withdrawn > 0 {
			t.Errorf("an unmounted share counts as deleted: %+v", st)
		}
		if round == 2 {
			unmount()
		}
		mount(share, "", syscall.MS_BIND)
		o.until("online", func(st control.Status) bool { return st.Roots[0].Online })
	}
	o.untilSlowly("all sent", func(st control.Status) bool { return st.Sent == len(all) && st.Settling+st.Waiting+st.Sending == 0 })
	o.storedOnce(all)
	o.stop()
	unmount()
	mounted = false
	o.start() // with nothing there
	st := o.until("offline", func(st control.Status) bool { return !st.Roots[0].Online })
	if st.Files != len(all) || st.Withdrawn > 0 {
		t.Errorf("%+v", st)
	}
}
