package store

import (
	"encoding/hex"
	"fmt"
	"slices"
)

// Home is whom the files of a root are sent to, and by what rule.
type Home struct {
	Environment string `cbor:"1,keyasint"`
	Relation    string `cbor:"2,keyasint"`
	Kind        string `cbor:"3,keyasint"`
	Layout      string `cbor:"4,keyasint"`
}

// MovedError says that files of a root were sent under another address,
// relation or kind of identifier than it has now. Nobody can tell whether the
// same files would be sent again.
type MovedError struct {
	Root     string
	Was, Now Home

	// Where only the layout has changed: a file that was sent to one person and
	// would be sent to another now.
	Rel, Person, NowPerson string
}

func (e *MovedError) Error() string {
	if e.Rel != "" {
		return fmt.Sprintf("%s in %s was sent to person %s, and the layout %q gives it to person %s, to whom it would be sent as well, perhaps with many others; "+
			"put the former layout %q back, or move what was sent out of the root first", e.Rel, e.Root, e.Person, e.Now.Layout, e.NowPerson, e.Was.Layout)
	}
	return fmt.Sprintf("files of %s were sent to the %s of %s by their %s, and now it says the %s of %s by their %s: "+
		"the same files could be sent a second time; put the former setting back, or begin with a new store.dir, which sends everything that is in the root",
		e.Root, e.Was.Relation, e.Was.Environment, e.Was.Kind, e.Now.Relation, e.Now.Environment, e.Now.Kind)
}

// SetHome notes whom a root's files are for. Where that has changed, its
// places are forgotten, so that the next rescan offers each file anew under
// the new rule; *MovedError where a file was sent already and it can't be told
// what that means. personOf tells whose a path is by the new layout, if anybody's.
func (s *Store) SetHome(root string, home Home, personOf func(rel string) (id string, ok bool)) error {
	now := s.opts.Now()
	return s.writeThrough(func(l ledger) error {
		n, err := l.rootNumber(root, true)
		if err != nil {
			return err
		}
		was, known := l.m.Homes[n]
		if was == home {
			return nil
		}
		samePersons := Home{was.Environment, was.Relation, was.Kind, home.Layout} == home
		if !samePersons { // also where it isn't known, in a ledger that was rebuilt
			if err := l.noneSentElsewhere(root, home); err != nil {
				return err
			}
		}
		if known && samePersons {
			if err := l.noneSentToOthers(n, &MovedError{Root: root, Was: was, Now: home}, personOf); err != nil {
				return err
			}
		}
		if l.m.Homes == nil {
			l.m.Homes = map[uint32]Home{}
		}
		l.m.Homes[n] = home
		if !known {
			return nil
		}
		return l.leaveBelow(n, "", now)
	})
}

// noneSentElsewhere looks for an item of the root that passed a gate under
// another address, relation or kind of identifier.
func (l ledger) noneSentElsewhere(root string, now Home) error {
	return l.scan(bucketItems, nil, func(k []byte) error {
		it, err := l.item(ItemID(hex.EncodeToString(k)))
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
// new layout gives it to.
func (l ledger) noneSentToOthers(root uint32, otherwise *MovedError, personOf func(rel string) (string, bool)) error {
	return l.scan(bucketPlaces, folderKey(root, ""), func(k []byte) error {
		p, _, err := l.placeAt(k)
		if err != nil {
			return err
		}
		it, err := l.item(p.Item)
		if err != nil || it.State != Sent && it.State != Sending && it.Uncertain == 0 {
			return err
		}
		if id, ok := personOf(p.Rel); ok && id != it.Person.ID {
			otherwise.Rel, otherwise.Person, otherwise.NowPerson = p.Rel, it.Person.ID, id
			return otherwise
		}
		return nil
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
