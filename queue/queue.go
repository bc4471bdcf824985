// Package queue decides what happens next: which item is tried and when, what
// follows from each outcome, and when nothing may be sent at all.
//
// It promises that an item is with one worker at a time; that every outcome
// becomes one whole transition of the ledger, and a receipt is never dropped;
// that nobody's files wait behind a colleague's thousand; and that after an
// outcome nobody can tell, gates open one at a time.
//
// It must never speak HTTP, open a file, or keep anything that has to survive
// a kill anywhere but in the store.
package queue

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"golang.org/x/time/rate"

	"bloxdrop/store"
)

// Options is what a queue needs from outside.
type Options struct {
	Store     Store
	PerMinute int  // uploads; look-ups may come three times as often; 0 = no limit
	Resend    bool // send an uncertain item once more by itself, instead of holding it
	RetryMin  time.Duration
	RetryMax  time.Duration
	Now       func() time.Time
	Random    func() float64 // in [0, 1)
	Log       *slog.Logger
}

// Queue hands out jobs and takes their outcomes. Make it with New.
type Queue struct {
	opts    Options
	store   Store
	uploads *rate.Limiter
	lookUps *rate.Limiter

	mu        sync.Mutex
	changed   chan struct{} // closed, and made anew, when waiting for something may have ended
	claimed   map[store.ItemID]*Job
	gates     int // open at this moment
	pauses    map[string]*pause
	suspects  map[store.ItemID]bool // met a wall that others passed
	passed    map[string]bool       // causes of walls of which others passed the last one
	caution   caution
	sent      Sent      // since the queue was made
	turns     int64     // uploads that had their turn under PerMinute, since the queue was made
	delivered time.Time // when Bloxs last took a file, or the queue was made
	noLookUps time.Time // look-ups are forbidden until then
	unsettled bool      // gates that the last process left open are still to be noted as uncertain
	stopping  bool
	abandoned chan struct{}        // closed when nothing can be written any more
	tries     map[store.ItemID]int // of items that are still not sent; only where a run is to end by itself
}

// New takes over what the ledger holds. An item whose gate was open when the
// last process ended is uncertain from here on.
func New(opts Options) (*Queue, error) {
	q := &Queue{
		opts: opts, store: opts.Store,
		uploads: limiter(opts.PerMinute), lookUps: limiter(3 * opts.PerMinute),
		changed: make(chan struct{}), claimed: map[store.ItemID]*Job{}, pauses: map[string]*pause{}, suspects: map[store.ItemID]bool{}, passed: map[string]bool{}, delivered: opts.Now(),
		abandoned: make(chan struct{}),
	}
	since, err := q.store.PausedByHand()
	if err != nil {
		return nil, err
	}
	if !since.IsZero() {
		q.pauses[ByHand] = &pause{since: since}
	}
	q.unsettled = true
	q.mu.Lock()
	defer q.mu.Unlock()
	q.settleOpenGates()
	return q, nil
}

// limiter spreads n a minute evenly.
func limiter(n int) *rate.Limiter {
	if n <= 0 {
		return rate.NewLimiter(rate.Inf, 1)
	}
	return rate.NewLimiter(rate.Every(time.Minute/time.Duration(n)), 1)
}

// settleOpenGates makes the items uncertain at which the last process ended.
// Until that is written down, nothing is tried.
func (q *Queue) settleOpenGates() {
	for q.unsettled {
		p, err := q.store.List(store.Sending, "", 100)
		for _, it := range p.Items {
			try := store.Try{Counts: true, Due: q.opts.Now(), Detail: "bloxdrop ended while it waited for Bloxs's answer"}
			if err = q.store.NobodyKnows(it.ID, q.again(it), try); err != nil {
				break
			}
			q.opts.Log.Warn("nobody knows whether this file is in Bloxs", "person", it.Person.ID, "path", it.Rel, "item", it.ID, "reason", try.Detail)
		}
		if err != nil {
			q.storeFails(err)
			return
		}
		q.unsettled = len(p.Items) > 0
	}
}

// again tells whether an item that has become uncertain is sent once more.
func (q *Queue) again(it store.Item) bool { return q.opts.Resend && it.Uncertain == 0 }

// maxSleep bounds how long anything waits before it looks at the clock again,
// since clocks jump.
const maxSleep = 30 * time.Second

// Next blocks until an item may be tried, and claims it for one worker.
func (q *Queue) Next(ctx context.Context) (*Job, error) {
	for {
		job, changed, wait, err := q.tryNext()
		if job != nil || err != nil {
			return job, err
		}
		if err := sleep(ctx, changed, wait); err != nil {
			return nil, err
		}
	}
}

// sleep returns when something changed, after wait, or when ctx ends.
func sleep(ctx context.Context, changed <-chan struct{}, wait time.Duration) error {
	timer := time.NewTimer(min(max(wait, 0), maxSleep))
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-changed:
	case <-timer.C:
	}
	return nil
}

// tryNext claims an item, or says for what or how long to wait.
func (q *Queue) tryNext() (*Job, <-chan struct{}, time.Duration, error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	now := q.opts.Now()
	probe, wait := q.mayTry(now)
	if wait > 0 {
		return nil, q.changed, wait, nil
	}
	if q.settleOpenGates(); q.unsettled {
		return nil, q.changed, storeRetry, nil
	}
	it, places, next, err := q.take(probe)
	if err != nil {
		q.storeFails(err)
		return nil, q.changed, storeRetry, nil
	}
	if it.ID == "" {
		if next.IsZero() {
			return nil, q.changed, maxSleep, nil
		}
		return nil, q.changed, max(next.Sub(now), time.Millisecond), nil
	}
	job := &Job{Item: it, Places: places, Probe: probe, lone: q.caution.on}
	q.claimed[it.ID] = job
	q.probes(job)
	return job, nil, 0, nil
}

// take prefers for a probe an item of somebody of whom none has met the wall, and
// then one that has not met it itself: one bad file, or a folder of them, must not
// keep everybody before it.
func (q *Queue) take(probe bool) (it store.Item, places []store.Place, next time.Time, err error) {
	var other store.Item
	var at []store.Place
	for passed := map[store.ItemID]bool{}; probe && len(passed) < probeAmong; passed[it.ID] = true {
		it, places, next, err = q.store.Take(func(id store.ItemID) bool {
			return q.isClaimed(id) || q.metWall(id) || q.suspects[id] || passed[id]
		}, q.opts.RetryMax)
		if err != nil || it.ID != "" && !q.metWallWith(it.Person) {
			return it, places, next, err
		}
		if it.ID == "" {
			break
		}
		if other.ID == "" {
			other, at = it, places
		}
	}
	if other.ID != "" {
		return other, at, next, nil
	}
	return q.store.Take(q.isClaimed, q.opts.RetryMax)
}

func (q *Queue) isClaimed(id store.ItemID) bool { return q.claimed[id] != nil }

// mayTry tells how long nothing may be tried, and whether the next try is a probe.
func (q *Queue) mayTry(now time.Time) (probe bool, wait time.Duration) {
	if q.stopping {
		return false, maxSleep
	}
	probe, wait = q.mayPass(now)
	if wait > 0 || !q.caution.on {
		return probe, wait
	}
	if len(q.claimed) > 0 {
		return false, maxSleep // its end wakes us
	}
	return probe, q.caution.next.Sub(now)
}

// Changed gives a channel that is closed when something has changed: a
// receipt has come, perhaps.
func (q *Queue) Changed() <-chan struct{} {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.changed
}

// wake lets everybody who waits look again.
func (q *Queue) wake() {
	close(q.changed)
	q.changed = make(chan struct{})
}

// Pace waits for this upload's turn under requests_per_minute.
func (q *Queue) Pace(ctx context.Context, job *Job) error {
	if err := q.uploads.Wait(ctx); err != nil {
		return err
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	q.turns++
	if q.stopping || q.barred(job) {
		return ErrNotNow
	}
	return nil
}

// Stop lets no new job out and no gate open. Jobs that are out still end with Done.
func (q *Queue) Stop() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.stopping = true
	q.wake()
}

// Abandon ends the attempts to write outcomes that can't be written: their
// items are uncertain at the next start.
func (q *Queue) Abandon() {
	q.Stop()
	q.mu.Lock()
	defer q.mu.Unlock()
	select {
	case <-q.abandoned:
	default:
		close(q.abandoned)
	}
}
