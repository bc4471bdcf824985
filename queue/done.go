package queue

import (
	"cmp"
	"errors"
	"time"

	"bloxdrop/internal/failpoint"
	"bloxdrop/store"
)

// caution is the rule after an uncertain outcome: gates open one at a time,
// the first at once; each lone attempt that ends uncertain doubles the wait.
type caution struct {
	on   bool
	wait time.Duration
	next time.Time
}

// Caution tells whether gates open one at a time, since an upload ended
// uncertain, and when the next may.
func (q *Queue) Caution() (next time.Time, on bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.caution.next, q.caution.on
}

const (
	staleRetry   = time.Minute
	awayRetry    = time.Minute
	cautionFirst = 10 * time.Second
	cautionMost  = 15 * time.Minute
)

func (c *caution) uncertain(lone bool, now time.Time) {
	switch {
	case !c.on:
		*c = caution{on: true, next: now}
	case lone:
		c.wait = min(max(2*c.wait, cautionFirst), cautionMost)
		c.next = now.Add(c.wait)
	}
}

// OpenGate notes durably that Bloxs may store the job's item from now on.
// After ErrNotNow, and after any error, the gate is shut.
func (q *Queue) OpenGate(job *Job, place store.Place) error {
	if !q.needRoom(job) {
		return ErrNotNow
	}
	if err := q.reserveGate(job); err != nil {
		return err
	}
	err := q.openGate(job, place)
	q.mu.Lock()
	defer q.mu.Unlock()
	if err == nil {
		q.endPause(ByStore)
		return nil
	}
	q.shut(job)
	if errors.Is(err, store.ErrNotState) || errors.Is(err, store.ErrNoItem) {
		return ErrNotNow // the item was withdrawn meanwhile, and maybe forgotten
	}
	q.storeFails(err)
	return err
}

// openGate notes first that a former gate of the same job let nothing through,
// which an answer that asked for a new token has proven.
func (q *Queue) openGate(job *Job, place store.Place) error {
	if job.Item.State == store.Sending {
		if err := q.store.NotStored(job.Item.ID, store.Try{Due: q.opts.Now(), Detail: "Bloxs asked for a new token"}); err != nil {
			return err
		}
		job.Item.State = store.Waiting
	}
	if err := q.store.OpenGate(job.Item.ID, place); err != nil {
		return err
	}
	job.Item.State = store.Sending
	return nil
}

func (q *Queue) reserveGate(job *Job) error {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.stopping || q.barred(job) {
		return ErrNotNow
	}
	if q.caution.on && !job.gated {
		if q.gates > 0 || q.opts.Now().Before(q.caution.next) {
			return ErrNotNow
		}
		job.lone = true
	}
	if !job.gated {
		job.gated = true
		q.gates++
	}
	return nil
}

func (q *Queue) shut(job *Job) {
	if job.gated {
		job.gated = false
		q.gates--
	}
}

// Done takes a job back with its outcome. It returns when what follows is in
// the store; while that can't be written it keeps trying, and no gate opens.
func (q *Queue) Done(job *Job, o Outcome) {
	if o.Class == Stopped && job.Item.State == store.Sending && o.Status == 0 {
		o.Class = Uncertain
	}
	warned := false
	for {
		err := q.settle(job, o)
		if errors.Is(err, store.ErrNotState) || errors.Is(err, store.ErrNoItem) {
			// Somebody has decided about the item meanwhile, and that stands.
			q.opts.Log.Error("an outcome has no item to go to", "class", o.Class, "file_id", o.FileID,
				"item", job.Item.ID, "person", job.Item.Person.ID, "path", job.Item.Rel, "err", err)
			break
		}
		if err == nil {
			break
		}
		if !warned && o.Class == Delivered {
			q.opts.Log.Error("Bloxs has the file, but its receipt can't be written yet; note its ID",
				"file_id", o.FileID, "item", job.Item.ID, "person", job.Item.Person.ID, "path", job.Item.Rel, "err", err)
		}
		warned = true
		q.mu.Lock()
		q.storeFails(err)
		q.mu.Unlock()
		select {
		case <-q.abandoned:
			q.release(job, o, false)
			return
		case <-time.After(storeRetry):
		}
	}
	failpoint.At("outcome written")
	q.release(job, o, true)
}

// release gives the item free and lets the outcome act on everybody else.
func (q *Queue) release(job *Job, o Outcome, written bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.shut(job)
	delete(q.claimed, job.Item.ID)
	if written && o.Class != Stopped {
		q.endPause(ByStore)
	}
	q.probed(job, o)
	switch o.Class {
	case Delivered:
		q.caution, q.delivered = caution{}, q.opts.Now()
		q.sent.Files++
		q.sent.Bytes += job.Item.Size
	case Uncertain:
		q.caution.uncertain(job.lone, q.opts.Now())
	case Denied:
		q.begin(ByDenied, o.Detail, job, 0)
	case SignIn:
		q.begin(BySignIn, o.Detail, job, 0)
	case Misconfigured:
		q.begin(ByAddress, o.Detail, job, 0)
	case Limited:
		wait := min(o.RetryAfter, probeMost)
		if wait <= 0 {
			wait = limitDefault + time.Duration(q.opts.Random()*float64(limitDefault)/4)
		}
		q.begin(ByLimit, o.Detail, job, wait)
	}
	q.count(job, o)
	switch o.Class {
	case Delivered, Rejected, UnknownPerson, NameMismatch, Uncertain:
		delete(q.suspects, job.Item.ID)
	}
	q.wake()
}

// settle makes the outcome a transition of the ledger.
func (q *Queue) settle(job *Job, o Outcome) error {
	id, now := job.Item.ID, q.opts.Now()
	try := store.Try{Due: now, Detail: o.Detail, TraceID: o.TraceID}
	switch o.Class {
	case Delivered:
		return q.store.Receipt(id, o.FileID)
	case Uncertain:
		try.Counts, try.Due = true, now.Add(q.backoff(job.Item.Attempts+1))
		return q.store.NobodyKnows(id, q.again(job.Item), try)
	case Rejected:
		try.Counts = o.Status != 0
		return q.store.Hold(id, store.Rejected, try)
	case NameMismatch:
		return q.store.Hold(id, store.NameMismatch, try)
	case UnknownPerson:
		// The look-up that told may have held the item with the others already.
		if err := q.store.NotStored(id, try); err != nil && !errors.Is(err, store.ErrNotState) {
			return err
		}
		if o.Known {
			return nil // and another look-up may have been asked for since, or have found the person
		}
		return q.PersonUnknown(job.Item.Person, o.Detail)
	case Transient:
		try.Counts, try.Due = true, now.Add(q.backoff(job.Item.Attempts+1))
		return q.store.NotStored(id, try)
	case Stale:
		// The watcher will see what became of it, and lets it go at once then.
		later := min(staleRetry, q.opts.RetryMax)
		try.Due = now.Add(later/2 + time.Duration(q.opts.Random()*float64(later/2)))
		if err := q.store.NotStored(id, try); err != nil {
			return err
		}
		if o.Doubtful {
			return q.store.Suspect(job.Places)
		}
		return nil
	case Away:
		try.Due = now.Add(min(cmp.Or(o.RetryAfter, awayRetry), q.opts.RetryMax))
		return q.store.NotStored(id, try)
	case SignIn, Denied, Misconfigured, Limited:
		if q.OwnWall(id) {
			try.Due = now.Add(q.opts.RetryMax)
		}
		return q.store.NotStored(id, try)
	}
	// Stopped: as if it had not been tried.
	if job.Item.State == store.Sending {
		return q.store.NotStored(id, try)
	}
	return nil
}

// OwnWall tells of an item that is kept back as by a pause, but alone: others
// pass where it doesn't.
func (q *Queue) OwnWall(id store.ItemID) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.suspects[id]
}

// backoff is full jitter: anywhere between nothing and retry_min doubled with
// each attempt up to retry_max.
func (q *Queue) backoff(attempts int) time.Duration {
	most := q.opts.RetryMin
	for range attempts - 1 {
		if most *= 2; most >= q.opts.RetryMax {
			most = q.opts.RetryMax
			break
		}
	}
	return time.Duration(q.opts.Random() * float64(most))
}
