package store

import (
	"encoding/binary"
	"math"
	"slices"
	"time"
)

// Person is what is remembered of a person.
type Person struct {
	Key        PersonKey
	State      PersonState
	CheckedAt  time.Time // of the last look-up that was answered
	NextLookUp time.Time // set while the person is unknown and files are held for them
	Names      []string  // every text in Bloxs's answer
	Detail     string    // Bloxs's words, where it doesn't know the person
	Confirmed  []string  // folder names that somebody said belong to this person
}

// PersonState says what Bloxs answered to the last look-up.
type PersonState int

// What is known of a person.
const (
	NotLookedUp PersonState = iota
	KnownToBloxs
	UnknownToBloxs
)

type personRecord struct {
	Key        PersonKey   `cbor:"1,keyasint"`
	State      PersonState `cbor:"2,keyasint,omitempty"`
	CheckedAt  int64       `cbor:"3,keyasint,omitempty"`
	NextLookUp int64       `cbor:"4,keyasint,omitempty"`
	Names      []string    `cbor:"5,keyasint,omitempty"`
	Detail     string      `cbor:"6,keyasint,omitempty"`
	Confirmed  []string    `cbor:"7,keyasint,omitempty"`
	LastTurn   uint64      `cbor:"8,keyasint,omitempty"`
}

func (r personRecord) person() Person {
	return Person{Key: r.Key, State: r.State, CheckedAt: fromNano(r.CheckedAt), NextLookUp: fromNano(r.NextLookUp),
		Names: r.Names, Detail: r.Detail, Confirmed: r.Confirmed}
}

// person returns an empty record where there is none.
func (l ledger) person(key PersonKey) (personRecord, error) {
	r := personRecord{Key: key}
	_, err := l.get(bucketPersons, personKeyBytes(key), &r)
	return r, err
}

func (l ledger) putPerson(r personRecord) error {
	return l.put(bucketPersons, personKeyBytes(r.Key), r)
}

// nextTurn puts an item behind those of its person that are due already, and
// level with the first of everybody else: nobody waits for a colleague's
// thousand files, and within a turn the oldest goes first.
func (l ledger) nextTurn(key PersonKey) (uint64, error) {
	r, err := l.person(key)
	if err != nil {
		return 0, err
	}
	r.LastTurn = max(r.LastTurn, l.m.Turn) + 1
	return r.LastTurn, l.putPerson(r)
}

// setLookUp notes when the person is to be looked up again; zero means never.
func (l ledger) setLookUp(r *personRecord, at time.Time) error {
	b := l.bucket(bucketLookUps)
	if r.NextLookUp != 0 {
		if err := b.Delete(lookUpKey(r.NextLookUp, r.Key)); err != nil {
			return err
		}
	}
	r.NextLookUp = toNano(at)
	if at.IsZero() {
		return nil
	}
	return b.Put(lookUpKey(r.NextLookUp, r.Key), []byte{1})
}

func lookUpKey(ns int64, key PersonKey) []byte {
	return append(binary.BigEndian.AppendUint64(nil, uint64(ns)), personKeyBytes(key)...)
}

// Person tells what is remembered of a person; State is NotLookedUp where nothing is.
func (s *Store) Person(key PersonKey) (p Person, err error) {
	err = s.read(func(l ledger) error {
		r, err := l.person(key)
		p = r.person()
		return err
	})
	return p, err
}

// PersonFound remembers Bloxs's answer and lets the person's held files go. A
// kill may forget it where none was held: then the person is looked up again.
func (s *Store) PersonFound(key PersonKey, names []string) error {
	return s.letGo(personRecord{Key: key, State: KnownToBloxs, CheckedAt: toNano(s.opts.Now()), Names: names})
}

// PersonUnchecked forgets that the person was unknown, where no look-up can
// tell any more, and lets their held files go.
func (s *Store) PersonUnchecked(key PersonKey) error {
	return s.letGo(personRecord{Key: key, State: NotLookedUp})
}

// letGo replaces what is known of a person, and releases the files that were
// held since the person was unknown.
func (s *Store) letGo(is personRecord) error {
	now, freed := s.opts.Now(), false
	err := s.write(func(l ledger) error {
		r, err := l.person(is.Key)
		if err != nil {
			return err
		}
		if err := l.setLookUp(&r, time.Time{}); err != nil {
			return err
		}
		r.State, r.CheckedAt, r.Names, r.Detail = is.State, is.CheckedAt, is.Names, ""
		if err := l.putPerson(r); err != nil {
			return err
		}
		return l.eachItem(is.Key, func(it Item) error {
			if it.State != Held || it.Reason != UnknownPerson {
				return nil
			}
			freed = true
			was := it
			it.Detail = ""
			it, err := l.waiting(it, now, now)
			if err != nil {
				return err
			}
			return l.putItem(was, it)
		})
	})
	if err != nil || !freed {
		return err
	}
	return s.commitNow()
}

// PersonUnknown remembers that Bloxs has no such person, holds all of that
// person's waiting files, and asks for another look-up at next while any is held.
func (s *Store) PersonUnknown(key PersonKey, detail string, next time.Time) error {
	now := s.opts.Now()
	return s.writeThrough(func(l ledger) error {
		r, err := l.person(key)
		if err != nil {
			return err
		}
		r.State, r.CheckedAt, r.Names, r.Detail = UnknownToBloxs, toNano(now), nil, detail
		held := false
		err = l.eachItem(key, func(it Item) error {
			held = held || it.State == Waiting || it.State == Held && it.Reason == UnknownPerson
			if it.State != Waiting {
				return nil
			}
			return l.putItem(it, heldFor(it, UnknownPerson, detail, now))
		})
		if err != nil {
			return err
		}
		if !held {
			next = time.Time{}
		}
		if err := l.setLookUp(&r, next); err != nil {
			return err
		}
		return l.putPerson(r)
	})
}

func heldFor(it Item, why Reason, detail string, now time.Time) Item {
	it.State, it.Reason, it.Detail, it.Changed, it.turn, it.Due = Held, why, detail, now, 0, time.Time{}
	return it
}

// eachItem calls fn for each item of the person; fn may replace that item.
func (l ledger) eachItem(key PersonKey, fn func(Item) error) error {
	prefix := personItemsPrefix(key)
	return l.scan(bucketPersonItems, prefix, func(k []byte) error {
		it, err := l.item(orderedItem(k))
		if err != nil || it.Person != key {
			return err
		}
		return fn(it)
	})
}

// LookUpDue returns the person whose look-up is due first, or when that will
// be; a zero time means that there is none. A due time beyond horizon is the
// work of a clock that jumped, and counts as due.
func (s *Store) LookUpDue(horizon time.Duration) (key PersonKey, ok bool, next time.Time, err error) {
	err = s.read(func(l ledger) error {
		now := s.opts.Now() // not earlier: what was put off meanwhile would seem to lie beyond the horizon
		k, _ := l.bucket(bucketLookUps).Cursor().First()
		if k == nil {
			return nil
		}
		next = time.Unix(0, int64(binary.BigEndian.Uint64(k[:8])))
		ok = !next.After(now) || next.After(now.Add(horizon))
		var r personRecord
		_, err := l.get(bucketPersons, k[8:], &r)
		key = r.Key
		return err
	})
	return key, ok, next, err
}

// LookUpLater puts a person's look-up off, after one that had no answer.
func (s *Store) LookUpLater(key PersonKey, next time.Time) error {
	return s.write(func(l ledger) error {
		r, err := l.person(key)
		if err != nil || r.State != UnknownToBloxs {
			return err
		}
		if err := l.setLookUp(&r, next); err != nil {
			return err
		}
		return l.putPerson(r)
	})
}

// Confirm notes that the folder's name is right for this person, and lets the
// files go that were held over it. It returns how many.
func (s *Store) Confirm(key PersonKey, folder string) (n int, err error) {
	now := s.opts.Now()
	err = s.writeThrough(func(l ledger) error {
		r, err := l.person(key)
		if err != nil {
			return err
		}
		if !slices.Contains(r.Confirmed, folder) {
			r.Confirmed = append(r.Confirmed, folder)
		}
		if err := l.putPerson(r); err != nil {
			return err
		}
		return l.eachItem(key, func(it Item) error {
			if it.State != Held || it.Reason != NameMismatch {
				return nil
			}
			if in, err := l.inFolder(it.ID, folder); err != nil || !in {
				return err
			}
			n++
			is, err := l.waiting(it, now, now)
			if err != nil {
				return err
			}
			return l.putItem(it, is)
		})
	})
	return n, err
}

// inFolder tells whether a place of the item is in a folder that shows this name.
func (l ledger) inFolder(id ItemID, folder string) (bool, error) {
	places, err := l.places(id, math.MaxInt)
	return slices.ContainsFunc(places, func(p Place) bool { return p.Folder == folder }), err
}
