package uploader

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// The causes for which an attempt is cancelled.
var (
	errStopping = errors.New("bloxdrop was stopped before Bloxs had answered")
	errStalled  = errors.New("the connection stalled")
	errSilent   = errors.New("no answer")
)

// watchdog ends an attempt that nothing moves any more, and the one that is
// still under way when the service stops.
type watchdog struct {
	gate   *gate
	moved  func() int64 // bytes sent and received so far
	cancel context.CancelCauseFunc
	step   func()        // called now and then while bytes move
	stall  time.Duration // before the gate: no byte moved for so long
	answer time.Duration // after the gate: no whole answer after so long
	grace  time.Duration // after the gate, when stopping
}

// watch runs until done is closed. A stop takes an attempt before the gate
// back at once; one behind it gets the grace for its answer.
func (w watchdog) watch(stop, done <-chan struct{}) {
	look := time.NewTicker(min(time.Second, max(w.stall/16, time.Millisecond)))
	defer look.Stop()
	var unanswered, tooLate <-chan time.Time
	moved, since := w.moved(), time.Now()
	passed := w.gate.passed
	for {
		select {
		case <-done:
			return
		case <-passed:
			// The rest of the body is acknowledged by now and the tail is a few
			// bytes, so this is the moment of the last byte.
			passed, unanswered = nil, time.After(w.answer)
		case <-stop:
			stop = nil
			if !w.gate.shut(takenBack) {
				w.cancel(errStopping)
				return
			}
			tooLate = time.After(w.grace)
		case <-tooLate:
			w.cancel(errStopping)
			return
		case <-unanswered:
			w.cancel(fmt.Errorf("%w within %v", errSilent, w.answer))
			return
		case now := <-look.C:
			m := w.moved()
			if m != moved {
				w.step()
			}
			if m != moved || passed == nil {
				moved, since = m, now
			} else if now.Sub(since) >= w.stall {
				w.cancel(fmt.Errorf("%w: no byte moved for %v", errStalled, w.stall))
				return
			}
		}
	}
}
