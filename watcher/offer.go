package watcher

import (
	"context"
	"errors"
	"io/fs"
	"time"

	"bloxdrop/store"
)

const (
	maxBatch  = 256
	batchTime = 100 * time.Millisecond
	largeFile = 8 << 20 // what is hashed already does not wait for such a one
)

// job is a settled file, taken to be hashed.
type job struct {
	e          *entry
	look       store.Look
	incomplete bool // it has waited long enough for its end
}

// batch gathers hashed files, to be offered together.
type batch struct {
	jobs   []job
	offers []store.Offer
	began  time.Time
}

// hashLoop hashes what has settled and offers it to the queue.
func (r *root) hashLoop(ctx context.Context, l *lane) {
	buf := make([]byte, hashBuffer)
	var b batch
	for ctx.Err() == nil {
		j, ok := r.set.takeReady(l)
		if !ok {
			r.waitForWork(ctx, l, &b)
			continue
		}
		if j.look.Size > largeFile {
			r.flush(ctx, &b)
		}
		r.hash(ctx, j, buf, &b)
		if len(b.jobs) >= maxBatch || len(b.jobs) > 0 && r.now().Sub(b.began) >= batchTime {
			r.flush(ctx, &b)
		}
	}
}

// waitForWork waits for a ready file, but only until the batch is due.
func (r *root) waitForWork(ctx context.Context, l *lane, b *batch) {
	var due <-chan time.Time
	if len(b.jobs) > 0 {
		timer := time.NewTimer(b.began.Add(batchTime).Sub(r.now()))
		defer timer.Stop()
		due = timer.C
	}
	select {
	case <-ctx.Done():
	case <-l.work:
	case <-due:
		r.flush(ctx, b)
	}
}

func (r *root) hash(ctx context.Context, j job, buf []byte, b *batch) {
	r.hashing.Begin()
	sum, err := r.read(ctx, j.e.rel, j.look, j.incomplete, buf)
	r.hashing.End()
	switch {
	case err == nil:
	case ctx.Err() != nil:
		return
	case errors.Is(err, errCopy):
		r.set.foundCopy(j.e.rel, j.look)
		r.dirty.mark(parent(j.e.rel), "") // it may have been a place
		r.changed()
		return
	case errors.Is(err, errIncomplete):
		r.set.waitForEnd(j)
		return
	case inUse(err):
		r.set.fail(j.e, "another program has it open: waits until that is done with it")
		r.changed()
		return
	case errors.Is(err, errChanged), errors.Is(err, fs.ErrNotExist):
		r.set.again(j)
		return
	default:
		if r.set.fail(j.e, "cannot be read: "+plain(err)) {
			r.log.Warn("file cannot be read, trying again", "path", j.e.rel, "err", err)
		}
		r.changed()
		return
	}
	g := r.ground(parent(j.e.rel))
	if len(b.jobs) == 0 {
		b.began = r.now()
	}
	b.jobs = append(b.jobs, j)
	b.offers = append(b.offers, store.Offer{
		Root: r.Path, Rel: j.e.rel, Look: j.look, SHA256: sum,
		Person: r.person(g),
		Folder: g.person.Name,
		Racy:   r.now().Sub(time.Unix(0, j.look.ModTime)).Abs() < racyTime,
	})
}

// flush offers a batch. Where the queue cannot take it, its files go on
// settling and come again.
func (r *root) flush(ctx context.Context, b *batch) {
	if len(b.jobs) == 0 {
		return
	}
	if why := r.closed(); why != "" {
		for _, j := range b.jobs {
			r.set.fail(j.e, why)
		}
		b.clear()
		r.changed()
		return
	}
	err := r.queue.Offer(b.offers)
	if err != nil && ctx.Err() == nil {
		r.log.Error("files cannot be queued, trying again", "files", len(b.jobs), "err", err)
	}
	for _, j := range b.jobs {
		if err != nil {
			r.set.fail(j.e, "cannot be queued: "+err.Error())
		} else {
			r.set.offered(j)
		}
	}
	b.clear()
	r.changed()
}

func (b *batch) clear() {
	clear(b.offers)
	clear(b.jobs)
	b.jobs, b.offers = b.jobs[:0], b.offers[:0]
}

// takeReady takes the file of a lane that has been ready longest.
func (s *settleSet) takeReady(l *lane) (job, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for len(l.ready) > 0 {
		e := l.ready[0]
		l.ready[0] = nil
		l.ready = l.ready[1:]
		if s.entries[e.rel] != e || e.stage != ready || s.laneOf(e.look.Size) != l {
			continue // gone, or settling anew
		}
		e.stage = taken
		return job{e: e, look: e.look, incomplete: !e.incomplete.IsZero()}, true
	}
	l.ready = nil
	return job{}, false
}

// holds says whether a job is still what its entry is about.
func (s *settleSet) holds(j job) bool {
	return s.entries[j.e.rel] == j.e && j.e.stage == taken && j.e.look == j.look
}

// offered ends the settling of a file that the queue has taken.
func (s *settleSet) offered(j job) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.holds(j) {
		s.remove(j.e)
	}
}

// again lets a file settle anew that turned out not to be what was settled.
func (s *settleSet) again(j job) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.holds(j) {
		j.e.since, j.e.next, j.e.equal = s.now(), s.now(), 0
		s.watch(j.e)
	}
}

// foundCopy has a file count as ignored as long as it stays as it is. It is
// looked at now and then, as what settles is.
func (s *settleSet) foundCopy(rel string, look store.Look) {
	s.mu.Lock()
	defer s.mu.Unlock()
	e := s.entries[rel]
	switch {
	case e == nil || e.copied || e.look != look:
		return
	case s.copies >= s.max:
		s.remove(e) // the next rescan finds it again
		return
	}
	s.copied(e, true)
	e.again, e.stuck = false, ""
	e.next = s.now().Add(maxRetry)
	s.watch(e)
	s.refill()
}

func (s *settleSet) isCopy(rel string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	e := s.entries[rel]
	return e != nil && e.copied
}

// waitForEnd gives a document that lacks its end more time.
func (s *settleSet) waitForEnd(j job) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.holds(j) {
		return
	}
	now := s.now()
	j.e.incomplete, j.e.stuck, j.e.retry = now.Add(incompleteWait), "", 0
	j.e.next = earlier(now.Add(s.settle), j.e.incomplete)
	s.watch(j.e)
}
