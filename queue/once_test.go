package queue

import (
	"context"
	"testing"
	"testing/synctest"
	"time"
)

// waiting is a WaitDone under way.
func (b *bench) waiting() (isDone func() bool) {
	b.CountTries()
	ended := make(chan error, 1)
	ctx, cancel := context.WithCancel(context.Background())
	b.t.Cleanup(cancel)
	go func() { ended <- b.WaitDone(ctx) }()
	done := false
	return func() bool {
		b.t.Helper()
		time.Sleep(2 * time.Second)
		synctest.Wait()
		select {
		case err := <-ended:
			b.must(err)
			done = true
		default:
		}
		return done
	}
}

// TestWaitDone ends when all was sent or tried three times, and not while a
// worker has something.
func TestWaitDone(t *testing.T) {
	inBubble(t, func(b *bench) {
		b.offer("1/a", "1/b", "1/c")
		done := b.waiting()
		for range 2 {
			b.ends(b.next(), delivered)
		}
		for range 3 {
			job, _ := b.within(time.Hour)
			b.openGate(job)
			if done() {
				b.t.Fatal("done while a worker has an item")
			}
			b.Done(job, transient)
		}
		if !done() {
			b.t.Error("not done, but all was tried")
		}
	})
}

// TestWaitDoneAndPauses does not wait for a wall to fall, but for a limit.
func TestWaitDoneAndPauses(t *testing.T) {
	inBubble(t, func(b *bench) {
		b.offer("1/a", "1/b")
		done := b.waiting()
		b.Done(b.next(), Outcome{Class: Limited, RetryAfter: time.Minute})
		if done() {
			b.t.Error("done during a limit, which ends soon")
		}
		job, _ := b.within(time.Hour)
		b.Done(job, denied)
		if !done() {
			b.t.Error("waits for a wrong key")
		}
	})
}

// TestWaitDoneAndCaution gives up when gates open too rarely.
func TestWaitDoneAndCaution(t *testing.T) {
	inBubble(t, func(b *bench) {
		b.offerMany("1", 20)
		done := b.waiting()
		tries := 0
		for ; !done() && tries < 20; tries++ {
			job, _ := b.within(time.Hour)
			b.ends(job, uncertain)
		}
		if tries != 5 { // the first, one at once, and after 10, 20 and 40 s
			b.t.Errorf("%d tries", tries)
		}
	})
}
