package model

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"bloxdrop/store"
)

// transition changes one item from one of these states.
func (s *Store) transition(id store.ItemID, from []store.State, fn func(l *picture, it item) (item, *Line, error)) error {
	return s.write(func(l *picture) error {
		was, ok := l.items[id]
		if !ok {
			return noItem(id)
		}
		if !slices.Contains(from, was.State) {
			return fmt.Errorf("%w: %s is %s", store.ErrNotState, id, was.State)
		}
		is, ln, err := fn(l, was)
		if err != nil {
			return err
		}
		l.put(is)
		if ln != nil {
			s.append(l, *ln)
		}
		return nil
	})
}

// OpenGate notes that Bloxs may store this item from now on.
func (s *Store) OpenGate(id store.ItemID, from store.Place) error {
	return s.transition(id, []store.State{store.Waiting}, func(l *picture, it item) (item, *Line, error) {
		it.Root, it.Rel = from.Root, from.Rel
		ln := about(it, Line{Op: Gate, At: s.opts.Now()})
		is, err := l.lineOn(it, ln)
		return is, &ln, err
	})
}

// Receipt notes Bloxs's file ID.
func (s *Store) Receipt(id store.ItemID, fileID int64) error {
	return s.transition(id, []store.State{store.Sending}, func(l *picture, it item) (item, *Line, error) {
		ln := Line{Op: Receipt, Item: id, FileID: fileID, At: s.opts.Now()}
		is, err := l.lineOn(it, ln)
		return is, &ln, err
	})
}

func on(t store.Try, it *item) {
	if t.Counts {
		it.Attempts++
	}
	it.Detail = t.Detail
	if t.TraceID != "" {
		it.TraceID = t.TraceID
	}
}

// NotStored lets an item wait for its next try.
func (s *Store) NotStored(id store.ItemID, t store.Try) error {
	return s.back(id, t, func(l *picture, it item) item { return l.waiting(it, t.Due, s.opts.Now()) })
}

// Hold puts an item aside until a person does something about it.
func (s *Store) Hold(id store.ItemID, why store.Reason, t store.Try) error {
	return s.back(id, t, func(l *picture, it item) item {
		it = heldFor(it, why, t.Detail, s.opts.Now())
		if it.Places == 0 {
			it = withdrawn(it, s.opts.Now())
		}
		return it
	})
}

func (s *Store) back(id store.ItemID, t store.Try, to func(*picture, item) item) error {
	return s.transition(id, []store.State{store.Waiting, store.Sending}, func(l *picture, it item) (item, *Line, error) {
		var ln *Line
		if it.State == store.Sending {
			ln = &Line{Op: NotStored, Item: id, Cause: t.Detail, At: s.opts.Now()}
		}
		is := to(l, it)
		on(t, &is)
		return is, ln, nil
	})
}

// NobodyKnows notes that an item may or may not be in Bloxs.
func (s *Store) NobodyKnows(id store.ItemID, again bool, t store.Try) error {
	from := []store.State{store.Waiting, store.Sending, store.Held, store.Withdrawn}
	return s.transition(id, from, func(l *picture, it item) (item, *Line, error) {
		switch {
		case it.State == store.Held && it.Reason == store.Uncertain:
			return it, nil, fmt.Errorf("%w: it is uncertain already", store.ErrNotState)
		case it.Base != "":
			return it, nil, fmt.Errorf("%w: it was skipped, and never sent", store.ErrNotState)
		}
		ln := about(it, Line{Op: Uncertain, Cause: t.Detail, Again: again && it.Places > 0, At: s.opts.Now()})
		is, err := l.lineOn(it, ln)
		if err == nil && is.State == store.Waiting {
			is = l.waiting(is, t.Due, ln.At)
		}
		on(t, &is)
		return is, &ln, err
	})
}

// Resolve is a person's word about an uncertain item.
func (s *Store) Resolve(id store.ItemID, sent bool, fileID int64) error {
	err := s.transition(id, []store.State{store.Held}, func(l *picture, it item) (item, *Line, error) {
		if it.Reason != store.Uncertain {
			return it, nil, fmt.Errorf("%w: it is held as %s", store.ErrNotState, it.Reason)
		}
		ln := Line{Op: Resolution, Item: id, Sent: sent, FileID: fileID, At: s.opts.Now()}
		if !sent {
			l.leaveFormer(&it)
		}
		is, err := l.lineOn(it, ln)
		return is, &ln, err
	})
	if err != nil {
		return err
	}
	return s.writeThrough(func(*picture) error { return nil })
}

// SendAgain is a person's order to upload what is in Bloxs a second time.
func (s *Store) SendAgain(id store.ItemID) error {
	err := s.transition(id, []store.State{store.Sent}, func(l *picture, it item) (item, *Line, error) {
		ln := about(it, Line{Op: Again, At: s.opts.Now()})
		is, err := l.lineOn(it, ln)
		return is, &ln, err
	})
	if err != nil {
		return err
	}
	return s.writeThrough(func(*picture) error { return nil })
}

// Retry is a person's word that an item can go now.
func (s *Store) Retry(id store.ItemID) (changed bool, err error) {
	now := s.opts.Now()
	err = s.write(func(l *picture) error {
		it := l.items[id]
		if it.State != store.Waiting && it.State != store.Held || it.Reason == store.Uncertain {
			return nil
		}
		changed = true
		if it.Reason == store.UnknownPerson || it.Reason == store.NameMismatch {
			r := l.personOf(it.Person)
			r.CheckedAt = time.Time{}
			if it.Reason == store.UnknownPerson {
				r.NextLookUp = plain(now)
			}
			l.persons[it.Person] = r
		}
		if it.Reason != store.UnknownPerson {
			l.put(l.waiting(it, now, now))
		}
		return nil
	})
	return changed, err
}

// Take returns the due item whose turn it is.
func (s *Store) Take(taken func(store.ItemID) bool, horizon time.Duration) (it store.Item, places []store.Place, next time.Time, err error) {
	err = s.write(func(l *picture) error {
		now := s.opts.Now()
		next = l.promote(now, horizon)
		ready := l.itemsWhere(func(it item) bool { return it.State == store.Waiting && it.turn != 0 && !taken(it.ID) })
		slices.SortStableFunc(ready, func(a, b item) int { return cmp.Or(cmp.Compare(a.turn, b.turn), byTime(a.Due, b.Due)) })
		if len(ready) > 0 {
			l.turn = ready[0].turn
			it, places = ready[0].Item, l.newest(ready[0].ID, 8)
		}
		return nil
	})
	return it, places, next, err
}

// byTime compares as the ledger's keys do, in which there is nothing before 1970.
func byTime(a, b time.Time) int {
	ns := func(t time.Time) int64 { return max(t.UnixNano(), 0) }
	return cmp.Compare(ns(a), ns(b))
}

// promote gives a turn to what has become due, and says when the next will.
func (l *picture) promote(now time.Time, horizon time.Duration) (next time.Time) {
	later := l.itemsWhere(func(it item) bool { return it.State == store.Waiting && it.turn == 0 })
	slices.SortStableFunc(later, func(a, b item) int { return byTime(a.Due, b.Due) })
	far := now.Add(horizon)
	for _, it := range later {
		due := !it.Due.After(now)
		if !due && next.IsZero() {
			next = it.Due
		}
		if due || byTime(it.Due, far) > 0 {
			it.turn = l.nextTurn(it.Person)
			l.put(it)
		}
	}
	if next.After(far) {
		return time.Time{}
	}
	return next
}
