package queue

import (
	"context"
	"iter"
	"time"

	"bloxdrop/store"
)

// Offer takes settled files; it is durable when it returns.
func (q *Queue) Offer(batch []store.Offer) error {
	defer q.wakeAll()
	err := q.store.Offer(batch)
	if err != nil {
		q.needRoom(&Job{}) // then it shows
	}
	return err
}

// Known tells what the ledger remembers of these files in dir.
func (q *Queue) Known(root, dir string, names []string) ([]store.Known, error) {
	return q.store.Known(root, dir, names)
}

// Places counts the places directly in dir and names its child folders that
// hold places anywhere below.
func (q *Queue) Places(root, dir string) (int, []string, error) { return q.store.Places(root, dir) }

// Files names the places directly in dir.
func (q *Queue) Files(root, dir string) ([]string, error) { return q.store.Files(root, dir) }

// Gone says that these places are proven gone.
func (q *Queue) Gone(root string, rels []string) error { return q.store.Gone(root, rels) }

// GoneBelow says that the folder is proven gone, with all places below.
func (q *Queue) GoneBelow(root, dir string) error { return q.store.GoneBelow(root, dir) }

// Baseline tells how a root stands to what was in it at its first start.
func (q *Queue) Baseline(root string) (store.Baseline, error) { return q.store.Baseline(root) }

// TakeBaseline notes what is in a root now, as walk adds it.
func (q *Queue) TakeBaseline(root string, walk func(add func([]store.BaselineFile) error) error) (int, error) {
	return q.store.TakeBaseline(root, walk)
}

// Skip tells which of these files are the baseline's.
func (q *Queue) Skip(root string, files []store.Found) ([]bool, error) {
	return q.store.Skip(root, files)
}

// Send takes what is at a path, or below it, out of the baseline.
func (q *Queue) Send(root, rel string) (int, error) { return q.store.Send(root, rel) }

// SendAgain is a person's order to upload a sent item a second time.
func (q *Queue) SendAgain(id store.ItemID) error {
	defer q.wakeAll()
	return q.store.SendAgain(id)
}

// Retry lets these items go now, as a person asks, and ends the pauses that a
// person can end. It leaves uncertain items alone and says how many it changed.
func (q *Queue) Retry(ids []store.ItemID) (n int, err error) {
	if n, err = q.TryAgain(ids); err != nil {
		return n, err
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	q.goOn()
	return n, nil
}

// TryAgain is Retry for somebody who has nothing but the share: it ends no pause.
func (q *Queue) TryAgain(ids []store.ItemID) (n int, err error) {
	defer q.wakeAll()
	for _, id := range ids {
		changed, err := q.store.Retry(id)
		if err != nil {
			return n, err
		}
		if changed {
			n++
		}
	}
	return n, nil
}

// RetryAll is Retry for all that is held or waits.
func (q *Queue) RetryAll() (n int, err error) {
	var ids []store.ItemID
	for _, state := range []store.State{store.Held, store.Waiting} {
		for it, err := range q.all(state) {
			if err != nil {
				return 0, err
			}
			ids = append(ids, it.ID)
		}
	}
	return q.Retry(ids)
}

func (q *Queue) all(state store.State) iter.Seq2[store.Item, error] {
	return store.All(func(after string) (store.Page, error) { return q.store.List(state, after, 500) })
}

// Resolve is a person's word about an uncertain item.
func (q *Queue) Resolve(id store.ItemID, sent bool, fileID int64) error {
	defer q.wakeAll()
	return q.store.Resolve(id, sent, fileID)
}

// Confirm is a person's word that a folder's name is right for its person. It
// says how many files that lets go.
func (q *Queue) Confirm(key store.PersonKey, folder string) (int, error) {
	defer q.wakeAll()
	return q.store.Confirm(key, folder)
}

// Claimed names the items that are with a worker now.
func (q *Queue) Claimed() map[store.ItemID]bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	out := make(map[store.ItemID]bool, len(q.claimed))
	for id := range q.claimed {
		out[id] = true
	}
	return out
}

const (
	triesOnce   = 3               // of one item, in a run that is to end by itself
	limitedOnce = 5 * time.Minute // without a single file, and such a run gives way to Bloxs's limit
	patientOnce = time.Minute     // how long such a run waits for another uncertain outcome
)

// Sent is what Bloxs has taken since the queue was made.
type Sent struct {
	Files int
	Bytes int64
}

// Sent adds up the receipts of this run.
func (q *Queue) Sent() Sent {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.sent
}

// Turns counts the uploads that had their turn under requests_per_minute.
func (q *Queue) Turns() int64 {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.turns
}

// LastDelivered is when Bloxs last took a file, or when the queue was made.
func (q *Queue) LastDelivered() time.Time {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.delivered
}

// CountTries makes WaitDone possible.
func (q *Queue) CountTries() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.tries = map[store.ItemID]int{}
}

// count remembers how often an item was tried in vain.
func (q *Queue) count(job *Job, o Outcome) {
	switch {
	case q.tries == nil, o.Class == Stopped:
	case o.Class == Transient, o.Class == Stale:
		q.tries[job.Item.ID]++
	case o.Class == Away && o.RetryAfter == 0:
		q.tries[job.Item.ID] = triesOnce // a run that is to end by itself does not wait for a share
	case o.Class == Away:
	default:
		delete(q.tries, job.Item.ID)
	}
}

// WaitDone returns when no more can be sent now: nothing is with a worker, and
// everything that waits has been tried three times or is kept back by a pause
// that does not end soon.
func (q *Queue) WaitDone(ctx context.Context) error {
	for {
		q.mu.Lock()
		changed := q.changed
		done, err := q.done()
		q.mu.Unlock()
		if done || err != nil {
			return err
		}
		if err := sleep(ctx, changed, time.Second); err != nil {
			return err
		}
	}
}

func (q *Queue) done() (bool, error) {
	if len(q.claimed) > 0 {
		return false, nil
	}
	for cause := range q.pauses {
		if cause != ByLimit || q.opts.Now().Sub(q.delivered) > limitedOnce {
			return true, nil
		}
	}
	if q.caution.wait > patientOnce {
		return true, nil
	}
	for it, err := range q.all(store.Waiting) {
		if err != nil || q.tries[it.ID] < triesOnce {
			return false, err
		}
	}
	return true, nil
}
