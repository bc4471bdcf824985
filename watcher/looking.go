package watcher

import (
	"container/heap"
	"context"
	"fmt"
	"time"

	"bloxdrop/store"
)

// settleLoop looks again and again at the files that settle.
func (r *root) settleLoop(ctx context.Context) {
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-r.set.wake:
		case <-timer.C:
		}
		for {
			e, wait := r.set.takeDue()
			if e == nil {
				timer.Reset(wait)
				break
			}
			if ctx.Err() != nil {
				return
			}
			r.looking.Begin()
			r.lookAt(e)
			r.looking.End()
		}
		r.changed()
	}
}

// lookAt looks once at a settling file. What is not there any more, or is no
// file with content, is the scanner's again.
func (r *root) lookAt(e *entry) {
	look, mode, err := store.LookAt(r.path(e.rel))
	if err != nil && isGone(err) || err == nil && (!mode.IsRegular() || look.Size == 0) {
		r.set.forget(e.rel)
		r.dirty.mark(parent(e.rel), "")
		return
	}
	if err != nil {
		r.set.fail(e, "cannot be looked at: "+plain(err))
		return
	}
	r.set.looked(e, look)
}

// takeDue gives an entry that is due, out of the heap; or how long until one is.
func (s *settleSet) takeDue() (*entry, time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.due) == 0 {
		return nil, time.Hour
	}
	if wait := s.due[0].next.Sub(s.now()); wait > 0 {
		return nil, wait
	}
	return heap.Pop(&s.due).(*entry), 0
}

// looked takes a look at an entry that was due. It is settled after at least
// two looks that equalled the first, over the whole settle time.
func (s *settleSet) looked(e *entry, look store.Look) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.entries[e.rel] != e || e.stage != watching {
		return // a scan has seen more since
	}
	now := s.now()
	s.warnLong(e, now)
	if look != e.look {
		s.restart(e, look, now)
		return
	}
	e.equal++
	switch {
	case e.copied:
		e.next = now.Add(maxRetry)
	case !e.incomplete.IsZero() && now.Before(e.incomplete):
		e.next = earlier(now.Add(s.settle), e.incomplete)
	case e.equal < 2 || now.Sub(e.since) < s.settle:
		e.next = later(e.since.Add(s.settle), now.Add(s.settle/4))
	default:
		e.stage = ready
		s.unschedule(e)
		l := s.laneOf(e.look.Size)
		l.ready = append(l.ready, e)
		poke(l.work)
		return
	}
	s.watch(e)
}

// unschedule takes an entry out of the heap, where a scan has just put it back.
func (s *settleSet) unschedule(e *entry) {
	if e.index >= 0 {
		heap.Remove(&s.due, e.index)
	}
}

// fail has a file that cannot be read or offered tried again after a growing
// pause. It says whether that is news.
func (s *settleSet) fail(e *entry, why string) (news bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.entries[e.rel] != e {
		return false
	}
	now := s.now()
	s.warnLong(e, now)
	news = e.stuck == ""
	e.stuck = why
	s.copied(e, false)
	if s.settling() >= s.max/2 {
		s.remove(e) // it must not keep others out: the next rescan tries it again
		return false
	}
	e.retry = min(max(2*e.retry, time.Second), maxRetry)
	e.next = now.Add(e.retry)
	s.watch(e)
	return news
}

func (s *settleSet) warnLong(e *entry, now time.Time) {
	if !e.warned && !e.copied && now.Sub(e.first) >= longSettling {
		e.warned = true
		s.log.Warn("file has been settling for over an hour", "path", e.rel, "reason", s.why(e, now))
	}
}

// list appends the entries as Watcher.Settling shows them.
func (s *settleSet) list(all []Settling) []Settling {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.now()
	for _, e := range s.entries {
		if !e.again && !e.copied {
			all = append(all, s.show(e, now))
		}
	}
	return all
}

func (s *settleSet) get(rel string) (Settling, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	e := s.entries[rel]
	if e == nil || e.again || e.copied {
		return Settling{}, false
	}
	return s.show(e, s.now()), true
}

func (s *settleSet) show(e *entry, now time.Time) Settling {
	return Settling{Root: s.root, Rel: e.rel, Item: e.item, Since: e.first, Why: s.why(e, now), Stuck: e.stuck != "", Whole: e.stage != watching && e.changes == 0}
}

// why says for people what a file waits for.
func (s *settleSet) why(e *entry, now time.Time) string {
	why := fmt.Sprintf("waits until it has not changed for %v", s.settle)
	switch {
	case e.stuck != "":
		why = e.stuck
	case e.stage == ready:
		why = "waits to be read"
	case e.stage == taken:
		why = "is being read"
	case !e.incomplete.IsZero():
		why = fmt.Sprintf("its end is missing: waits up to %v for the rest", incompleteWait)
	}
	if now.Sub(e.first) >= longSettling {
		why += "; settling for over an hour, somebody should look"
	}
	return why
}

func earlier(a, b time.Time) time.Time {
	if a.Before(b) {
		return a
	}
	return b
}

func later(a, b time.Time) time.Time {
	if a.Before(b) {
		return b
	}
	return a
}
