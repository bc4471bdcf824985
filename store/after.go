package store

import (
	"bytes"
	"encoding/hex"
)

// What follows an upload: in some roots the files that Bloxs has are moved or
// deleted. The ledger lists their places, so that nobody has to search for
// them, and keeps a note of each file that is being touched.

// SentPlace is a place of an item that has a receipt.
type SentPlace struct {
	Place Place
	Item  Item
}

// Note says what is being done with the file at a place. It is durable before
// the file is touched, so that whoever finds it knows where the file may be.
type Note struct {
	SentPlace
	To     string // where the file goes, below the root; one that is to be deleted is put aside there first
	Delete bool
}

type noteRecord struct {
	Item   []byte `cbor:"1,keyasint"`
	Look   Look   `cbor:"2,keyasint"`
	Rel    string `cbor:"3,keyasint"`
	To     string `cbor:"4,keyasint"`
	Delete bool   `cbor:"5,keyasint,omitempty"`
}

// HasReceipt says that Bloxs has answered with a file ID, so that the item
// can be found there; a person's word alone is none.
func (it Item) HasReceipt() bool { return it.State == Sent && it.FileID != 0 }

// AfterUpload says whether anything is to follow the uploads of a root, and
// lists its sent places if so. It is for the start: all else waits for it.
func (s *Store) AfterUpload(root string, on bool) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	var n uint32
	err := s.attempt(func(l ledger) (err error) {
		if n, err = l.rootNumber(root, on); err != nil || l.m.After[n] == on {
			n = 0
		}
		return err
	})
	if err != nil || n == 0 {
		return err
	}
	// In parts, since a root may hold any number of files. Until the last one
	// the root counts as not listed, so that a kill lets this begin anew.
	for from := folderKey(n, ""); from != nil && err == nil; {
		err = s.attempt(func(l ledger) error {
			if l.m.After == nil {
				l.m.After = map[uint32]bool{}
			}
			l.m.After[n] = false
			if from, err = l.listPart(n, from, on); err == nil && from == nil {
				l.m.After[n] = on
			}
			return err
		})
		if err == nil {
			err = s.commit()
		}
	}
	return err
}

// listPart lists the sent places among the next thousand of a root, or takes
// them off the list, and says where to go on.
func (l ledger) listPart(root uint32, from []byte, on bool) (next []byte, err error) {
	type place struct {
		key  []byte
		sent bool
	}
	var part []place
	err = l.scanFrom(bucketPlaces, folderKey(root, ""), from, func(k []byte) error {
		if len(part) == commitAfter {
			next = bytes.Clone(k)
			return errEnough
		}
		p, _, err := l.placeAt(k)
		if err != nil {
			return err
		}
		it, err := l.item(p.Item)
		part = append(part, place{bytes.Clone(k), on && it.HasReceipt()})
		return err
	})
	for _, p := range part {
		if err == nil {
			err = l.listPlace(p.key, p.sent)
		}
	}
	return next, err
}

func (l ledger) listPlace(key []byte, sent bool) error {
	if sent {
		return l.bucket(bucketSentPlaces).Put(key, []byte{1})
	}
	return l.bucket(bucketSentPlaces).Delete(key)
}

// placeJoins and placeLeaves keep the list where a place comes or goes,
// receiptChanges where its item does.
func (l ledger) placeJoins(it Item, key []byte) error {
	if len(l.m.After) == 0 {
		return nil
	}
	return l.listPlace(key, l.m.After[rootOf(key)] && it.HasReceipt())
}

func (l ledger) placeLeaves(key []byte) error {
	if len(l.m.After) == 0 {
		return nil
	}
	return l.listPlace(key, false)
}

func (l ledger) receiptChanges(was, is Item) error {
	if len(l.m.After) == 0 || was.HasReceipt() == is.HasReceipt() {
		return nil
	}
	prefix := itemKey(is.ID)
	return l.scan(bucketItemPlaces, prefix, func(k []byte) error { return l.placeJoins(is, k[len(prefix):]) })
}

// SentPlaces pages through the places of a root whose files Bloxs has, if
// anything is to follow its uploads. after is "" or the next of the page before.
func (s *Store) SentPlaces(root, after string, n int) (page []SentPlace, next string, err error) {
	err = s.read(func(l ledger) error {
		num, err := l.rootNumber(root, false)
		if err != nil || !l.m.After[num] {
			return err
		}
		prefix := folderKey(num, "")
		from, err := pageFrom(after, prefix)
		if err != nil {
			return err
		}
		return l.scanFrom(bucketSentPlaces, prefix, from, func(k []byte) error {
			if len(page) == n {
				next = hex.EncodeToString(k)
				return errEnough
			}
			p, _, err := l.placeAt(k)
			if err != nil {
				return err
			}
			it, err := l.item(p.Item)
			page = append(page, SentPlace{p, it})
			return err
		})
	})
	return page, next, err
}

// NoteDown writes down, durably, what is about to be done with these files. It
// leaves out those of which that is no longer true, or noted already.
func (s *Store) NoteDown(notes []Note) (noted []Note, err error) {
	err = s.writeThrough(func(l ledger) error {
		noted = nil
		for _, note := range notes {
			root, err := l.rootNumber(note.Place.Root, false)
			if err != nil {
				return err
			}
			key := placeKey(root, note.Place.Rel)
			if still, err := l.standsSent(key, note.Place); err != nil || !still || l.bucket(bucketNotes).Get(key) != nil {
				if err != nil {
					return err
				}
				continue
			}
			r := noteRecord{Item: itemKey(note.Place.Item), Look: note.Place.Look, Rel: note.Place.Rel, To: note.To, Delete: note.Delete}
			if err := l.put(bucketNotes, key, r); err != nil {
				return err
			}
			noted = append(noted, note)
		}
		return nil
	})
	return noted, err
}

// standsSent says whether a place is as it was, and its item has its receipt.
func (l ledger) standsSent(key []byte, was Place) (bool, error) {
	p, _, err := l.placeAt(key)
	if err != nil || p.Item != was.Item || p.Item == "" || p.Look != was.Look {
		return false, err
	}
	it, err := l.item(p.Item)
	return it.HasReceipt(), err
}

// Notes returns notes of a root that nobody has ended, at most n, with their
// items as they are now.
func (s *Store) Notes(root string, n int) (notes []Note, err error) {
	err = s.read(func(l ledger) error {
		num, err := l.rootNumber(root, false)
		if err != nil || num == 0 {
			return err
		}
		return l.scan(bucketNotes, folderKey(num, ""), func(k []byte) error {
			if len(notes) == n {
				return errEnough
			}
			var r noteRecord
			if _, err := l.get(bucketNotes, k, &r); err != nil {
				return err
			}
			id := itemIDOf(r.Item)
			it, err := l.item(id)
			notes = append(notes, Note{SentPlace{Place{Root: root, Rel: r.Rel, Item: id, Look: r.Look}, it}, r.To, r.Delete})
			return err
		})
	})
	return notes, err
}

// EndNotes forgets notes. Gone says that the files left their places for good;
// else they stand there, or whatever does is for the next rescan. A kill may
// bring a note back: then it is followed once more, to the same end.
func (s *Store) EndNotes(notes []Note, gone bool) error {
	now := s.opts.Now()
	return s.write(func(l ledger) error {
		for _, note := range notes {
			root, err := l.rootNumber(note.Place.Root, false)
			if err != nil {
				return err
			}
			key := placeKey(root, note.Place.Rel)
			if err := l.bucket(bucketNotes).Delete(key); err != nil {
				return err
			}
			p, _, err := l.placeAt(key)
			if err != nil {
				return err
			}
			if !gone || p.Item != note.Place.Item || p.Look != note.Place.Look {
				continue // it has been offered anew meanwhile
			}
			if err := l.leave(p.Item, key, now); err != nil {
				return err
			}
		}
		return nil
	})
}
