package store

import (
	"bytes"
	"errors"
	"time"

	bolt "go.etcd.io/bbolt"
	berrors "go.etcd.io/bbolt/errors"
)

// Offer is a settled file, hashed: its content belongs to Person.
type Offer struct {
	Root, Rel string
	Look      Look
	SHA256    Digest
	Person    PersonKey
	Folder    string // the name that the folder shows, "" where it shows none
	Racy      bool   // changed within 2 s of its hashing
}

// Known is what the ledger remembers of a path.
type Known struct {
	Found bool
	Look  Look
	Racy  bool
	Item  ItemID
}

// Offer takes a batch of settled files, each as a place of the item that its
// person and content make; what is new waits to be sent. It is durable when it
// returns, and offering the same again changes nothing.
func (s *Store) Offer(batch []Offer) error {
	now := s.opts.Now()
	return s.writeThrough(func(l ledger) error {
		for _, o := range batch {
			if err := l.offer(o, now); err != nil {
				return err
			}
		}
		return nil
	})
}

func (l ledger) offer(o Offer, now time.Time) error {
	root, err := l.rootNumber(o.Root, true)
	if err != nil {
		return err
	}
	if skipped, err := l.offerSkipped(root, o, now); err != nil || skipped {
		return err
	}
	id := newItemID([]byte(l.m.Salt), o.Person, o.SHA256)
	key := placeKey(root, o.Rel)
	there, _, err := l.placeAt(key)
	if err != nil {
		return err
	}
	before, err := l.sentBefore(root, there, o)
	if err != nil {
		return err
	}
	if before != "" {
		id = before
	}
	if err := l.leaveOther(key, id, now); err != nil {
		return err
	}
	was, err := l.item(id)
	if err != nil {
		return err
	}
	is := was
	if is.ID == "" {
		is = Item{ID: id, Person: o.Person, SHA256: o.SHA256, Size: o.Look.Size, State: Withdrawn, FirstSeen: now}
	}
	is = l.remember(is, root, o)
	is.Root, is.Rel = o.Root, o.Rel
	places := is.Places
	r := placeRecord{Look: o.Look, Rel: o.Rel, Folder: o.Folder, Racy: o.Racy, Seen: now.UnixNano(), Former: before != ""}
	if err := l.joinPlace(&is, key, r); err != nil {
		return err
	}
	if is, err = l.welcome(is, is.Places > places, now); err != nil {
		return err
	}
	if is.State == Waiting && is.turn == 0 && there.Look != o.Look {
		// It settled anew, and the next try may be off because of just that.
		if is, err = l.waiting(is, now, now); err != nil {
			return err
		}
	}
	return l.putItem(was, is)
}

// offerSkipped takes an offer for what it is where the file has become, while
// it settled, what the baseline has.
func (l ledger) offerSkipped(root uint32, o Offer, now time.Time) (bool, error) {
	r, err := l.baseline(root)
	if err == nil && r.Wanted {
		err = errNoBaseline
	}
	if err != nil {
		return false, err
	}
	f := Found{Rel: o.Rel, Look: o.Look, Person: o.Person, Folder: o.Folder}
	base, skip, err := l.skips(root, r.Run, f)
	if err == nil && !skip {
		base, skip, err = l.skipsEdited(root, r.Run, f, o.SHA256)
	}
	if err != nil || !skip {
		return false, err
	}
	return true, l.skip(root, o.Root, base, f, now)
}

// welcome decides what a file's (new) place means for its item.
func (l ledger) welcome(is Item, newPlace bool, now time.Time) (Item, error) {
	switch {
	case is.State == Withdrawn && is.Reason == Rejected:
		is = heldFor(is, is.Reason, is.Detail, now) // it comes back as it went
	case is.State == Withdrawn, newPlace && is.State == Held && is.Reason == NameMismatch:
		var err error
		if is, err = l.waiting(is, now, now); err != nil {
			return is, err
		}
	}
	if is.State != Waiting && (is.State != Held || is.Reason != UnknownPerson) {
		return is, nil
	}
	return l.byPerson(is, now)
}

// byPerson holds an item for a person whom Bloxs does not know, and lets one
// go whose person it has come to know.
func (l ledger) byPerson(is Item, now time.Time) (Item, error) {
	r, err := l.person(is.Person)
	switch {
	case err != nil:
		return is, err
	case is.State == Waiting && r.State == UnknownToBloxs:
		if r.NextLookUp == 0 { // nobody asked for this person any more
			if err := l.setLookUp(&r, now); err != nil {
				return is, err
			}
			err = l.putPerson(r)
		}
		return heldFor(is, UnknownPerson, r.Detail, now), err
	case is.State == Held && r.State == KnownToBloxs:
		return l.waiting(is, now, now)
	}
	return is, nil
}

// leaveOther takes the place at key from any item but id.
func (l ledger) leaveOther(key []byte, id ItemID, now time.Time) error {
	p, _, err := l.placeAt(key)
	if err != nil || p.Item == "" || p.Item == id {
		return err
	}
	return l.leave(p.Item, key, now)
}

// leave takes a place from its item and withdraws the item with its last
// place, if there was still something to send.
func (l ledger) leave(id ItemID, key []byte, now time.Time) error {
	was, err := l.item(id)
	if err != nil {
		return err
	}
	is := was
	if err := l.leavePlace(&is, key); err != nil {
		return err
	}
	open := is.State == Waiting || is.State == Skipped || is.State == Held && is.Reason != Uncertain
	if is.Places == 0 && open {
		is = withdrawn(is, now)
	}
	if is.Root, is.Rel, err = l.somePlace(is); err != nil {
		return err
	}
	return l.putItem(was, is)
}

// somePlace is where the item was seen last; where it stands no more but still
// elsewhere, one of its other places.
func (l ledger) somePlace(is Item) (root, rel string, err error) {
	n, err := l.rootNumber(is.Root, false)
	if err != nil || is.Places == 0 || l.bucket(bucketItemPlaces).Get(append(itemKey(is.ID), placeKey(n, is.Rel)...)) != nil {
		return is.Root, is.Rel, err
	}
	prefix := itemKey(is.ID)
	root, rel = is.Root, is.Rel
	err = l.scan(bucketItemPlaces, prefix, func(k []byte) error {
		p, _, err := l.placeAt(k[len(prefix):])
		if err != nil {
			return err
		}
		root, rel = p.Root, p.Rel
		return errEnough
	})
	return root, rel, err
}

// Gone says that these places were proven to be gone.
func (s *Store) Gone(root string, rels []string) error {
	now := s.opts.Now()
	return s.write(func(l ledger) error {
		n, err := l.rootNumber(root, false)
		if err != nil || n == 0 {
			return err
		}
		for _, rel := range rels {
			if err := l.leaveOther(placeKey(n, rel), "", now); err != nil {
				return err
			}
		}
		return nil
	})
}

// GoneBelow says that a folder was proven to be gone, with everything below it.
func (s *Store) GoneBelow(root, dir string) error {
	now := s.opts.Now()
	return s.write(func(l ledger) error {
		n, err := l.rootNumber(root, false)
		if err != nil || n == 0 {
			return err
		}
		return l.leaveBelow(n, dir, now)
	})
}

// leaveBelow takes all places below a folder from their items.
func (l ledger) leaveBelow(root uint32, dir string, now time.Time) error {
	prefix := folderKey(root, dir)
	var keys [][]byte
	err := l.scan(bucketPlaces, prefix, func(k []byte) error {
		if len(k) > len(prefix) && k[len(prefix)] >= sepAfter {
			return errEnough // a neighbour with a longer name
		}
		keys = append(keys, bytes.Clone(k))
		return nil
	})
	for _, k := range keys {
		if err == nil {
			err = l.leaveOther(k, "", now)
		}
	}
	return err
}

// committed reads what is durable, beside the open transaction. Places are
// durable as soon as they are offered.
func (s *Store) committed(fn func(l ledger) error) error {
	s.mu.Lock()
	broken := s.broken
	s.mu.Unlock()
	if broken != nil {
		return broken // bbolt may hold its locks for ever after a panic
	}
	view := func(tx *bolt.Tx) error { return fn(ledger{tx: tx}) }
	err := guardedView(s.db.Load(), view)
	if errors.Is(err, berrors.ErrDatabaseNotOpen) { // it is just being opened anew
		s.mu.Lock()
		db := s.db.Load()
		s.mu.Unlock()
		err = guardedView(db, view)
	}
	if errors.Is(err, errRecord) {
		s.mu.Lock()
		defer s.mu.Unlock()
		err = s.noteDamage(err)
	}
	return err
}

// Known tells what is remembered of each of these files in one folder.
func (s *Store) Known(root, dir string, names []string) ([]Known, error) {
	known := make([]Known, len(names))
	err := s.committed(func(l ledger) error {
		n, err := l.rootNumber(root, false)
		if err != nil || n == 0 {
			return err
		}
		prefix := append(folderKey(n, dir), sepName)
		for i, name := range names {
			var r placeRecord
			ok, err := l.get(bucketPlaces, appendPart(prefix[:len(prefix):len(prefix)], Fold(name)), &r)
			if err != nil {
				return err
			}
			if ok {
				known[i] = Known{Found: true, Look: r.Look, Racy: r.Racy, Item: r.place("").Item}
			}
		}
		return nil
	})
	return known, err
}

// Places counts the places directly in dir, and names the child folders of dir
// that have places anywhere below.
func (s *Store) Places(root, dir string) (files int, folders []string, err error) {
	err = s.committed(func(l ledger) error {
		n, err := l.rootNumber(root, false)
		if err != nil || n == 0 {
			return err
		}
		here := folderKey(n, dir)
		c := l.bucket(bucketPlaces).Cursor()
		prefix := append(here[:len(here):len(here)], sepName)
		k, _ := c.Seek(prefix)
		for ; bytes.HasPrefix(k, prefix); k, _ = c.Next() {
			files++
		}
		prefix = append(here[:len(here):len(here)], sepFolder)
		for bytes.HasPrefix(k, prefix) {
			end := bytes.IndexAny(k[len(prefix):], "\x00\x01") // always there: a name follows
			part := k[len(prefix) : len(prefix)+end]
			folders = append(folders, unescape(part))
			k, _ = c.Seek(append(append(bytes.Clone(prefix), part...), sepAfter))
		}
		return nil
	})
	return files, folders, err
}

// Files names the places directly in dir.
func (s *Store) Files(root, dir string) (names []string, err error) {
	err = s.committed(func(l ledger) error {
		n, err := l.rootNumber(root, false)
		if err != nil || n == 0 {
			return err
		}
		prefix := append(folderKey(n, dir), sepName)
		return l.scan(bucketPlaces, prefix, func(k []byte) error {
			names = append(names, unescape(k[len(prefix):]))
			return nil
		})
	})
	return names, err
}
