package store

import (
	"encoding/binary"
	"fmt"
	"slices"
	"time"
)

// transition changes one item from one of the expected states. A line, if fn
// gives one, is durable in the journal when transition returns.
func (s *Store) transition(id ItemID, from []State, fn func(l ledger, it Item) (Item, *line, error)) error {
	return s.write(func(l ledger) error {
		was, err := l.item(id)
		if err != nil {
			return err
		}
		if was.ID == "" {
			return fmt.Errorf("%w: %s", ErrNoItem, id)
		}
		if !slices.Contains(from, was.State) {
			return fmt.Errorf("%w: %s is %s", ErrNotState, id, was.State)
		}
		is, ln, err := fn(l, was)
		if err != nil {
			return err
		}
		if err := l.putItem(was, is); err != nil || ln == nil {
			return err
		}
		return s.append(l, *ln)
	})
}

// step is a transition by a journal line: what the line makes of the item, and
// what then adds to it that the journal need not know.
func (s *Store) step(id ItemID, from []State, ln func(it Item) line, then func(it *Item)) error {
	return s.transition(id, from, func(l ledger, was Item) (Item, *line, error) {
		entry := ln(was)
		entry.At = s.opts.Now()
		is, err := l.applied(was, entry)
		if err == nil && then != nil {
			then(&is)
		}
		return is, &entry, err
	})
}

// OpenGate notes, durably, that Bloxs may store this item from now on.
func (s *Store) OpenGate(id ItemID, from Place) error {
	return s.step(id, []State{Waiting}, func(it Item) line {
		it.Root, it.Rel = from.Root, from.Rel
		return line{Op: opGate}.about(it)
	}, nil)
}

// Receipt notes Bloxs's file ID for an item behind an open gate.
func (s *Store) Receipt(id ItemID, fileID int64) error {
	return s.step(id, []State{Sending}, func(Item) line {
		return line{Op: opReceipt, Item: id, FileID: fileID}
	}, nil)
}

// Try is what a try that stored nothing leaves behind.
type Try struct {
	Counts  bool // as an attempt
	Due     time.Time
	Detail  string
	TraceID string
}

func (t Try) on(it *Item) {
	if t.Counts {
		it.Attempts++
	}
	it.Detail = t.Detail
	if t.TraceID != "" {
		it.TraceID = t.TraceID
	}
}

// NotStored lets an item wait for its next try. If its gate was open, that is
// noted in the journal first.
func (s *Store) NotStored(id ItemID, t Try) error {
	return s.back(id, t, func(l ledger, it Item) (Item, error) { return l.waiting(it, t.Due, s.opts.Now()) })
}

// Hold puts an item aside until a person does something about it. One that has
// no place any more is withdrawn instead, and held as soon as it has one again.
func (s *Store) Hold(id ItemID, why Reason, t Try) error {
	return s.back(id, t, func(l ledger, it Item) (Item, error) {
		it = heldFor(it, why, t.Detail, s.opts.Now())
		if it.Places == 0 {
			it = withdrawn(it, s.opts.Now())
		}
		return it, nil
	})
}

func (s *Store) back(id ItemID, t Try, to func(ledger, Item) (Item, error)) error {
	return s.transition(id, []State{Waiting, Sending}, func(l ledger, it Item) (Item, *line, error) {
		var ln *line
		if it.State == Sending {
			ln = &line{Op: opNotStored, At: s.opts.Now(), Item: id, Cause: t.Detail}
		}
		is, err := to(l, it)
		t.on(&is)
		return is, ln, err
	})
}

// NobodyKnows notes that an item may or may not be in Bloxs: it is held, or,
// with again and a place to send it from, waits to be sent once more. An answer
// that came before the gate may find the item held or withdrawn meanwhile.
func (s *Store) NobodyKnows(id ItemID, again bool, t Try) error {
	return s.transition(id, []State{Waiting, Sending, Held, Withdrawn}, func(l ledger, it Item) (Item, *line, error) {
		switch {
		case it.State == Held && it.Reason == Uncertain:
			return it, nil, fmt.Errorf("%w: it is uncertain already", ErrNotState)
		case it.Base != "": // nobody has read it, so there is no content that could be uncertain
			return it, nil, fmt.Errorf("%w: it was skipped, and never sent", ErrNotState)
		}
		again := again && it.Places > 0
		ln := line{Op: opUncertain, Cause: t.Detail, Again: again, At: s.opts.Now()}.about(it)
		is, err := l.applied(it, ln)
		if err == nil && is.State == Waiting {
			is, err = l.waiting(is, t.Due, ln.At)
		}
		t.on(&is)
		return is, &ln, err
	})
}

// Resolve is a person's word about an uncertain item: it is in Bloxs (with
// its file ID, if known), or it is to be sent again.
func (s *Store) Resolve(id ItemID, sent bool, fileID int64) error {
	err := s.transition(id, []State{Held}, func(l ledger, it Item) (Item, *line, error) {
		if it.Reason != Uncertain {
			return it, nil, fmt.Errorf("%w: it is held as %s, and only an uncertain upload can be resolved", ErrNotState, it.Reason)
		}
		ln := line{Op: opResolution, Item: id, Sent: sent, FileID: fileID, At: s.opts.Now()}
		if !sent {
			if err := l.leaveFormer(&it); err != nil {
				return it, nil, err
			}
		}
		is, err := l.applied(it, ln)
		return is, &ln, err
	})
	if err != nil {
		return err
	}
	return s.commitNow()
}

// Retry is a person's word that an item can go now. A waiting item is due at
// once; one held as rejected or for its name is tried again; for an unknown
// person the look-up is due at once. Uncertain items, and those in other
// states, are left alone. It tells whether anything changed.
func (s *Store) Retry(id ItemID) (changed bool, err error) {
	now := s.opts.Now()
	err = s.write(func(l ledger) error {
		was, err := l.item(id)
		if err != nil || was.ID == "" {
			return err
		}
		if was.State != Waiting && was.State != Held || was.Reason == Uncertain {
			return nil
		}
		changed = true
		if was.Reason == UnknownPerson || was.Reason == NameMismatch {
			if err := l.lookUpNow(was.Person, was.Reason == UnknownPerson, now); err != nil || was.Reason == UnknownPerson {
				return err
			}
		}
		is, err := l.waiting(was, now, now)
		if err != nil {
			return err
		}
		return l.putItem(was, is)
	})
	return changed, err
}

// lookUpNow forgets when the person was looked up last.
func (l ledger) lookUpNow(key PersonKey, unknown bool, now time.Time) error {
	r, err := l.person(key)
	if err != nil {
		return err
	}
	r.CheckedAt = 0
	if unknown {
		if err := l.setLookUp(&r, now); err != nil {
			return err
		}
	}
	return l.putPerson(r)
}

// Take returns the due item whose turn it is, with its newest places, and
// leaves it where it is. Items that taken names are passed over. With none
// due, next is when the first will be (zero: nothing waits). A due time beyond
// horizon is the work of a clock that jumped, and counts as due.
func (s *Store) Take(taken func(ItemID) bool, horizon time.Duration) (it Item, places []Place, next time.Time, err error) {
	err = s.write(func(l ledger) error {
		now := s.opts.Now()
		if next, err = l.promote(now, horizon); err != nil {
			return err
		}
		err = l.scan(bucketOrder, []byte{listReady}, func(k []byte) error {
			id := orderedItem(k)
			if taken(id) {
				return nil
			}
			l.m.Turn = binary.BigEndian.Uint64(k[1:9])
			if it, err = l.item(id); err != nil {
				return err
			}
			if places, err = l.places(id, 8); err != nil {
				return err
			}
			return errEnough
		})
		return err
	})
	return it, places, next, err
}

// promote gives a turn to each item that has become due, and says when the
// first of the others will be.
func (l ledger) promote(now time.Time, horizon time.Duration) (next time.Time, err error) {
	var due []ItemID
	far := now.Add(horizon)
	err = l.scan(bucketOrder, []byte{listLater}, func(k []byte) error {
		if at := time.Unix(0, int64(binary.BigEndian.Uint64(k[1:9]))); at.After(now) {
			next = at
			return errEnough
		}
		due = append(due, orderedItem(k))
		if len(due) >= 256 {
			next = now
			return errEnough
		}
		return nil
	})
	if err != nil {
		return next, err
	}
	c := l.bucket(bucketOrder).Cursor()
	beyond := orderKey(listLater, timeKey(far.Add(1)), "") // a clock may not have moved since an item was put off as far as can be
	for k, _ := c.Seek(beyond); len(k) > 0 && k[0] == listLater && len(due) < 512; k, _ = c.Next() {
		due = append(due, orderedItem(k))
	}
	for _, id := range due {
		was, err := l.item(id)
		if err != nil {
			return next, err
		}
		is := was
		is.turn, err = l.nextTurn(is.Person)
		if err != nil {
			return next, err
		}
		if err := l.putItem(was, is); err != nil {
			return next, err
		}
	}
	if next.After(far) {
		next = time.Time{}
	}
	return next, nil
}
