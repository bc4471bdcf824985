package queue

import (
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// TestDiskFull opens no gate while there is no room for its receipt, and goes
// on by itself.
func TestDiskFull(t *testing.T) {
	dir, err := os.MkdirTemp("", "queue")
	if err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(dir)
	if err := unix.Mount("bloxdrop", dir, "tmpfs", 0, "size=40m"); err != nil {
		t.Skip("only root can mount a small disk to fill: ", err)
	}
	defer func() {
		if err := unix.Unmount(dir, unix.MNT_DETACH); err != nil {
			t.Error(err)
		}
	}()
	inBubbleAt(t, dir, func(b *bench) {
		b.offer("1/a", "1/b")
		others := filepath.Join(dir, "somebody else's")
		b.must(os.WriteFile(others, make([]byte, 30<<20), 0o600))
		job := b.next()
		if err := b.gate(job); !errors.Is(err, ErrNotNow) {
			b.t.Errorf("a gate opens: %v", err)
		}
		b.Done(job, Outcome{Class: Stopped})
		b.paused(ByDisk)
		if p := b.Pauses()[0]; p.Until.Sub(p.Since) != diskRetry {
			b.t.Errorf("%+v", p)
		}
		b.idle(time.Hour)
		b.paused(ByDisk)
		b.must(os.Remove(others))
		b.openGate(b.after(diskRetry))
		b.paused("")
		b.openGate(b.next())
	})
}
