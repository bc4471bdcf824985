package uploader

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"golang.org/x/sync/singleflight"
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

	mu   sync.Mutex
	stop context.CancelCauseFunc // nil before Start
	done chan struct{}           // closed when every worker has ended
}

// New makes an Uploader that does nothing yet.
func New(opt Options) *Uploader {
	return &Uploader{opt: opt, grace: answerGrace, newWire: func() wire { return opt.Bloxs.NewSender() }}
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
	for range u.opt.Workers {
		all.Go(func() { u.work(ctx) })
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
func (u *Uploader) work(ctx context.Context) {
	w := &worker{Uploader: u, wire: u.newWire()}
	defer w.wire.Close()
	for {
		job, err := u.opt.Queue.Next(ctx)
		if err != nil {
			u.ended(ctx, "no more work from the queue", err)
			return
		}
		begun := u.opt.Now()
		w.flight = u.flights.begin(job, begun)
		place, o := w.do(ctx, job)
		took := u.opt.Now().Sub(begun)
		u.opt.Queue.Done(job, o)
		u.flights.end(w.flight)
		w.report(job, place, o, took)
	}
}

// ended reports the end of a loop that nobody asked to end.
func (u *Uploader) ended(ctx context.Context, what string, err error) {
	if ctx.Err() == nil && !errors.Is(err, context.Canceled) {
		u.opt.Log.Error("uploader ended", "what", what, "err", err)
	}
}
