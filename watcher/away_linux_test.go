package watcher

import (
	"fmt"
	"os"
	"sync/atomic"
	"testing"

	"golang.org/x/sys/unix"

	"bloxdrop/store"
)

// cutoff is a ledger that, asked for a file's folder, cuts the share off.
type cutoff struct {
	*ledger
	cut   func()
	asked atomic.Bool
}

func (c *cutoff) Known(root, dir string, names []string) ([]store.Known, error) {
	if c.asked.CompareAndSwap(false, true) {
		c.cut()
	}
	return c.ledger.Known(root, dir, names)
}

// TestAServerThatFailsDuringAScan: a share whose server is gone fails each
// access, and may take long for each. A scan doesn't go on to the next folder
// then: the root is offline at once, until it is back.
func TestAServerThatFailsDuringAScan(t *testing.T) {
	t.Parallel()
	if os.Getuid() != 0 {
		t.Skip("only root can mount a share that fails")
	}
	var cut func()
	b := newBench(t, func(o *Options) {
		o.Queue = &cutoff{ledger: o.Queue.(*ledger), cut: func() { cut() }}
	})
	for i := range 20 {
		b.write(fmt.Sprintf("%d/f", i+1), "one")
	}
	cut = func() { failing(t, b.dir) }
	t.Cleanup(func() { _ = unix.Unmount(b.dir, unix.MNT_DETACH) })
	b.Start(t.Context())
	b.untilOffline("not connected")
	if s := b.Status()[0]; s.Unreadable > 0 {
		t.Errorf("it went on to %d more folders", s.Unreadable)
	}
	if err := unix.Unmount(b.dir, unix.MNT_DETACH); err != nil {
		t.Fatal(err)
	}
	b.RescanNow()
	b.until("online again", func() bool { return b.Status()[0].Online })
}

// failing mounts on dir what fails each access, as a FUSE server does that has died.
func failing(t testing.TB, dir string) {
	fd, err := unix.Open("/dev/fuse", unix.O_RDWR|unix.O_CLOEXEC, 0)
	if err != nil {
		t.Error(err)
		return
	}
	defer unix.Close(fd)
	if err := unix.Mount("dead", dir, "fuse", 0, fmt.Sprintf("fd=%d,rootmode=40000,user_id=0,group_id=0", fd)); err != nil {
		t.Error(err)
	}
}
