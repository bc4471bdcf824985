package queue

import (
	"slices"
	"strings"
	"time"

	"bloxdrop/store"
)

// The causes for which nothing is sent.
const (
	ByHand    = "manual"
	ByDenied  = "denied"
	BySignIn  = "sign-in"
	ByLimit   = "limited"
	ByAddress = "misconfigured"
	ByStore   = "store"
	ByDisk    = "disk-full"
)

// Causes lists them all.
func Causes() []string {
	return []string{ByHand, ByDenied, BySignIn, ByLimit, ByAddress, ByStore, ByDisk}
}

const (
	probeFirst   = time.Minute // until a wall is tried again, doubling
	probeMost    = 15 * time.Minute
	storeRetry   = time.Second
	probesAtOnce = 3   // other items before it is no wall of some items' own
	probeAmong   = 256 // items are looked through for another person's
	diskRetry    = 10 * time.Second
	limitDefault = time.Minute // where Bloxs says 429 and not for how long
)

// Pause is one cause for which nothing is sent.
type Pause struct {
	Cause  string
	Since  time.Time
	Until  time.Time // when it is tried by itself; zero: only a person ends it
	Remedy string
}

type pause struct {
	since, until time.Time
	wait         time.Duration                    // between tries; 0: it ends when until has come
	probing      bool                             // a try is under way
	probes       int                              // that were made at once
	words        string                           // Bloxs's
	met          map[store.ItemID]store.PersonKey // the items that met this wall
}

// endsByTry tells the causes that end when one try gets through.
func endsByTry(cause string) bool {
	return cause == ByDenied || cause == BySignIn || cause == ByAddress || cause == ByStore
}

// firstProbe is how long after its begin such a cause is tried first.
func firstProbe(cause string) time.Duration {
	if cause == ByStore {
		return storeRetry
	}
	return probeFirst
}

// mostProbe bounds the time between two tries.
func mostProbe(cause string) time.Duration {
	if cause == ByStore {
		return 10 * storeRetry
	}
	return probeMost
}

// readAtStart is for what stands in the config: no other try sees a change of it.
const readAtStart = ", and `bloxdrop restart` once they are changed, since they are read at the start alone"

// remedy says what a person can do.
func remedy(cause, words string) string {
	var text string
	switch cause {
	case ByHand:
		text = "sending was paused by hand: `bloxdrop resume` goes on"
	case ByDenied:
		text = "Bloxs does not let this key in or add files: check bloxs.api_key and bloxs.api_secret" + readAtStart + "; or ask the Bloxs administrator for the right, then `bloxdrop resume`, or wait for the next try"
	case BySignIn:
		text = "Bloxs refuses the token, also a new one: check bloxs.token, or bloxs.api_key and bloxs.api_secret" + readAtStart + "; where they are right by now, `bloxdrop resume`, or wait for the next try"
	case ByLimit:
		text = "Bloxs's limit of requests a minute is reached, which all its users share: this ends by itself; if it comes often, lower bloxs.requests_per_minute"
	case ByAddress:
		text = "the answers don't come from Bloxs: check bloxs.url and bloxs.proxy" + readAtStart + "; where it lay elsewhere, `bloxdrop resume`, or wait for the next try"
	case ByStore:
		text = "what happens can't be written down, so nothing is sent: see that the disk of store.dir has room and is writable; this ends by itself"
	case ByDisk:
		text = "the disk of store.dir is nearly full, so that Bloxs's receipts might not be written down: make room there; this ends by itself"
	}
	if words != "" {
		text += " (" + words + ")"
	}
	return text
}

// begin pauses for a cause. A probe that ends the same way doubles the time to the
// next. An item that stands before a wall of its own keeps nobody else back; where
// there are such items, one more is perhaps another, and is found out about at once.
func (q *Queue) begin(cause, words string, job *Job, d time.Duration) {
	now := q.opts.Now()
	p := q.pauses[cause]
	isNew := p == nil
	if isNew && !job.Probe && q.suspects[job.Item.ID] && endsByTry(cause) {
		return
	}
	if isNew {
		p = &pause{since: now, met: map[store.ItemID]store.PersonKey{}}
		q.pauses[cause] = p
		q.opts.Log.Warn("sending pauses", "cause", cause, "remedy", remedy(cause, words))
	}
	if id := job.Item.ID; id != "" {
		p.met[id] = job.Item.Person
	}
	if !isNew && !job.Probe && endsByTry(cause) {
		return // several workers met the same wall
	}
	p.words = words
	switch {
	case q.passed[cause] && p.probes < probesAtOnce:
		p.probes++
		d = 0
	case endsByTry(cause):
		delete(q.passed, cause)
		p.wait = min(max(2*p.wait, firstProbe(cause)), mostProbe(cause))
		d = p.wait
	}
	p.until = now.Add(d)
}

// endPause ends one cause and leaves the others.
func (q *Queue) endPause(cause string) {
	p := q.pauses[cause]
	if p == nil {
		return
	}
	delete(q.pauses, cause)
	q.opts.Log.Info("the pause is over", "cause", cause, "lasted", q.opts.Now().Sub(p.since))
	q.wake()
}

// mayPass tells how long pauses keep everything back, and whether the next try
// is to find out if they can end.
func (q *Queue) mayPass(now time.Time) (probe bool, wait time.Duration) {
	for cause, p := range q.pauses {
		left := p.until.Sub(now)
		if left > probeMost {
			left = 0 // the clock was set back
		}
		switch {
		case cause == ByHand, p.probing:
			return false, maxSleep
		case left > 0:
			wait = max(wait, left)
		case endsByTry(cause):
			probe = true
		case cause == ByLimit:
			q.endPause(cause)
		case cause == ByDisk:
			if q.store.Room() == nil {
				q.endPause(cause)
				continue
			}
			p.until = now.Add(diskRetry)
			wait = max(wait, diskRetry)
		}
	}
	return probe, wait
}

// barred tells whether a pause has begun that this job is no probe for.
func (q *Queue) barred(job *Job) bool {
	for cause := range q.pauses {
		if !job.Probe || !endsByTry(cause) {
			return true
		}
	}
	return false
}

// probes marks the pauses that a job is to find out about.
func (q *Queue) probes(job *Job) {
	for cause, p := range q.pauses {
		p.probing = job.Probe && endsByTry(cause)
	}
}

// probed draws the conclusions from a probe's outcome.
func (q *Queue) probed(job *Job, o Outcome) {
	if !job.Probe {
		return
	}
	for cause, p := range q.pauses {
		if !endsByTry(cause) {
			continue
		}
		p.probing = false
		switch {
		case cause == ByStore: // only a step that was written down ends it
		case o.Class == Delivered, o.Status != 0 && (o.Class == Rejected || o.Class == UnknownPerson):
			// Another item gets through: perhaps the wall is only these items' own.
			for id := range p.met {
				q.suspects[id], q.passed[cause] = true, true
			}
			q.endPause(cause)
		case o.Class == Transient, o.Class == Uncertain:
			p.until = q.opts.Now().Add(p.wait) // it told nothing
		}
	}
}

// needRoom pauses sending where there is no room for receipts.
func (q *Queue) needRoom(job *Job) bool {
	err := q.store.Room()
	if err == nil {
		return true
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	q.begin(ByDisk, err.Error(), job, diskRetry)
	return false
}

func (q *Queue) storeFails(err error) {
	if q.pauses[ByStore] == nil {
		q.opts.Log.Error("nothing can be written down, so nothing is sent", "err", err)
	}
	q.begin(ByStore, err.Error(), &Job{Probe: true}, 0)
}

// Pauses lists what keeps everything back, the oldest first.
func (q *Queue) Pauses() []Pause {
	q.mu.Lock()
	defer q.mu.Unlock()
	var list []Pause
	for cause, p := range q.pauses {
		list = append(list, Pause{Cause: cause, Since: p.since, Until: p.until, Remedy: remedy(cause, p.words)})
	}
	slices.SortFunc(list, func(a, b Pause) int {
		if c := a.Since.Compare(b.Since); c != 0 {
			return c
		}
		return strings.Compare(a.Cause, b.Cause)
	})
	return list
}

// PauseByHand keeps everything back until Resume, also over restarts.
func (q *Queue) PauseByHand() error {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.pauses[ByHand] != nil {
		return nil
	}
	now := q.opts.Now()
	if err := q.store.PauseByHand(true); err != nil {
		return err
	}
	q.pauses[ByHand] = &pause{since: now}
	q.opts.Log.Info("sending was paused by hand")
	return nil
}

// Resume ends a pause by hand, and what Retry ends.
func (q *Queue) Resume() error {
	q.mu.Lock()
	defer q.mu.Unlock()
	if err := q.store.PauseByHand(false); err != nil {
		return err
	}
	q.endPause(ByHand)
	q.goOn()
	return nil
}

// goOn ends the pauses that a person can end by saying that it should work now.
func (q *Queue) goOn() {
	for _, cause := range []string{ByDenied, BySignIn, ByLimit, ByAddress} {
		q.endPause(cause)
	}
	for id := range q.suspects {
		if _, err := q.store.Retry(id); err != nil {
			q.opts.Log.Warn("an item that was put off could not be brought forward", "item", id, "err", err)
		}
	}
	clear(q.suspects)
	clear(q.passed)
	q.wake()
}

// metWall tells whether an item stands before one of the walls that a probe is
// to try: another is a better probe.
func (q *Queue) metWall(id store.ItemID) bool {
	for _, p := range q.pauses {
		if _, met := p.met[id]; met {
			return true
		}
	}
	return false
}

// metWallWith tells so of any item of a person.
func (q *Queue) metWallWith(person store.PersonKey) bool {
	for _, p := range q.pauses {
		for _, with := range p.met {
			if with == person {
				return true
			}
		}
	}
	return false
}
