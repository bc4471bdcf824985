package store

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// ErrTaking says that nothing can be forgotten while a baseline is taken.
var ErrTaking = errors.New("what was in a root at its first start is just being noted; try again when that is done")

// InUseError says that a person can't be forgotten yet: these items of theirs
// have a file in a root, or are not settled.
type InUseError struct {
	Items []Item // at most inUseShown
	Total int
}

const inUseShown = 20

func (e *InUseError) Error() string {
	return fmt.Sprintf("%d of the person's items have a file in a root, wait or are held", e.Total)
}

func (e *InUseError) add(it Item) {
	if e.Total++; len(e.Items) < inUseShown {
		e.Items = append(e.Items, it)
	}
}

// Owns tells whether a path of a root, as a baseline has it, is in a folder of
// a person. layout is the root's last one, "" where that isn't known any more.
type Owns func(root, layout, rel string) bool

// Forget takes everything from ledger and journal by which a person could be
// recognized, in whatever relation that identifier is known: paths, names,
// details, fingerprints, what Bloxs said of them. Of what was sent it keeps the item's
// ID, a salted digest of person and content, with its receipt: so the same
// file, should it come again, is not sent again. It says how many items that
// are. *InUseError where a file of theirs is still in a root, or something
// waits or is held.
//
// Ledger and journal change in one moment, that of the commit. Then the ledger
// is swept: written anew, since bbolt does not clear what it frees. A kill
// before that leaves it to the next start.
func (s *Store) Forget(person string, owns Owns) (kept int, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.usable(); err != nil {
		return 0, err
	}
	if s.taking.Load() > 0 { // its lines so far would not be in the next journal
		return 0, ErrTaking
	}
	if err := s.commit(); err != nil { // a failure from here on takes nobody else's steps along
		return 0, err
	}
	kept, end, err := s.writeForgotten(person, owns)
	if err != nil || end.Seq == 0 {
		return 0, errors.Join(err, s.removeNext())
	}
	if err := s.commitNext(); err != nil {
		return 0, err
	}
	if err := s.switchJournal(end); err != nil {
		return kept, err
	}
	s.opts.Log.Info("a person was forgotten", "items", kept)
	return kept, s.sweep()
}

// writeForgotten changes the open transaction, and writes the journal that goes
// with it; a zero end says that nothing was known of the person.
func (s *Store) writeForgotten(person string, owns Owns) (kept int, end position, err error) {
	err = s.attempt(func(l ledger) error {
		var found bool
		kept, found, err = l.forget(person, owns)
		if err != nil || !found {
			return err
		}
		l.m.Unswept = true
		end, err = s.nextJournal(l)
		return err
	})
	return kept, end, err
}

// forget changes the records. found tells whether there was anything.
func (l ledger) forget(person string, owns Owns) (kept int, found bool, err error) {
	mine, err := l.settledItems(person)
	if err != nil {
		return 0, false, err
	}
	for _, was := range mine {
		if was.State != Sent {
			err = l.removeItem(was)
		} else {
			err = l.putItem(was, Item{ID: was.ID, State: Sent, FileID: was.FileID, FirstSeen: was.SentAt, Changed: was.SentAt, SentAt: was.SentAt})
			kept++
		}
		if err != nil {
			return 0, false, err
		}
	}
	looked, err := l.forgetLookUps(person)
	if err != nil {
		return 0, false, err
	}
	skipped, err := l.forgetBaselines(owns)
	return kept, len(mine)+looked+skipped > 0, err
}

// forgetBaselines takes the person's paths out of every root's baseline. Their
// files are gone; should one come back, it is new.
func (l ledger) forgetBaselines(owns Owns) (n int, err error) {
	err = l.inPages(bucketBaselines, nil, func(k []byte) error {
		path, err := l.rootPath(k)
		if err != nil {
			return err
		}
		root := rootOf(k)
		return l.inPages(bucketBaseFiles, k, func(key []byte) error {
			if !owns(path, l.m.Homes[root].Layout, pathOf(key[8:])) {
				return nil
			}
			n++
			return l.leaveBaseline(root, binary.BigEndian.Uint32(key[4:]), key[8:])
		})
	})
	return n, err
}

// settledItems are the items of a person, all of them sent or withdrawn.
func (l ledger) settledItems(person string) (mine []Item, err error) {
	inUse := &InUseError{}
	err = l.scan(bucketItems, nil, func(k []byte) error {
		it, err := l.item(itemIDOf(k))
		if err != nil || it.Person.ID != person {
			return err
		}
		mine = append(mine, it)
		if it.Places == 0 && (it.State == Sent || it.State == Withdrawn) {
			return nil
		}
		inUse.add(it)
		return nil
	})
	if err != nil {
		return nil, err
	}
	err = l.bucket(bucketNotes).ForEach(func(_, raw []byte) error {
		var r noteRecord
		if err := decode(raw, &r); err != nil {
			return err
		}
		it, err := l.item(itemIDOf(r.Item))
		if err == nil && it.Person.ID == person && it.Places == 0 {
			inUse.add(it) // its file is just being moved
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	if inUse.Total > 0 {
		return nil, inUse
	}
	return mine, nil
}

// forgetLookUps forgets what Bloxs, or a colleague, has said of a person.
func (l ledger) forgetLookUps(person string) (n int, err error) {
	var keys [][]byte
	err = l.scan(bucketPersons, nil, func(k []byte) error {
		if bytes.HasSuffix(k, []byte("\x00"+person)) {
			keys = append(keys, bytes.Clone(k))
		}
		return nil
	})
	for _, k := range keys {
		var r personRecord
		if _, err := l.get(bucketPersons, k, &r); err != nil {
			return n, err
		}
		if r.Key.ID != person {
			continue
		}
		if r.NextLookUp != 0 {
			if err := l.bucket(bucketLookUps).Delete(lookUpKey(r.NextLookUp, r.Key)); err != nil {
				return n, err
			}
		}
		if err := l.bucket(bucketPersons).Delete(k); err != nil {
			return n, err
		}
		n++
	}
	return n, err
}

// Forgotten tells of an item of which only its ID and its receipt are left.
func (it Item) Forgotten() bool { return it.ID != "" && it.Person == PersonKey{} }

// remember gives a forgotten item back what an offer shows, since its file is
// in a root again. It may have gone out under a former home of the root.
func (l ledger) remember(is Item, root uint32, o Offer) Item {
	if !is.Forgotten() {
		return is
	}
	is.Person, is.SHA256, is.Size = o.Person, o.SHA256, o.Look.Size
	for _, h := range l.m.Roots[root].Former {
		was := PersonKey{Environment: h.Environment, Relation: h.Relation, Kind: h.Kind, ID: o.Person.ID}
		if newItemID([]byte(l.m.Salt), was, o.SHA256) == is.ID {
			is.Person = was
		}
	}
	return is
}

// sweep writes the ledger anew if its free pages may hold what was forgotten.
func (s *Store) sweep() error {
	if !s.m.Unswept {
		return nil
	}
	if err := s.compact(); err != nil {
		return fmt.Errorf("what was forgotten may be in free pages of %s still; the next start clears them: %w", s.path(ledgerName), err)
	}
	s.m.Unswept = false
	return s.commit()
}

// sweepAtStart does what a kill, or a full disk, has left over.
func (s *Store) sweepAtStart() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.sweep(); err != nil {
		s.opts.Log.Warn("the ledger could not be swept", "err", err)
	}
	if err := s.compactIfItPays(); err != nil {
		s.opts.Log.Warn("the ledger could not be made smaller", "path", s.path(ledgerName), "err", err)
	}
}

// SetAside names the files in the store's folder that former starts have kept,
// and that nobody reads: damaged ones, and those of a former schema.
func (s *Store) SetAside() (paths []string, err error) {
	entries, err := os.ReadDir(s.opts.Dir)
	for _, e := range entries {
		if strings.HasPrefix(e.Name(), ledgerName+".") || strings.HasPrefix(e.Name(), journalName+".") {
			paths = append(paths, filepath.Join(s.opts.Dir, e.Name()))
		}
	}
	return paths, err
}
