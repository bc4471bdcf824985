package store

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"iter"
	"strings"
	"time"
)

// Counts adds up what the ledger holds.
type Counts struct {
	Items  map[State]int
	Places int       // paths that hold an item's content
	Placed int       // items that have a place
	Oldest time.Time // when the oldest waiting item was first seen; zero: none waits
}

// Counts reads the running totals.
func (s *Store) Counts() (c Counts, err error) {
	err = s.read(func(l ledger) error {
		c = Counts{Items: map[State]int{}, Places: l.m.places(), Placed: l.m.Placed}
		for state, n := range l.m.Items {
			c.Items[state] = n
		}
		if k, _ := l.bucket(bucketOrder).Cursor().Seek([]byte{listAge}); bytes.HasPrefix(k, []byte{listAge}) {
			c.Oldest = time.Unix(0, int64(binary.BigEndian.Uint64(k[1:9])))
		}
		return nil
	})
	return c, err
}

// Item returns ErrNoItem where there is none.
func (s *Store) Item(id ItemID) (it Item, err error) {
	err = s.read(func(l ledger) error {
		it, err = l.item(id)
		if err == nil && it.ID == "" {
			err = fmt.Errorf("%w: %s", ErrNoItem, id)
		}
		return err
	})
	return it, err
}

// ItemAt returns the item whose content stands at a path, and that place. It
// returns ErrNoItem where the ledger knows nothing of the path.
func (s *Store) ItemAt(root, rel string) (it Item, p Place, err error) {
	err = s.read(func(l ledger) error {
		n, err := l.rootNumber(root, false)
		if err != nil || n == 0 {
			return fmt.Errorf("%w at %s", ErrNoItem, rel)
		}
		if p, _, err = l.placeAt(placeKey(n, rel)); err != nil {
			return err
		}
		if p.Item == "" {
			return fmt.Errorf("%w at %s", ErrNoItem, rel)
		}
		it, err = l.item(p.Item)
		return err
	})
	return it, p, err
}

// Find returns the one item whose ID begins with prefix, eight digits or more.
func (s *Store) Find(prefix string) (it Item, err error) {
	key, bad := hex.DecodeString(prefix[:len(prefix)&^1])
	if bad != nil || len(prefix) < 8 {
		return it, fmt.Errorf("%w: %q is no item's ID", ErrNoItem, prefix)
	}
	err = s.read(func(l ledger) error {
		var found []ItemID
		err := l.scan(bucketItems, key, func(k []byte) error {
			if id := itemIDOf(k); strings.HasPrefix(string(id), strings.ToLower(prefix)) {
				found = append(found, id)
			}
			return nil
		})
		if err != nil {
			return err
		}
		if len(found) != 1 {
			return fmt.Errorf("%w: %d items have an ID that begins with %q", ErrNoItem, len(found), prefix)
		}
		it, err = l.item(found[0])
		return err
	})
	return it, err
}

// PlacesOf returns the newest places of an item, at most n.
func (s *Store) PlacesOf(id ItemID, n int) (places []Place, err error) {
	err = s.read(func(l ledger) error {
		places, err = l.places(id, n)
		return err
	})
	return places, err
}

// Page is a stretch of a list: at most so many items, and where to go on.
type Page struct {
	Items []Item
	Next  string // "" behind the last
}

// pageFrom is the key at which a page begins: where the one before ended, or first.
func pageFrom(after string, first []byte) ([]byte, error) {
	if after == "" {
		return first, nil
	}
	key, err := hex.DecodeString(after)
	if err != nil {
		return nil, fmt.Errorf("go on behind %q: %w", after, err)
	}
	return key, nil
}

// All goes through the items of a list page by page, as read gives them: List,
// Newest or Below, behind after. An error comes last, without an item.
func All(read func(after string) (Page, error)) iter.Seq2[Item, error] {
	return func(yield func(Item, error) bool) {
		for after := ""; ; {
			p, err := read(after)
			if err != nil {
				yield(Item{}, err)
				return
			}
			for _, it := range p.Items {
				if !yield(it, nil) {
					return
				}
			}
			if after = p.Next; after == "" {
				return
			}
		}
	}
}

func listOf(state State) byte {
	switch state {
	case Waiting:
		return listAge
	case Sending:
		return listSending
	case Sent:
		return listSent
	case Held:
		return listHeld
	case Skipped:
		return listSkipped
	default:
		return listWithdrawn
	}
}

// List pages through the items in one state, the oldest first. after is "" or
// the Next of the page before.
func (s *Store) List(state State, after string, n int) (p Page, err error) {
	prefix := []byte{listOf(state)}
	from, err := pageFrom(after, prefix)
	if err != nil {
		return p, err
	}
	err = s.read(func(l ledger) error {
		return l.scanFrom(bucketOrder, prefix, from, func(k []byte) error {
			if len(p.Items) == n {
				p.Next = hex.EncodeToString(k)
				return errEnough
			}
			it, err := l.item(orderedItem(k))
			p.Items = append(p.Items, it)
			return err
		})
	})
	return p, err
}

// Below pages through the items that stand at or below a path of a root, in
// the order of their paths.
func (s *Store) Below(root, rel, after string, n int) (p Page, err error) {
	err = s.read(func(l ledger) error {
		num, err := l.rootNumber(root, false)
		if err != nil || num == 0 {
			return err
		}
		add := func(k []byte) error {
			pl, _, err := l.placeAt(k)
			if err != nil || pl.Item == "" {
				return err
			}
			it, err := l.item(pl.Item)
			p.Items = append(p.Items, it)
			return err
		}
		prefix := folderKey(num, rel)
		from, err := pageFrom(after, prefix)
		if err == nil && after == "" {
			err = add(placeKey(num, rel))
		}
		if err != nil {
			return err
		}
		return l.scanFrom(bucketPlaces, prefix, from, func(k []byte) error {
			switch {
			case len(k) > len(prefix) && k[len(prefix)] >= sepAfter:
				return errEnough // a neighbour with a longer name
			case len(p.Items) == n:
				p.Next = hex.EncodeToString(k)
				return errEnough
			}
			return add(k)
		})
	})
	return p, err
}

// PausedByHand tells since when sending is paused by a person; zero: it is not.
func (s *Store) PausedByHand() (since time.Time, err error) {
	err = s.read(func(l ledger) error {
		since = fromNano(l.m.Paused)
		return nil
	})
	return since, err
}

// PauseByHand remembers a person's pause, from now on or no more.
func (s *Store) PauseByHand(paused bool) error {
	return s.write(func(l ledger) error {
		if paused == (l.m.Paused != 0) {
			return nil
		}
		ln := line{Op: opResumed, At: s.opts.Now()}
		if paused {
			ln.Op = opPaused
		}
		if err := s.append(l, ln); err != nil {
			return err
		}
		return l.record(ln)
	})
}
