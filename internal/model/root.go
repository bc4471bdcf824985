package model

import (
	"cmp"
	"maps"
	"slices"
	"time"

	"bloxdrop/store"
)

// Marked tells whether a root is known to have had its marker.
func (s *Store) Marked(root string) (marked bool, err error) {
	err = s.read(func(l *picture) error {
		marked = l.facts[l.rootNumber(root, false)].marked
		return nil
	})
	return marked, err
}

// SetMarked notes that a root has its marker.
func (s *Store) SetMarked(root string) error {
	if marked, err := s.Marked(root); marked || err != nil {
		return err
	}
	return s.note(Line{Op: Marked, Root: root})
}

func (s *Store) note(ln Line) error {
	ln.At = s.opts.Now()
	return s.write(func(l *picture) error {
		s.append(l, ln)
		return l.record(ln)
	})
}

// Adopted is the position at which the root was adopted last.
func (s *Store) Adopted(root string) (position uint64, err error) {
	err = s.read(func(l *picture) error {
		position = l.facts[l.rootNumber(root, false)].adopted
		return nil
	})
	return position, err
}

// DoubtAbout is the doubt that no adoption of the root has answered yet.
func (s *Store) DoubtAbout(root string) (d *store.Doubt, err error) {
	err = s.read(func(l *picture) error {
		if l.doubt != nil && l.doubt.Position > l.facts[l.rootNumber(root, false)].adopted {
			copied := *l.doubt
			d = &copied
		}
		return nil
	})
	return d, err
}

// Doubted returns the last doubt.
func (s *Store) Doubted() (d *store.Doubt, err error) {
	err = s.read(func(l *picture) error {
		if l.doubt != nil {
			copied := *l.doubt
			d = &copied
		}
		return nil
	})
	return d, err
}

// Doubt notes that this ledger may lack what came after known.
func (s *Store) Doubt(cause string, known, above uint64) error {
	return s.write(func(l *picture) error {
		ln := Line{Op: Doubt, At: s.opts.Now(), Cause: cause, Known: known}
		if next := l.base + uint64(l.applied) + 1; next <= above {
			ln.Base = l.base + above + 1 - next
		}
		s.append(l, ln)
		return l.record(ln)
	})
}

func (l *picture) recordDoubt(ln Line) {
	if ln.Base != 0 {
		l.base = ln.Base
	}
	d := store.Doubt{Cause: ln.Cause, Since: ln.At, Known: ln.Known, Position: ln.Position}
	if d.Position == 0 {
		d.Position = l.base + uint64(l.applied)
	}
	if l.doubt != nil {
		d.Known = min(d.Known, l.doubt.Known)
	}
	l.doubt = &d
}

// Adopt answers the doubt about a root and makes home whom its files are for.
func (s *Store) Adopt(root string, home store.Home, roots []string) error {
	return s.adopt(root, &home, roots)
}

// Trust is Adopt without a change of home.
func (s *Store) Trust(root string, roots []string) error { return s.adopt(root, nil, roots) }

func (s *Store) adopt(root string, home *store.Home, roots []string) error {
	now := s.opts.Now()
	err := s.write(func(l *picture) error {
		n := l.rootNumber(root, true)
		ln := Line{Op: Adoption, At: now, Root: root, Home: home, Former: l.facts[n].former}
		if home != nil {
			ln.Former = l.formerHomes(n, roots, *home)
		}
		ln.Settled = l.settledBut(n, roots)
		s.append(l, ln)
		return l.record(ln)
	})
	if err != nil {
		return err
	}
	return s.writeThrough(func(*picture) error { return nil })
}

func (l *picture) settledBut(n uint32, roots []string) bool {
	if l.doubt == nil {
		return true
	}
	answered := func(n uint32) bool { return l.facts[n].adopted >= l.doubt.Position }
	for _, root := range roots {
		if other := l.rootNumber(root, false); (other != n || n == 0) && !answered(other) {
			return false
		}
	}
	for _, other := range l.roots {
		_, ran := l.homes[other]
		if other != n && (ran || l.facts[other].marked) && !answered(other) {
			return false
		}
	}
	return true
}

func (l *picture) formerHomes(n uint32, roots []string, home store.Home) []store.Home {
	homes := slices.Clone(l.facts[n].former)
	if was, ok := l.homes[n]; ok {
		was.Layout = ""
		homes = append(homes, was)
	}
	home.Layout = ""
	for _, it := range l.itemsWhere(func(it item) bool { return passed(it) && !it.Forgotten() }) {
		was := atPerson(it.Person)
		if (l.rootNumber(it.Root, false) == n || !slices.Contains(roots, it.Root)) && !slices.Contains(homes, was) {
			homes = append(homes, was)
		}
	}
	slices.SortFunc(homes, compareHomes)
	return slices.DeleteFunc(slices.Compact(homes), func(h store.Home) bool { return h == home })
}

// passed tells of an item that Bloxs has, or may have.
func passed(it item) bool {
	return !it.SentAt.IsZero() || it.State == store.Sending || it.State == store.Held && it.Reason == store.Uncertain
}

func (l *picture) recordRoot(ln Line) {
	n := l.rootNumber(ln.Root, true)
	f := l.facts[n]
	if ln.Op == Marked {
		f.marked = true
		l.facts[n] = f
		return
	}
	if f.adopted, f.former = ln.Position, ln.Former; f.adopted == 0 {
		f.adopted = l.base + uint64(l.applied)
	}
	l.facts[n] = f
	if ln.Settled {
		l.doubt = nil
	}
	if ln.Home == nil {
		return
	}
	_, known := l.homes[n]
	l.setHome(n, *ln.Home, true, ln.At)
	if known {
		return
	}
	for _, it := range l.itemsWhere(func(it item) bool { return it.Root == ln.Root && it.Places == 0 && passed(it) }) {
		l.standAgain(n, l.items[it.ID], ln.Root, ln.At)
	}
}

// standAgain gives an item that passed a gate its last place back.
func (l *picture) standAgain(n uint32, it item, root string, now time.Time) {
	p := placeOf(n, it.Rel)
	if there, ok := l.places[p]; ok {
		if l.items[there.Item].Changed.After(it.Changed) {
			return
		}
		l.leave(p, now)
	}
	l.join(&it, p, placed{Place: store.Place{Root: root, Rel: it.Rel}, seen: now.UnixNano(), former: true})
	l.put(it)
}

// setHome makes home whom a root's files are for.
func (l *picture) setHome(n uint32, home store.Home, adopted bool, now time.Time) {
	if was, known := l.homes[n]; known && was == home {
		return
	}
	l.homes[n] = home
	for _, p := range l.placesWhere(func(p place, _ placed) bool { return p.root == n }) {
		there, ok := l.places[p]
		if !ok {
			continue
		}
		if it := l.items[there.Item]; !passed(it) && it.State != store.Skipped {
			l.leave(p, now)
			continue
		}
		there.former = there.former || adopted
		l.places[p] = there
	}
}

// leaveFormer takes from an item the places that it kept from a former home.
func (l *picture) leaveFormer(it *item) {
	for _, p := range l.placesOf(it.ID) {
		if l.places[p].former {
			delete(l.places, p)
			it.Places--
		}
	}
	l.standSomewhere(it)
}

// sentBefore finds the item as which a content was sent under a former home.
func (l *picture) sentBefore(root uint32, there placed, o store.Offer) store.ItemID {
	if was := l.items[there.Item]; there.former && passed(was) && was.SHA256 == o.SHA256 {
		return was.ID
	}
	if passed(l.items[l.itemID(o.Person, o.SHA256)]) {
		return ""
	}
	for _, h := range l.facts[root].former {
		if it := l.items[l.itemID(atHome(h, o.Person.ID), o.SHA256)]; it.ID != "" && passed(it) {
			return it.ID
		}
	}
	return ""
}

func atPerson(p store.PersonKey) store.Home {
	return store.Home{Environment: p.Environment, Relation: p.Relation, Kind: p.Kind}
}

func atHome(h store.Home, id string) store.PersonKey {
	return store.PersonKey{Environment: h.Environment, Relation: h.Relation, Kind: h.Kind, ID: id}
}

// remember gives a forgotten item back what an offer shows.
func (l *picture) remember(is item, root uint32, o store.Offer) item {
	if !is.Forgotten() {
		return is
	}
	is.Person, is.SHA256, is.Size = o.Person, o.SHA256, o.Look.Size
	for _, h := range l.facts[root].former {
		if was := atHome(h, o.Person.ID); l.itemID(was, o.SHA256) == is.ID {
			is.Person = was
		}
	}
	return is
}

// SetHome notes whom a root's files are for.
func (s *Store) SetHome(root string, home store.Home, personOf store.PersonOf) error {
	now := s.opts.Now()
	return s.writeThrough(func(l *picture) error {
		n := l.rootNumber(root, true)
		if l.moved(n, root, home, personOf) {
			return &store.MovedError{Root: root, Was: l.homes[n], Now: home}
		}
		l.setHome(n, home, false, now)
		return nil
	})
}

// moved tells whether files of a root were sent to others than home.
func (l *picture) moved(n uint32, root string, home store.Home, personOf store.PersonOf) bool {
	was, known := l.homes[n]
	if was == home {
		return false
	}
	wentOut := func(it item) bool {
		return it.State == store.Sent || it.State == store.Sending || it.Uncertain > 0
	}
	there := func(is store.Home) bool {
		return is.Environment == home.Environment && is.Relation == home.Relation && is.Kind == home.Kind
	}
	elsewhere := func(it item) bool {
		return it.Root == root && wentOut(it) && !there(atPerson(it.Person))
	}
	if (!known || !there(was)) && len(l.itemsWhere(elsewhere)) > 0 {
		return true
	}
	toAnother := func(it item, rel string) bool {
		id, ok := personOf(rel)
		return wentOut(it) && !it.Forgotten() && there(atPerson(it.Person)) && ok && id != it.Person.ID
	}
	stands := l.placesWhere(func(p place, is placed) bool { return p.root == n && toAnother(l.items[is.Item], is.Rel) })
	stood := l.itemsWhere(func(it item) bool { return it.Root == root && toAnother(it, it.Rel) })
	return len(stands)+len(stood) > 0
}

// KeepRoots forgets the places in all roots but these.
func (s *Store) KeepRoots(paths []string) (n int, err error) {
	now := s.opts.Now()
	err = s.writeThrough(func(l *picture) error {
		for _, path := range slices.Sorted(maps.Keys(l.roots)) {
			if number := l.roots[path]; !slices.Contains(paths, path) {
				n += len(l.placesWhere(func(p place, _ placed) bool { return p.root == number }))
				l.leaveBelow(number, "", now)
			}
		}
		return nil
	})
	return n, err
}

func compareHomes(a, b store.Home) int {
	return cmp.Or(cmp.Compare(a.Environment, b.Environment), cmp.Compare(a.Relation, b.Relation), cmp.Compare(a.Kind, b.Kind))
}
