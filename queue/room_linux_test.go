package queue

import (
	"errors"
	"testing"
	"time"

	"bloxdrop/internal/testfs"
)

// TestDiskFull opens no gate while there is no room for its receipt, and goes
// on by itself.
func TestDiskFull(t *testing.T) {
	dir := t.TempDir()
	testfs.SmallDisk(t, dir, 40)
	inBubbleAt(t, dir, func(b *bench) {
		b.offer("1/a", "1/b")
		undo := testfs.Fill(t, dir, 10<<20)
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
		b.must(b.Resume()) // makes no room
		b.paused(ByDisk)
		undo()
		b.openGate(b.after(diskRetry))
		b.paused("")
		b.openGate(b.next())
	})
}
