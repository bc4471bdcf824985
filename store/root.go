package store

import "fmt"

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
}

func (e *MovedError) Error() string {
	return fmt.Sprintf("files of %s were sent to the %s of %s by their %s, and now it says the %s of %s by their %s: "+
		"the same files could be sent a second time; put the former setting back, or begin with a new store.dir, which sends everything that is in the root",
		e.Root, e.Was.Relation, e.Was.Environment, e.Was.Kind, e.Now.Relation, e.Now.Environment, e.Now.Kind)
}

// SetHome notes whom a root's files are for. Where that has changed, its
// places are forgotten, so that the next rescan offers each file anew under
// the new rule; *MovedError where a file was sent already and it can't be told
// what that means.
func (s *Store) SetHome(root string, home Home) error {
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
		if known && !samePersons {
			if err := l.nothingSent(n, &MovedError{Root: root, Was: was, Now: home}); err != nil {
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

// nothingSent returns otherwise where a file of the root ever passed a gate.
func (l ledger) nothingSent(root uint32, otherwise error) error {
	return l.scan(bucketPlaces, folderKey(root, ""), func(k []byte) error {
		p, _, err := l.placeAt(k)
		if err != nil {
			return err
		}
		it, err := l.item(p.Item)
		if err == nil && (it.State == Sent || it.State == Sending || it.Uncertain > 0) {
			err = otherwise
		}
		return err
	})
}
