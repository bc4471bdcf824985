// Package pulse tells work that moves from work that hangs.
//
// It promises that what it calls still has not moved since it was first seen
// so, and so errs towards too late, and that a step costs no more than a
// counter. It must never wait for the work that it is about.
package pulse

import (
	"sync"
	"sync/atomic"
	"time"
)

// Pulse is of one piece of work, which several may do at once. Its zero value
// is at rest.
type Pulse struct {
	steps atomic.Int64
	busy  atomic.Int64

	mu    sync.Mutex
	seen  int64
	since time.Time // when seen was first seen, busy
}

// Begin says that there is something to do from now on, until End.
func (p *Pulse) Begin() {
	p.steps.Add(1)
	p.busy.Add(1)
}

// Step says that it moves.
func (p *Pulse) Step() { p.steps.Add(1) }

// End says that it is done, or waits for something by which it is right to wait.
func (p *Pulse) End() {
	p.steps.Add(1)
	p.busy.Add(-1)
}

// Still tells how long the work has been seen not to move although there is
// something to do. It knows only what it saw when it was asked before.
func (p *Pulse) Still(now time.Time) time.Duration {
	p.mu.Lock()
	defer p.mu.Unlock()
	steps := p.steps.Load()
	if p.busy.Load() <= 0 || steps != p.seen || p.since.IsZero() {
		p.seen, p.since = steps, now
		return 0
	}
	return now.Sub(p.since)
}
