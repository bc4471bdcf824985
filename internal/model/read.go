package model

import (
	"fmt"
	"slices"
	"strconv"
	"time"

	"bloxdrop/store"
)

// Item returns store.ErrNoItem where there is none.
func (s *Store) Item(id store.ItemID) (it store.Item, err error) {
	err = s.read(func(l *picture) error {
		is, ok := l.items[id]
		if !ok {
			return noItem(id)
		}
		it = is.Item
		return nil
	})
	return it, err
}

// ItemAt returns the item whose content stands at a path, and that place.
func (s *Store) ItemAt(root, rel string) (it store.Item, p store.Place, err error) {
	err = s.read(func(l *picture) error {
		there, ok := l.places[placeOf(l.rootNumber(root, false), rel)]
		if !ok {
			return fmt.Errorf("%w at %s", store.ErrNoItem, rel)
		}
		it, p = l.items[there.Item].Item, there.Place
		return nil
	})
	return it, p, err
}

// PlacesOf returns an item's newest places.
func (s *Store) PlacesOf(id store.ItemID, n int) (places []store.Place, err error) {
	err = s.read(func(l *picture) error {
		places = l.newest(id, n)
		return nil
	})
	return places, err
}

// List pages through the items in one state, the oldest first.
func (s *Store) List(state store.State, after string, n int) (p store.Page, err error) {
	from := 0
	if after != "" {
		if from, err = strconv.Atoi(after); err != nil {
			return p, err
		}
	}
	err = s.read(func(l *picture) error {
		all := l.itemsWhere(func(it item) bool { return it.State == state })
		slices.SortStableFunc(all, func(a, b item) int { return byTime(since(a), since(b)) })
		for _, it := range all[min(from, len(all)):] {
			if len(p.Items) == n {
				p.Next = strconv.Itoa(from + n)
				break
			}
			p.Items = append(p.Items, it.Item)
		}
		return nil
	})
	return p, err
}

// since is by what the list of its state is ordered.
func since(it item) time.Time {
	switch it.State {
	case store.Waiting:
		return it.FirstSeen
	case store.Sent:
		return it.SentAt
	}
	return it.Changed
}

// Counts adds up what the ledger holds.
func (s *Store) Counts() (c store.Counts, err error) {
	err = s.read(func(l *picture) error {
		c = store.Counts{Items: map[store.State]int{}, Places: len(l.places)}
		for _, it := range l.items {
			c.Items[it.State]++
			if it.Places > 0 {
				c.Placed++
			}
			if it.State == store.Waiting && (c.Oldest.IsZero() || it.FirstSeen.Before(c.Oldest)) {
				c.Oldest = it.FirstSeen
			}
		}
		return nil
	})
	return c, err
}

// PlacesIn counts the places in a root.
func (s *Store) PlacesIn(root string) (n int, err error) {
	err = s.read(func(l *picture) error {
		number := l.rootNumber(root, false)
		n = len(l.placesWhere(func(p place, _ placed) bool { return p.root == number }))
		return nil
	})
	return n, err
}

// Items is all of them, by their IDs.
func (s *Store) Items() (all []store.Item) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, it := range s.now.itemsWhere(func(item) bool { return true }) {
		all = append(all, it.Item)
	}
	return all
}
