package model

import (
	"strconv"

	"bloxdrop/store"
)

// AfterUpload says whether anything is to follow the uploads of a root.
func (s *Store) AfterUpload(root string, on bool) error {
	changes := false
	err := s.write(func(l *picture) error {
		n := l.rootNumber(root, on)
		changes = n != 0 && l.after[n] != on
		return nil
	})
	if err != nil || !changes {
		return err
	}
	return s.writeThrough(func(l *picture) error {
		l.after[l.rootNumber(root, on)] = on
		return nil
	})
}

// SentPlaces pages through the places whose files Bloxs has.
func (s *Store) SentPlaces(root, after string, n int) (page []store.SentPlace, next string, err error) {
	from := 0
	if after != "" {
		if from, err = strconv.Atoi(after); err != nil {
			return nil, "", err
		}
	}
	err = s.read(func(l *picture) error {
		number := l.rootNumber(root, false)
		if !l.after[number] {
			return nil
		}
		all := l.placesWhere(func(p place, is placed) bool { return p.root == number && l.items[is.Item].HasReceipt() })
		for _, p := range all[min(from, len(all)):] {
			if len(page) == n {
				next = strconv.Itoa(from + n)
				break
			}
			page = append(page, store.SentPlace{Place: l.places[p].Place, Item: l.items[l.places[p].Item].Item})
		}
		return nil
	})
	return page, next, err
}

// NoteDown writes down what is about to be done with these files.
func (s *Store) NoteDown(notes []store.Note) (noted []store.Note, err error) {
	err = s.writeThrough(func(l *picture) error {
		noted = nil
		for _, of := range notes {
			p := placeOf(l.rootNumber(of.Place.Root, false), of.Place.Rel)
			there, ok := l.places[p]
			_, already := l.notes[p]
			if !ok || already || there.Item != of.Place.Item || there.Look != of.Place.Look || !l.items[there.Item].HasReceipt() {
				continue
			}
			l.notes[p] = note{of}
			noted = append(noted, of)
		}
		return nil
	})
	return noted, err
}

// Notes returns notes that nobody has ended.
func (s *Store) Notes(root string, n int) (notes []store.Note, err error) {
	err = s.read(func(l *picture) error {
		number := l.rootNumber(root, false)
		all := map[place]placed{}
		for p := range l.notes {
			if p.root == number {
				all[p] = placed{}
			}
		}
		for _, p := range (&picture{places: all}).placesWhere(func(place, placed) bool { return true }) {
			if len(notes) == n {
				break
			}
			of := l.notes[p].Note
			of.Place = store.Place{Root: root, Rel: of.Place.Rel, Item: of.Place.Item, Look: of.Place.Look}
			of.Item = l.items[of.Place.Item].Item
			notes = append(notes, of)
		}
		return nil
	})
	return notes, err
}

// EndNotes forgets notes.
func (s *Store) EndNotes(notes []store.Note, gone bool) error {
	now := s.opts.Now()
	return s.write(func(l *picture) error {
		for _, of := range notes {
			p := placeOf(l.rootNumber(of.Place.Root, false), of.Place.Rel)
			delete(l.notes, p)
			if there, ok := l.places[p]; ok && gone && there.Item == of.Place.Item && there.Look == of.Place.Look {
				l.leave(p, now)
			}
		}
		return nil
	})
}
