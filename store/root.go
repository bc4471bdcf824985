package store

import (
	"fmt"
	"slices"
)

// Home is whom the files of a root are sent to, and by what rule.
type Home struct {
	Environment string `cbor:"1,keyasint" json:"environment"`
	Relation    string `cbor:"2,keyasint" json:"relation"`
	Kind        string `cbor:"3,keyasint" json:"kind"`
	Layout      string `cbor:"4,keyasint" json:"layout,omitempty"`
}

// MovedError says that files of a root were sent under another address,
// relation, kind of identifier or layout than it has now. Nobody can tell
// whether the same files would be sent again, so a person has to adopt the root.
type MovedError struct {
	Root     string
	Was, Now Home

	// Where only the layout has changed: a file that was sent to one person and
	// would be sent to another now.
	Rel, Person, NowPerson string
}

func (e *MovedError) Error() string {
	if e.Rel != "" {
		said := fmt.Sprintf("%s in it was sent to person %s, and the layout %q gives it to person %s", e.Rel, e.Person, e.Now.Layout, e.NowPerson)
		if e.Was.Layout != "" {
			said += fmt.Sprintf("; the layout was %q", e.Was.Layout)
		}
		return said
	}
	return fmt.Sprintf("files of it were sent to the %s of %s by their %s, and now the config says the %s of %s by their %s",
		e.Was.Relation, e.Was.Environment, e.Was.Kind, e.Now.Relation, e.Now.Environment, e.Now.Kind)
}

// PersonOf tells whose a path is by a root's layout, if anybody's.
type PersonOf func(rel string) (id string, ok bool)

// Moved returns a *MovedError where SetHome would.
func (s *Store) Moved(root string, home Home, personOf PersonOf) error {
	return s.read(func(l ledger) error {
		n, err := l.rootNumber(root, false)
		if err != nil {
			return err
		}
		return l.unmoved(n, root, home, personOf)
	})
}

// MovedFrom returns a *MovedError where files of a root that was at a former
// path went to others than home, also such as it was adopted with there: what the
// root remembers of that, it remembers by its path.
func (s *Store) MovedFrom(former string, home Home, personOf PersonOf) error {
	return s.read(func(l ledger) error {
		n, err := l.rootNumber(former, false)
		if err == nil {
			err = l.noneSentElsewhere(former, home)
		}
		if err != nil {
			return err
		}
		return l.noneSentToOthers(n, &MovedError{Root: former, Was: l.m.Homes[n], Now: home}, personOf)
	})
}

// SetHome notes whom a root's files are for. Where that has changed, each file
// is offered anew by the next rescan; *MovedError where a file was sent already
// and it can't be told what that means.
func (s *Store) SetHome(root string, home Home, personOf PersonOf) error {
	now := s.opts.Now()
	return s.writeThrough(func(l ledger) error {
		n, err := l.rootNumber(root, true)
		if err != nil {
			return err
		}
		if err := l.unmoved(n, root, home, personOf); err != nil {
			return err
		}
		return l.setHome(n, home, false, now)
	})
}

// unmoved tells whether files of a root were sent to others than home.
func (l ledger) unmoved(n uint32, root string, home Home, personOf PersonOf) error {
	was, known := l.m.Homes[n]
	if was == home {
		return nil
	}
	if samePersons := (Home{was.Environment, was.Relation, was.Kind, home.Layout}) == home; !known || !samePersons {
		if err := l.noneSentElsewhere(root, home); err != nil { // also where it isn't known, in a ledger that was rebuilt
			return err
		}
	}
	return l.noneSentToOthers(n, &MovedError{Root: root, Was: was, Now: home}, personOf)
}

// noneSentElsewhere looks for an item of the root that passed a gate under
// another address, relation or kind of identifier.
func (l ledger) noneSentElsewhere(root string, now Home) error {
	return l.scan(bucketItems, nil, func(k []byte) error {
		it, err := l.item(itemIDOf(k))
		if err != nil || it.Root != root || it.State != Sent && it.State != Sending && it.Uncertain == 0 {
			return err
		}
		p := it.Person
		if p.Environment == now.Environment && p.Relation == now.Relation && p.Kind == now.Kind {
			return nil
		}
		return &MovedError{Root: root, Was: Home{Environment: p.Environment, Relation: p.Relation, Kind: p.Kind}, Now: now}
	})
}

// noneSentToOthers looks for a file that was sent to another person than the
// new layout gives it to. A file that is gone tells of the layout, too, and so
// does one that a former change was adopted with.
func (l ledger) noneSentToOthers(root uint32, otherwise *MovedError, personOf PersonOf) error {
	now := otherwise.Now
	look := func(it Item, rel string) error {
		p := it.Person
		if it.State != Sent && it.State != Sending && it.Uncertain == 0 || it.Forgotten() || p.Environment != now.Environment || p.Relation != now.Relation || p.Kind != now.Kind {
			return nil
		}
		if id, ok := personOf(rel); ok && id != p.ID {
			otherwise.Rel, otherwise.Person, otherwise.NowPerson = rel, p.ID, id
			return otherwise
		}
		return nil
	}
	err := l.scan(bucketPlaces, folderKey(root, ""), func(k []byte) error {
		p, _, err := l.placeAt(k)
		if err != nil {
			return err
		}
		it, err := l.item(p.Item)
		if err != nil {
			return err
		}
		return look(it, p.Rel)
	})
	if err != nil {
		return err
	}
	return l.scan(bucketItems, nil, func(k []byte) error {
		it, err := l.item(itemIDOf(k))
		if err != nil || it.Root != otherwise.Root {
			return err
		}
		return look(it, it.Rel)
	})
}

// KeepRoots forgets the places in all roots but these, and says in how many:
// what waits there is withdrawn until its root is watched again.
func (s *Store) KeepRoots(paths []string) (n int, err error) {
	now := s.opts.Now()
	err = s.writeThrough(func(l ledger) error {
		var others []uint32
		err := l.bucket(bucketRoots).ForEach(func(path, v []byte) error {
			if num := rootOf(v); l.m.Places[num] > 0 && !slices.Contains(paths, string(path)) {
				others = append(others, num)
				n += l.m.Places[num]
			}
			return nil
		})
		for _, num := range others {
			if err == nil {
				err = l.leaveBelow(num, "", now)
			}
		}
		return err
	})
	return n, err
}
