package uploader

import (
	"context"
	"errors"
	"sync"
	"time"

	"bloxdrop/internal/failpoint"
	"bloxdrop/queue"
)

// gate is the one point of an attempt at which "certainly not stored" ends. It
// either opens, once, or is shut, for good; the first to come decides.
type gate struct {
	mu     sync.Mutex
	opened bool
	marked bool // the tail was handed out
	why    error
	passed chan struct{} // closed when the tail is handed out
}

// verdict ends an attempt before its gate for a reason of our own.
type verdict struct {
	class    queue.Class
	detail   string
	doubtful bool // see queue.Outcome
}

func (v *verdict) Error() string { return v.detail }

// The verdicts without a detail of their own, and the reasons that are none.
var (
	takenBack   = &verdict{class: queue.Stopped, detail: "bloxdrop takes this attempt back"}
	errAnswered = errors.New("an answer came before the whole file was sent")
	errEnded    = errors.New("the attempt is over")
)

// stale is for a file that the watcher sees to be another than was offered.
func stale(detail string) error { return &verdict{class: queue.Stale, detail: detail} }

// doubtful is for one whose look hasn't changed, though its content has.
func doubtful(detail string) error {
	return &verdict{class: queue.Stale, detail: detail, doubtful: true}
}

// shut keeps the gate from opening, and reports whether it came too late.
func (g *gate) shut(why error) (opened bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if !g.opened && g.why == nil {
		g.why = why
	}
	return g.opened
}

// open runs the durable step unless the gate was shut before.
func (g *gate) open(journal func() error) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.why != nil {
		return g.why
	}
	if err := journal(); err != nil {
		g.why = err
		return err
	}
	g.opened = true
	return nil
}

// pass hands out the tail.
func (g *gate) pass() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.marked = true
	close(g.passed)
}

// passGate runs when the last bytes are asked for: all before has been
// written to the connection. nil lets them go. docs/ARCHITECTURE.md says why
// there are these steps, in this order.
func (a *attempt) passGate() error {
	// 1. What was streamed is what was offered, and still stands there.
	if err := a.body.whole(a.job.Item); err != nil {
		return err
	}
	if err := a.src.unchanged(); err != nil {
		return err
	}
	// 2. Everything before has arrived. That may take a while, so the folder
	// is asked once more: nobody's file is sent under a name that it lost.
	if err := a.wire.Flushed(a.ctx); err != nil {
		return err
	}
	if err := a.src.unchanged(); err != nil {
		return err
	}
	// 3. From here on a silence is uncertain.
	if err := context.Cause(a.ctx); err != nil {
		return err
	}
	if err := a.answered(); err != nil {
		return err
	}
	failpoint.At("gate")
	if err := a.gate.open(a.journal); err != nil {
		return err
	}
	failpoint.At("gate opened")
	// 4. Nothing has left yet, so a connection that is gone stored nothing.
	if err := context.Cause(a.ctx); err != nil {
		return err
	}
	if err := a.wire.Alive(); err != nil {
		return err
	}
	a.wire.MarkGate()
	a.gate.pass()
	return nil
}

// lastBytes is passGate for the body. Where an answer shut the gate, the body
// must not end before that answer has been read: net/http would close the
// connection under it, and Bloxs's words would be lost.
func (a *attempt) lastBytes() error {
	err := a.passGate()
	if errors.Is(err, errAnswered) {
		a.untilRead(func() bool { return true })
	}
	return err
}

// answered tells before anything more leaves that Bloxs answers already. What
// turns out to be a 100 Continue is no answer. One whose head takes long is
// waited for once; after that it is heard when it is there.
func (a *attempt) answered() error {
	if a.unheard || !a.wire.Answering() {
		return nil
	}
	since := time.Now()
	coming := func() bool {
		a.unheard = time.Since(since) > readGrace
		return !a.unheard && a.wire.Answering()
	}
	if a.untilRead(coming) {
		return errAnswered
	}
	return nil
}

// readGrace is how long an answer may take that came before its connection
// ended. net/http keeps one without a body back for 50 ms.
const readGrace = time.Second

// untilRead waits, as long as an answer is coming, until that has been read or
// can't be any more.
func (a *attempt) untilRead(coming func() bool) bool {
	look := time.NewTicker(time.Millisecond)
	defer look.Stop()
	var tooLate <-chan time.Time
	for coming() {
		select {
		case <-a.read:
			return true
		case <-tooLate:
			return true
		case <-a.ctx.Done():
			return true
		case <-look.C:
			if tooLate == nil && a.wire.Alive() != nil {
				tooLate = time.After(readGrace)
			}
		}
	}
	return false
}

// journal is step 3: the queue writes the open gate down.
func (a *attempt) journal() error {
	if a.stop.Err() != nil {
		return takenBack
	}
	if why, _ := a.barred(a.src.place.Root); why != "" {
		return &verdict{class: queue.Away, detail: why}
	}
	err := a.queue.OpenGate(a.job, a.src.place)
	switch {
	case err == nil:
		return nil
	case errors.Is(err, queue.ErrNotNow):
		return takenBack
	}
	a.log.Error("open gate not written down", "item", a.job.Item.ID, "err", err)
	return &verdict{class: queue.Stopped, detail: "the journal can't be written: " + err.Error()}
}
