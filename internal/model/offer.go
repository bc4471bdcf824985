package model

import (
	"slices"
	"strings"
	"time"

	"bloxdrop/store"
)

// Offer takes a batch of settled files.
func (s *Store) Offer(batch []store.Offer) error {
	now := s.opts.Now()
	return s.writeThrough(func(l *picture) error {
		for _, o := range batch {
			if err := l.offer(o, now); err != nil {
				return err
			}
		}
		return nil
	})
}

func (l *picture) offer(o store.Offer, now time.Time) error {
	root := l.rootNumber(o.Root, true)
	if skipped, err := l.offerSkipped(root, o, now); err != nil || skipped {
		return err
	}
	p := placeOf(root, o.Rel)
	there := l.places[p]
	id := l.itemID(o.Person, o.SHA256)
	before := l.sentBefore(root, there, o)
	if before != "" {
		id = before
	}
	l.leaveOther(p, id, now)
	is := l.items[id]
	if is.ID == "" {
		is.Item = store.Item{ID: id, Person: o.Person, SHA256: o.SHA256, Size: o.Look.Size, State: store.Withdrawn, FirstSeen: now}
	}
	is = l.remember(is, root, o)
	is.Root, is.Rel = o.Root, o.Rel
	newPlace := l.places[p].Item != id
	l.join(&is, p, placed{Place: store.Place{Root: o.Root, Rel: o.Rel, Look: o.Look, Folder: o.Folder, Racy: o.Racy}, seen: now.UnixNano(), former: before != ""})
	is = l.welcome(is, newPlace, now)
	if is.State == store.Waiting && is.turn == 0 && there.Look != o.Look {
		is = l.waiting(is, now, now)
	}
	l.put(is)
	return nil
}

func (l *picture) join(is *item, p place, as placed) {
	if l.places[p].Item != is.ID {
		is.Places++
	}
	as.Item = is.ID
	l.places[p] = as
}

// welcome decides what a file's place means for its item.
func (l *picture) welcome(is item, newPlace bool, now time.Time) item {
	switch {
	case is.State == store.Withdrawn && is.Reason == store.Rejected:
		is = heldFor(is, is.Reason, is.Detail, now)
	case is.State == store.Withdrawn, newPlace && is.State == store.Held && is.Reason == store.NameMismatch:
		is = l.waiting(is, now, now)
	}
	r := l.personOf(is.Person)
	switch {
	case is.State == store.Waiting && r.State == store.UnknownToBloxs:
		if r.NextLookUp.IsZero() {
			r.NextLookUp = plain(now)
			l.persons[is.Person] = r
		}
		return heldFor(is, store.UnknownPerson, r.Detail, now)
	case is.State == store.Held && is.Reason == store.UnknownPerson && r.State == store.KnownToBloxs:
		return l.waiting(is, now, now)
	}
	return is
}

// leaveOther takes a place from any item but id.
func (l *picture) leaveOther(p place, id store.ItemID, now time.Time) {
	if there, ok := l.places[p]; ok && there.Item != id {
		l.leave(p, now)
	}
}

// leave takes a place from its item, and withdraws an open one with its last.
func (l *picture) leave(p place, now time.Time) {
	is := l.items[l.places[p].Item]
	delete(l.places, p)
	is.Places--
	open := is.State == store.Waiting || is.State == store.Skipped || is.State == store.Held && is.Reason != store.Uncertain
	if is.Places == 0 && open {
		is = withdrawn(is, now)
	}
	l.standSomewhere(&is)
	l.put(is)
}

// standSomewhere names another place of the item where it left the one by which
// it is known.
func (l *picture) standSomewhere(is *item) {
	all := l.placesOf(is.ID)
	if is.Places == 0 || slices.Contains(all, placeOf(l.rootNumber(is.Root, false), is.Rel)) {
		return
	}
	is.Root, is.Rel = l.places[all[0]].Root, l.places[all[0]].Rel
}

// Gone says that these places were proven to be gone.
func (s *Store) Gone(root string, rels []string) error {
	now := s.opts.Now()
	return s.write(func(l *picture) error {
		for _, rel := range rels {
			l.leaveOther(placeOf(l.rootNumber(root, false), rel), "", now)
		}
		return nil
	})
}

// GoneBelow says that a folder was proven to be gone.
func (s *Store) GoneBelow(root, dir string) error {
	now := s.opts.Now()
	return s.write(func(l *picture) error {
		l.leaveBelow(l.rootNumber(root, false), dir, now)
		return nil
	})
}

func (l *picture) leaveBelow(root uint32, dir string, now time.Time) {
	for _, p := range l.placesWhere(func(p place, _ placed) bool { return p.below(root, dir) }) {
		l.leave(p, now)
	}
}

// Suspect asks for places to be hashed again.
func (s *Store) Suspect(places []store.Place) error {
	return s.write(func(l *picture) error {
		for _, p := range places {
			at := placeOf(l.rootNumber(p.Root, false), p.Rel)
			if there, ok := l.places[at]; ok && there.Look == p.Look {
				there.Racy = true
				l.places[at] = there
			}
		}
		return nil
	})
}

// Known tells what is remembered of files in one folder.
func (s *Store) Known(root, dir string, names []string) ([]store.Known, error) {
	known := make([]store.Known, len(names))
	err := s.readCommitted(func(l *picture) {
		for i, name := range names {
			if there, ok := l.places[placeOf(l.rootNumber(root, false), join(dir, name))]; ok {
				known[i] = store.Known{Found: true, Look: there.Look, Racy: there.Racy, Item: there.Item}
			}
		}
	})
	return known, err
}

func join(dir, name string) string {
	if dir == "" {
		return name
	}
	return dir + "/" + name
}

// Places counts the places directly in dir, and names its folders that hold any.
func (s *Store) Places(root, dir string) (files int, folders []string, err error) {
	err = s.readCommitted(func(l *picture) {
		n, here := l.rootNumber(root, false), folderTail(dir)+"\x01"
		for _, p := range l.placesWhere(func(p place, _ placed) bool { return p.below(n, dir) }) {
			below, deeper := strings.CutPrefix(p.tail, here)
			if !deeper {
				files++
				continue
			}
			name := unescapes.Replace(below[:strings.IndexAny(below, "\x00\x01")])
			if len(folders) == 0 || folders[len(folders)-1] != name {
				folders = append(folders, name)
			}
		}
	})
	return files, folders, err
}

// Files names the places directly in dir.
func (s *Store) Files(root, dir string) (names []string, err error) {
	err = s.readCommitted(func(l *picture) {
		n := l.rootNumber(root, false)
		for _, p := range l.placesWhere(func(p place, _ placed) bool { return p.in(n, dir) }) {
			names = append(names, p.path()[strings.LastIndexByte(p.path(), '/')+1:])
		}
	})
	return names, err
}
