package queue

import (
	"context"
	"slices"
	"time"

	"bloxdrop/store"
)

const (
	lookUpFresh = 24 * time.Hour   // how long a look-up counts
	lookUpAgain = time.Hour        // until an unknown person is looked up again
	lookUpRetry = 15 * time.Minute // after a look-up that had no answer
)

// Person says what is known of a person.
func (q *Queue) Person(key store.PersonKey) (PersonView, error) {
	p, err := q.store.Person(key)
	if err != nil {
		return PersonView{}, err
	}
	age := q.opts.Now().Sub(p.CheckedAt)
	return PersonView{
		Fresh: p.State != store.NotLookedUp && age >= 0 && age < lookUpFresh,
		Known: p.State == store.KnownToBloxs,
		Names: p.Names,
	}, nil
}

// PersonFound remembers Bloxs's answer and lets the person's held files go.
func (q *Queue) PersonFound(key store.PersonKey, names []string) error {
	defer q.wakeAll()
	return q.store.PersonFound(key, names)
}

// PersonUnknown holds all of the person's waiting files.
func (q *Queue) PersonUnknown(key store.PersonKey, detail string) error {
	defer q.wakeAll()
	return q.store.PersonUnknown(key, detail, q.opts.Now().Add(lookUpAgain))
}

// Confirmed says whether somebody has confirmed this folder's name for the person.
func (q *Queue) Confirmed(key store.PersonKey, folder string) bool {
	p, err := q.store.Person(key)
	return err == nil && slices.Contains(p.Confirmed, folder)
}

// PaceLookUp waits for a look-up's turn.
func (q *Queue) PaceLookUp(ctx context.Context) error { return q.lookUps.Wait(ctx) }

// LookUpsForbidden turns look-ups off until then, since Bloxs forbids them to this key.
func (q *Queue) LookUpsForbidden(until time.Time) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.noLookUps = until
}

// LookUpsAllowed tells whether look-ups are on.
func (q *Queue) LookUpsAllowed() bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	return !q.opts.Now().Before(q.noLookUps)
}

// NextLookUp blocks until an unknown person is due for another look-up, and
// puts the one after it off.
func (q *Queue) NextLookUp(ctx context.Context) (store.PersonKey, error) {
	for {
		key, ok, changed, wait := q.tryLookUp()
		if ok {
			return key, nil
		}
		if err := sleep(ctx, changed, wait); err != nil {
			return key, err
		}
	}
}

func (q *Queue) tryLookUp() (key store.PersonKey, ok bool, changed <-chan struct{}, wait time.Duration) {
	q.mu.Lock()
	defer q.mu.Unlock()
	now := q.opts.Now()
	if q.stopping || len(q.pauses) > 0 {
		return key, false, q.changed, maxSleep
	}
	key, ok, next, err := q.store.LookUpDue(lookUpAgain)
	forbidden := now.Before(q.noLookUps)
	switch {
	case err == nil && ok && forbidden:
		// Only an upload can tell now whether Bloxs has come to know the person.
		err = q.store.PersonUnchecked(key)
		q.wake()
	case err == nil && ok:
		err = q.store.LookUpLater(key, now.Add(lookUpRetry))
	}
	switch {
	case err == nil && ok && forbidden:
		return key, false, q.changed, 0
	case err != nil:
		q.opts.Log.Error("look-ups can't be read from the ledger", "err", err)
		return key, false, q.changed, maxSleep
	case ok:
		return key, true, nil, 0
	case next.IsZero():
		return key, false, q.changed, maxSleep
	}
	return key, false, q.changed, next.Sub(now)
}

func (q *Queue) wakeAll() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.wake()
}
