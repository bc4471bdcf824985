package model

import (
	"cmp"
	"math"
	"slices"
	"time"

	"bloxdrop/store"
)

// Person tells what is remembered of a person.
func (s *Store) Person(key store.PersonKey) (p store.Person, err error) {
	err = s.read(func(l *picture) error {
		p = l.personOf(key).Person
		return nil
	})
	return p, err
}

// PersonFound remembers Bloxs's answer and lets the person's held files go.
func (s *Store) PersonFound(key store.PersonKey, names []string) error {
	return s.letGo(store.Person{Key: key, State: store.KnownToBloxs, CheckedAt: plain(s.opts.Now()), Names: names})
}

// PersonUnchecked forgets that the person was unknown.
func (s *Store) PersonUnchecked(key store.PersonKey) error {
	return s.letGo(store.Person{Key: key, State: store.NotLookedUp})
}

func (s *Store) letGo(is store.Person) error {
	now, freed := s.opts.Now(), false
	err := s.write(func(l *picture) error {
		r := l.personOf(is.Key)
		is.Confirmed = r.Confirmed
		r.Person = is
		l.persons[is.Key] = r
		for _, it := range l.itemsOf(is.Key) {
			if it.State == store.Held && it.Reason == store.UnknownPerson {
				freed = true
				it.Detail = ""
				l.put(l.waiting(it, now, now))
			}
		}
		return nil
	})
	if err != nil || !freed {
		return err
	}
	return s.writeThrough(func(*picture) error { return nil })
}

// PersonUnknown holds all of a person's waiting files.
func (s *Store) PersonUnknown(key store.PersonKey, detail string, next time.Time) error {
	now := s.opts.Now()
	return s.writeThrough(func(l *picture) error {
		r := l.personOf(key)
		r.State, r.CheckedAt, r.Names, r.Detail, r.NextLookUp = store.UnknownToBloxs, plain(now), nil, detail, time.Time{}
		for _, it := range l.itemsOf(key) {
			if it.State == store.Waiting || it.State == store.Held && it.Reason == store.UnknownPerson {
				r.NextLookUp = plain(next)
			}
			if it.State == store.Waiting {
				l.put(heldFor(it, store.UnknownPerson, detail, now))
			}
		}
		l.persons[key] = r
		return nil
	})
}

// LookUpDue returns the person whose look-up is due first.
func (s *Store) LookUpDue(horizon time.Duration) (key store.PersonKey, ok bool, next time.Time, err error) {
	now := s.opts.Now()
	err = s.read(func(l *picture) error {
		for k, r := range l.persons {
			if r.NextLookUp.IsZero() {
				continue
			}
			if next.IsZero() || cmp.Or(byTime(r.NextLookUp, next), comparePersons(k, key)) < 0 {
				key, next = k, r.NextLookUp
			}
		}
		ok = !next.IsZero() && (!next.After(now) || next.After(now.Add(horizon)))
		return nil
	})
	return key, ok, next, err
}

func comparePersons(a, b store.PersonKey) int {
	return cmp.Or(cmp.Compare(a.Environment, b.Environment), cmp.Compare(a.Relation, b.Relation), cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.ID, b.ID))
}

// LookUpLater puts a person's look-up off.
func (s *Store) LookUpLater(key store.PersonKey, next time.Time) error {
	return s.write(func(l *picture) error {
		if r := l.personOf(key); r.State == store.UnknownToBloxs {
			r.NextLookUp = plain(next)
			l.persons[key] = r
		}
		return nil
	})
}

// Confirm notes that a folder's name is right for a person.
func (s *Store) Confirm(key store.PersonKey, folder string) (n int, err error) {
	now := s.opts.Now()
	err = s.writeThrough(func(l *picture) error {
		r := l.personOf(key)
		if !slices.Contains(r.Confirmed, folder) {
			r.Confirmed = append(slices.Clone(r.Confirmed), folder)
		}
		l.persons[key] = r
		for _, it := range l.itemsOf(key) {
			in := slices.ContainsFunc(l.newest(it.ID, math.MaxInt), func(p store.Place) bool { return p.Folder == folder })
			if it.State == store.Held && it.Reason == store.NameMismatch && in {
				n++
				l.put(l.waiting(it, now, now))
			}
		}
		return nil
	})
	return n, err
}

// PausedByHand tells since when sending is paused by a person.
func (s *Store) PausedByHand() (since time.Time, err error) {
	err = s.read(func(l *picture) error {
		since = l.paused
		return nil
	})
	return since, err
}

// PauseByHand remembers a person's pause.
func (s *Store) PauseByHand(paused bool) error {
	return s.write(func(l *picture) error {
		if paused == !l.paused.IsZero() {
			return nil
		}
		ln := Line{Op: Resumed, At: s.opts.Now()}
		if paused {
			ln.Op = Paused
		}
		s.append(l, ln)
		return l.record(ln)
	})
}
