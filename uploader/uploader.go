package uploader

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sync/singleflight"

	"bloxdrop/internal/pulse"
)

// answerGrace is how long an attempt behind its gate may wait for its answer
// when the service stops. The whole stop must end in under 5 s.
const answerGrace = 4 * time.Second

// Uploader runs the workers. Make it with New.
type Uploader struct {
	opt     Options
	grace   time.Duration
	newWire func() wire
	lookUps singleflight.Group
	flights flights
	shares  *shares
	pulses  []*pulse.Pulse // of the workers
	gone    atomic.Int32   // workers that have ended, though nobody has stopped them

	mu   sync.Mutex
	stop context.CancelCauseFunc // nil before Start
	done chan struct{}           // closed when every worker has ended
}

// New makes an Uploader that does nothing yet.
func New(opt Options) *Uploader {
	u := &Uploader{opt: opt, grace: answerGrace, newWire: func() wire { return opt.Bloxs.NewSender() }, shares: newShares(silentAfter)}
	for range opt.Workers {
		u.pulses = append(u.pulses, &pulse.Pulse{})
	}
	return u
}

// Start begins to work off the queue. The end of ctx is the same as Stop. A
// second Start does nothing.
func (u *Uploader) Start(ctx context.Context) {
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.stop != nil {
		return
	}
	ctx, u.stop = context.WithCancelCause(ctx)
	u.done = make(chan struct{})
	var all sync.WaitGroup
	for _, p := range u.pulses {
		all.Go(func() { u.work(ctx, p) })
	}
	all.Go(func() { u.lookUpUnknown(ctx) })
	done := u.done
	go func() {
		all.Wait()
		close(done)
	}()
}

// Stop begins no new attempt, takes those before their gate back at once, and
// gives those behind it 4 s for their answer; what has none by then is given
// to the queue as uncertain. It returns when all is settled, or with an error
// when ctx ends before. It may be called more than once, and before Start.
func (u *Uploader) Stop(ctx context.Context) error {
	u.mu.Lock()
	stop, done := u.stop, u.done
	u.mu.Unlock()
	if stop == nil {
		return nil
	}
	stop(errStopping)
	select {
	case <-done:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("uploads still under way: %w", ctx.Err())
	}
}

// work is one worker's life.
func (u *Uploader) work(ctx context.Context, p *pulse.Pulse) {
	w := &worker{Uploader: u, wire: u.newWire(), pulse: p}
	defer w.wire.Close()
	for {
		job, err := u.opt.Queue.Next(ctx)
		if err != nil {
			u.ended(ctx, "no more work from the queue", err)
			if ctx.Err() == nil {
				u.gone.Add(1)
			}
			return
		}
		p.Begin()
		begun := u.opt.Now()
		w.flight = u.flights.begin(job, begun)
		place, o := w.do(ctx, job)
		took := u.opt.Now().Sub(begun)
		u.opt.Queue.Done(job, o)
		p.End()
		u.flights.end(w.flight)
		u.opt.Tried(o.Class, job.Item.Size, w.flight.took)
		w.report(job, place, o, took)
	}
}

// patience is how long a worker may move nothing: longer than any of its own
// time-outs lets it.
func (u *Uploader) patience() time.Duration {
	return max(5*time.Minute, u.opt.StallTimeout+u.opt.AnswerTimeout+time.Minute)
}

// Hanging tells how many of the workers have ended, or hang: they have a file
// and move nothing, for longer than any time-out of theirs allows.
func (u *Uploader) Hanging(now time.Time) (n, of int) {
	n = int(u.gone.Load())
	for _, p := range u.pulses {
		if p.Still(now) > u.patience() {
			n++
		}
	}
	return n, len(u.pulses)
}

// ended reports the end of a loop that nobody asked to end.
func (u *Uploader) ended(ctx context.Context, what string, err error) {
	if ctx.Err() == nil && !errors.Is(err, context.Canceled) {
		u.opt.Log.Error("uploader ended", "what", what, "err", err)
	}
}
