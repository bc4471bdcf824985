package e2e

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"golang.org/x/sys/unix"

	"bloxdrop/internal/bloxs/bloxstest"
	"bloxdrop/internal/control"
)

// mounted makes the root a mount of a folder in which colleagues go on while
// the server can't see it.
func (o *office) mounted() (share string) {
	o.t.Helper()
	share = filepath.Join(o.dir, "share")
	o.must(os.Mkdir(share, 0o755))
	o.mount(share, "", unix.MS_BIND)
	o.t.Cleanup(func() {
		o.kill()
		for unix.Unmount(o.root, unix.MNT_DETACH) == nil {
		}
	})
	return share
}

func (o *office) mount(source, fstype string, flags uintptr) {
	o.t.Helper()
	mayMount(o.t, unix.Mount(source, o.root, fstype, flags, ""))
}

func (o *office) unmount() {
	o.t.Helper()
	o.must(unix.Unmount(o.root, unix.MNT_DETACH))
}

func mayMount(t testing.TB, err error) {
	t.Helper()
	if err == unix.EPERM {
		missing(t, "only root may mount")
	}
	if err != nil {
		t.Fatal(err)
	}
}

// rounds are what colleagues drop on a share.
type rounds struct {
	o     *office
	share string
	all   map[string]delivery // by their paths in the root
}

func (r rounds) drop(round int) {
	r.o.t.Helper()
	for i := range 100 {
		content := fmt.Sprintf("%d of round %d", i, round)
		rel := fmt.Sprintf("10%02d/%d-%d.txt", i%20, round, i)
		put(r.o, filepath.Join(r.share, rel), content)
		r.all[filepath.Join(r.o.root, rel)] = delivery{fmt.Sprintf("10%02d", i%20), sum([]byte(content))}
	}
}

// TestUnmountedUnderLoad takes the share away while files go, puts another
// volume in its place, and brings it back: nothing is lost, repeated, or taken
// from the other.
func TestUnmountedUnderLoad(t *testing.T) {
	o := newOffice(t, bloxstest.Options{})
	r := rounds{o, o.mounted(), map[string]delivery{}}
	r.drop(0)
	o.start()
	o.until("the first are sent", func(st control.Status) bool { return st.Sent > 10 })
	for round := 1; round <= 3; round++ {
		o.unmount()
		o.offline()
		if round == 2 { // another volume, with files of persons
			o.mount("other", "tmpfs", 0)
			o.write("1001/another volume's.txt", "no file of ours")
			o.offline()
			o.run("retry", "--all")
		}
		r.drop(round)
		if st := o.status(); st.Withdrawn > 0 {
			t.Errorf("an unmounted share counts as deleted: %+v", st)
		}
		if round == 2 {
			o.unmount()
		}
		o.mount(r.share, "", unix.MS_BIND)
		o.until("online", func(st control.Status) bool { return st.Roots[0].Online })
	}
	o.untilSlowly("all sent", func(st control.Status) bool { return st.Sent == len(r.all) && st.Settling+st.Waiting+st.Sending == 0 })
	o.storedOnce(r.all)
	o.stop()
	o.unmount()
	o.start() // with nothing there
	o.offline()
	if st := o.status(); st.Files != len(r.all) || st.Withdrawn > 0 {
		t.Errorf("%+v", st)
	}
}
