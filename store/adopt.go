package store

import (
	"bytes"
	"cmp"
	"slices"
	"time"
)

// rootFacts is what is remembered of a root, beside its files.
type rootFacts struct {
	Marked  bool   `cbor:"1,keyasint,omitempty"` // it has had its marker
	Adopted uint64 `cbor:"2,keyasint,omitempty"` // the position of its last adoption
	Former  []Home `cbor:"3,keyasint,omitempty"` // whom some of its files were sent to before; without layouts
}

// DoubtAbout is the doubt that no adoption of the root has answered yet; nil:
// there is none.
func (s *Store) DoubtAbout(root string) (d *Doubt, err error) {
	err = s.read(func(l ledger) error {
		facts, err := l.facts(root)
		if l.m.Doubt != nil && l.m.Doubt.Position > facts.Adopted {
			copied := *l.m.Doubt
			d = &copied
		}
		return err
	})
	return d, err
}

// Marked tells whether a root is known to have had its marker.
func (s *Store) Marked(root string) (marked bool, err error) {
	err = s.read(func(l ledger) error {
		facts, err := l.facts(root)
		marked = facts.Marked
		return err
	})
	return marked, err
}

// SetMarked notes that a root has its marker.
func (s *Store) SetMarked(root string) error {
	if marked, err := s.Marked(root); marked || err != nil {
		return err
	}
	return s.note(line{Op: opMarked, Root: root})
}

// Adopted is the position at which a person, or a marker that proved that
// nothing is missing, adopted the root last; 0: never.
func (s *Store) Adopted(root string) (position uint64, err error) {
	err = s.read(func(l ledger) error {
		facts, err := l.facts(root)
		position = facts.Adopted
		return err
	})
	return position, err
}

// Adopt answers the doubt about a root and makes home whom its files are for.
// What was sent from it, or may have been, to whomever, is never sent again
// while its content is the same. With the last root, of those that the config
// names and those that it has named, the doubt itself ends.
func (s *Store) Adopt(root string, home Home, roots []string) error {
	return s.adopt(root, &home, roots)
}

// Trust is Adopt without a change of home: the root's marker has proven that
// nothing which was sent from it is missing here.
func (s *Store) Trust(root string, roots []string) error { return s.adopt(root, nil, roots) }

func (s *Store) adopt(root string, home *Home, roots []string) error {
	now := s.opts.Now()
	err := s.write(func(l ledger) error {
		n, err := l.rootNumber(root, true)
		if err != nil {
			return err
		}
		ln := line{Op: opAdoption, At: now, Root: root, Home: home, Former: l.m.Roots[n].Former}
		if home != nil {
			if ln.Former, err = l.formerHomes(n, roots, *home); err != nil {
				return err
			}
		}
		if ln.Settled, err = l.settledBut(n, roots); err != nil {
			return err
		}
		if err := s.append(l, ln); err != nil {
			return err
		}
		return l.record(ln)
	})
	if err != nil {
		return err
	}
	return s.commitNow() // Known is to see it
}

// settledBut tells whether the doubt is answered for every root but one: for
// those of the config, and for those that it once named and may name again.
func (l ledger) settledBut(n uint32, roots []string) (settled bool, err error) {
	if l.m.Doubt == nil {
		return true, nil
	}
	settled = true
	for _, root := range roots {
		facts, err := l.facts(root)
		if err != nil {
			return false, err
		}
		number, err := l.rootNumber(root, false)
		if err != nil {
			return false, err
		}
		settled = settled && (number == n && n != 0 || facts.Adopted >= l.m.Doubt.Position)
	}
	return settled, l.bucket(bucketRoots).ForEach(func(_, v []byte) error {
		other := rootOf(v)
		_, ran := l.m.Homes[other]
		if facts := l.m.Roots[other]; other != n && (ran || facts.Marked) && facts.Adopted < l.m.Doubt.Position {
			settled = false
		}
		return nil
	})
}

// leaveFormer takes from an item the places that it kept from a former home: it
// can't be sent there any more, so its files are offered anew.
func (l ledger) leaveFormer(it *Item) error {
	prefix := itemKey(it.ID)
	err := l.inPages(bucketItemPlaces, prefix, func(k []byte) error {
		p, _, err := l.placeAt(k[len(prefix):])
		if err != nil || !p.former {
			return err
		}
		return l.leavePlace(it, k[len(prefix):])
	})
	if err == nil {
		it.Root, it.Rel, err = l.somePlace(*it)
	}
	return err
}

// note appends a line that is about no item, and applies it.
func (s *Store) note(ln line) error {
	ln.At = s.opts.Now()
	return s.write(func(l ledger) error {
		if err := s.append(l, ln); err != nil {
			return err
		}
		return l.record(ln)
	})
}

// facts are zero for a root that is not known.
func (l ledger) facts(root string) (rootFacts, error) {
	n, err := l.rootNumber(root, false)
	return l.m.Roots[n], err
}

func (l ledger) setFacts(n uint32, f rootFacts) {
	if l.m.Roots == nil {
		l.m.Roots = map[uint32]rootFacts{}
	}
	l.m.Roots[n] = f
}

// recordRoot applies a line that is about a root.
func (l ledger) recordRoot(ln line) error {
	n, err := l.rootNumber(ln.Root, true)
	if err != nil {
		return err
	}
	facts := l.m.Roots[n]
	if ln.Op == opMarked {
		facts.Marked = true
		l.setFacts(n, facts)
		return nil
	}
	if facts.Adopted, facts.Former = ln.Position, ln.Former; facts.Adopted == 0 {
		facts.Adopted = l.m.position()
	}
	l.setFacts(n, facts)
	if ln.Settled {
		l.m.Doubt = nil
	}
	if ln.Home == nil {
		return nil
	}
	_, known := l.m.Homes[n]
	if err := l.setHome(n, *ln.Home, true, ln.At); err != nil || known {
		return err
	}
	// A ledger that was rebuilt has lost where its items stood.
	return l.inPages(bucketItems, nil, func(k []byte) error { return l.standAgain(n, ln.Root, itemIDOf(k), ln.At) })
}

// rootHistory is what a journal that is written anew says of the roots.
func (l ledger) rootHistory() (lines []line, err error) {
	err = l.bucket(bucketRoots).ForEach(func(path, v []byte) error {
		n, facts := rootOf(v), l.m.Roots[rootOf(v)]
		if facts.Marked {
			lines = append(lines, line{Op: opMarked, Root: string(path)})
		}
		if facts.Adopted == 0 {
			return nil
		}
		ln := line{Op: opAdoption, Root: string(path), Former: facts.Former, Position: facts.Adopted}
		if home, ok := l.m.Homes[n]; ok {
			ln.Home = &home
		}
		lines = append(lines, ln)
		return nil
	})
	return lines, err
}

// formerHomes are all, but home itself, to which files of the root were sent,
// also while it was at a path that is not among roots any more.
func (l ledger) formerHomes(n uint32, roots []string, home Home) ([]Home, error) {
	homes := slices.Clone(l.m.Roots[n].Former)
	if was, ok := l.m.Homes[n]; ok { // what was forgotten tells no home any more
		was.Layout = ""
		homes = append(homes, was)
	}
	home.Layout = ""
	err := l.scan(bucketItems, nil, func(k []byte) error {
		it, err := l.item(itemIDOf(k))
		if err != nil || !it.passed() || it.Forgotten() {
			return err
		}
		number, err := l.rootNumber(it.Root, false)
		was := Home{Environment: it.Person.Environment, Relation: it.Person.Relation, Kind: it.Person.Kind}
		if (number == n || !slices.Contains(roots, it.Root)) && was != home && !slices.Contains(homes, was) {
			homes = append(homes, was)
		}
		return err
	})
	slices.SortFunc(homes, func(a, b Home) int {
		return cmp.Or(cmp.Compare(a.Environment, b.Environment), cmp.Compare(a.Relation, b.Relation), cmp.Compare(a.Kind, b.Kind))
	})
	return slices.DeleteFunc(slices.Compact(homes), func(h Home) bool { return h == home }), err
}

// passed tells of an item that Bloxs has, or may have.
func (it Item) passed() bool {
	return !it.SentAt.IsZero() || it.State == Sending || it.State == Held && it.Reason == Uncertain
}

// setHome makes home whom a root's files are for. Each file is offered anew
// under the new rule, but those that Bloxs has, or may have, stay what they
// are, and once adopted also to whom they went.
func (l ledger) setHome(n uint32, home Home, adopted bool, now time.Time) error {
	was, known := l.m.Homes[n]
	if known && was == home {
		return nil
	}
	if l.m.Homes == nil {
		l.m.Homes = map[uint32]Home{}
	}
	l.m.Homes[n] = home
	return l.inPages(bucketPlaces, folderKey(n, ""), func(k []byte) error { return l.stayOrLeave(k, adopted, now) })
}

func (l ledger) stayOrLeave(key []byte, adopted bool, now time.Time) error {
	var r placeRecord
	if ok, err := l.get(bucketPlaces, key, &r); err != nil || !ok {
		return err
	}
	it, err := l.item(itemIDOf(r.Item))
	if err != nil {
		return err
	}
	if !it.passed() && it.State != Skipped {
		return l.leave(it.ID, key, now)
	}
	r.Former = r.Former || adopted
	return l.put(bucketPlaces, key, r)
}

// standAgain gives an item that passed a gate its last place back, with a look
// that no file has: if the file is there, it is read again and stays its place.
func (l ledger) standAgain(n uint32, root string, id ItemID, now time.Time) error {
	it, err := l.item(id)
	if err != nil || it.Root != root || it.Places > 0 || !it.passed() {
		return err
	}
	key := placeKey(n, it.Rel)
	there, _, err := l.placeAt(key)
	if err != nil {
		return err
	}
	if there.Item != "" {
		other, err := l.item(there.Item)
		if err != nil || other.Changed.After(it.Changed) {
			return err
		}
		if err := l.leave(other.ID, key, now); err != nil {
			return err
		}
	}
	was := it
	if err := l.joinPlace(&it, key, placeRecord{Rel: it.Rel, Former: true, Seen: now.UnixNano()}); err != nil {
		return err
	}
	return l.putItem(was, it)
}

// inPages calls fn, which may change the bucket, for each key with the prefix.
func (l ledger) inPages(bucket, prefix []byte, fn func(key []byte) error) error {
	const pageSize = 1000
	for from := prefix; ; {
		var keys [][]byte
		err := l.scanFrom(bucket, prefix, from, func(k []byte) error {
			keys = append(keys, bytes.Clone(k))
			if len(keys) == pageSize {
				return errEnough
			}
			return nil
		})
		if err != nil {
			return err
		}
		for _, k := range keys {
			if err := fn(k); err != nil {
				return err
			}
		}
		if len(keys) < pageSize {
			return nil
		}
		from = append(keys[pageSize-1], 0)
	}
}

// sentBefore finds the item as which an offered content was sent, or may have
// been, under a former home of its root; "" where there is none.
func (l ledger) sentBefore(root uint32, there Place, o Offer) (ItemID, error) {
	if there.former {
		it, err := l.item(there.Item)
		if err != nil || it.passed() && it.SHA256 == o.SHA256 {
			return it.ID, err
		}
	}
	if len(l.m.Roots[root].Former) == 0 {
		return "", nil
	}
	now, err := l.item(newItemID([]byte(l.m.Salt), o.Person, o.SHA256))
	if err != nil || now.passed() {
		return "", err
	}
	for _, h := range l.m.Roots[root].Former {
		was := PersonKey{Environment: h.Environment, Relation: h.Relation, Kind: h.Kind, ID: o.Person.ID}
		it, err := l.item(newItemID([]byte(l.m.Salt), was, o.SHA256))
		if err != nil || it.passed() {
			return it.ID, err
		}
	}
	return "", nil
}
