package notice

import (
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// TestReadOnly harms nothing, is said once, and goes on when it can.
func TestReadOnly(t *testing.T) {
	b := newBench(t)
	b.write("1234 - Bakker/a.txt", "a")
	b.write("loose.txt", "b")
	b.look()
	b.unknown("1234")
	if err := unix.Mount(b.root, b.root, "", unix.MS_BIND, ""); err != nil {
		t.Skipf("no right to mount here: %v", err)
	}
	defer unix.Unmount(b.root, unix.MNT_DETACH)
	b.must(unix.Mount("", b.root, "", unix.MS_REMOUNT|unix.MS_BIND|unix.MS_RDONLY, ""))
	for range 3 {
		b.look()
		b.pass()
	}
	if all := b.notices.Troubles(); len(all) != 1 || all[0].Reason != readOnly {
		t.Errorf("%+v", all)
	}
	if n := strings.Count(b.log.String(), "notices can't be written"); n != 1 {
		t.Errorf("said %d times:\n%s", n, b.log)
	}
	b.must(unix.Mount("", b.root, "", unix.MS_REMOUNT|unix.MS_BIND, ""))
	b.look()
	b.stands(unknown1234, "! NOT SENT - no person's folder")
	if all := b.notices.Troubles(); len(all) > 0 || !strings.Contains(b.log.String(), "can be written again") {
		t.Errorf("%+v\n%s", all, b.log)
	}
}
