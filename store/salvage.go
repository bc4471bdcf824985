package store

import (
	"encoding/hex"
	"errors"
	"os"

	bolt "go.etcd.io/bbolt"
)

// merge takes of two things that are said of one item the safer: that Bloxs has
// it; else the later, since neither source is behind the other in everything.
func (l ledger) merge(c Item) error {
	was, err := l.item(c.ID)
	if err != nil {
		return err
	}
	is := was
	switch {
	case was.ID == "":
		is = c
		is.Places = 0
	case was.State == Sent && (was.FileID != 0 || c.FileID == 0):
		return nil
	case c.State == Sent, c.Changed.After(was.Changed), c.Changed.Equal(was.Changed) && c.passed():
		is.State, is.Reason, is.Detail, is.TraceID = c.State, c.Reason, c.Detail, c.TraceID
		is.FileID, is.SentAt, is.Attempts, is.Uncertain, is.Changed = c.FileID, c.SentAt, c.Attempts, c.Uncertain, c.Changed
	default:
		return nil
	}
	open := is.State == Waiting || is.State == Withdrawn || is.State == Held && is.Reason != Uncertain
	switch {
	case open && is.Places == 0:
		is = withdrawn(is, is.Changed)
	case open && is.State != Held:
		if is, err = l.waiting(is, is.Changed, is.Changed); err != nil {
			return err
		}
	}
	return l.putItem(was, is)
}

// adoptOrphan applies the last line of an item of which no whole line says what
// it is. If the ledger doesn't know it either, only its receipt is kept.
func (l ledger) adoptOrphan(ln line, r *Repaired) error {
	was, err := l.item(ln.Item)
	if err != nil {
		return err
	}
	if was.ID != "" {
		is, err := l.applied(was, ln)
		if err != nil {
			return err
		}
		return l.merge(is)
	}
	if ln.FileID == 0 {
		return nil
	}
	r.Nameless = append(r.Nameless, ln.FileID)
	return l.record(line{Op: opForgotten, Item: ln.Item, FileID: ln.FileID, At: ln.At})
}

// fromJournal makes a ledger from every whole line, also behind damage. It
// returns the last line of each item of which no line says what it is.
func (s *Store) fromJournal(head line, path string, r *Repaired) (orphans map[ItemID]line, err error) {
	orphans = map[ItemID]line{}
	f, err := os.Open(path)
	if errors.Is(err, os.ErrNotExist) {
		return orphans, s.begetLedger(head, position{}, nil, func() error { return nil })
	}
	if err != nil {
		return nil, err
	}
	defer f.Close()
	ours := map[ItemID]ItemID{} // only where the salt that made them is lost
	fill := func(db *bolt.DB, m *meta) error {
		b := &batches{db: db, m: m}
		return b.end(eachSoundLine(f, func(ln line) error {
			if err := known(ln.Op); err != nil {
				return err
			}
			r.Lines++
			return b.do(func(l ledger) error {
				if ln.Op == opLedger {
					return nil // whose this is has been decided
				}
				rename(&ln, m.Salt, ours)
				l.m.Applied = position{Seq: max(l.m.Applied.Seq, ln.Seq)}
				err := l.record(ln)
				if !errors.Is(err, errLine) {
					return err
				}
				if ln.Item != "" {
					orphans[ln.Item] = ln
				}
				return nil
			})
		}))
	}
	if err := s.begetLedger(head, position{}, fill, func() error { return nil }); err != nil {
		return nil, err
	}
	sound, err := soundBytes(f)
	if fi, statErr := f.Stat(); err == nil && statErr == nil {
		r.LostBytes = fi.Size() - sound
	}
	return orphans, err
}

// rename gives a line's item the ID that it has under this salt.
func rename(ln *line, salt string, ours map[ItemID]ItemID) {
	digest, err := hex.DecodeString(ln.SHA256)
	if ln.Person != nil && err == nil && len(digest) == len(Digest{}) {
		if id := newItemID([]byte(salt), *ln.Person, Digest(digest)); id != ln.Item {
			ours[ln.Item] = id
		}
	}
	if id, ok := ours[ln.Item]; ok {
		ln.Item = id
	}
}

// laterFacts applies the lines behind the ledger's position that are about no
// item: adoptions, baselines, pauses.
func laterFacts(b *batches, path string, m meta) error {
	f, err := os.Open(path)
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	defer f.Close()
	base, same := m.Base, true
	return eachSoundLine(f, func(ln line) error {
		if ln.Op == opLedger {
			base, same = ln.Base, ln.Ledger == m.Ledger
		}
		if !same || isStep(ln.Op) || ln.Op == opLedger || base+ln.Seq <= m.Base+m.Applied.Seq {
			return nil
		}
		return b.do(func(l ledger) error {
			l.m.Applied.Seq = ln.Seq
			if err := l.record(ln); !errors.Is(err, errLine) {
				return err
			}
			return nil
		})
	})
}

// eachKept calls fn for every item of a ledger that nobody has open.
func (s *Store) eachKept(fn func(Item) error) error {
	db, err := openLedger(s.path(ledgerName))
	if err != nil {
		return err
	}
	err = guardedView(db, func(tx *bolt.Tx) error {
		l := ledger{tx: tx}
		return l.scan(bucketItems, nil, func(k []byte) error {
			it, err := l.item(itemIDOf(k))
			if err != nil {
				return err
			}
			return fn(it)
		})
	})
	return errors.Join(err, db.Close())
}

func metaIn(db *bolt.DB) (m meta, err error) {
	err = guardedView(db, func(tx *bolt.Tx) error {
		m, err = metaOf(tx)
		return err
	})
	return m, err
}

func copyLedger(from, to string) error {
	db, err := openLedger(from)
	if err != nil {
		return err
	}
	err = guardedView(db, func(tx *bolt.Tx) error {
		return birth(to, func(f *os.File) error {
			_, err := tx.WriteTo(f)
			return err
		})
	})
	return errors.Join(err, db.Close())
}

func headOf(path string) (line, error) {
	f, err := os.Open(path)
	if err != nil {
		return line{}, err
	}
	defer f.Close()
	return readHead(f)
}

// pagesMeta is the newest meta that the pages show, with the roots' numbers.
type pagesMeta struct {
	meta
	roots map[uint32]string
}

// metaInPages finds the newest meta record among the pages of a damaged ledger.
func metaInPages(f *os.File) (p pagesMeta, err error) {
	p.roots = map[uint32]string{}
	fi, err := f.Stat()
	if err != nil {
		return p, err
	}
	err = eachEntry(f, fi.Size(), func(k, v []byte) error {
		var m meta
		switch {
		case string(k) == string(keyMeta) && decode(v, &m) == nil:
			if m.Schema > schemaVersion {
				return ErrNewer
			}
			if p.Ledger == "" || m.Base+m.Applied.Seq >= p.Base+p.Applied.Seq {
				p.meta = m
			}
		case len(v) == 8 && string(rootValue(rootOf(v), k)) == string(v):
			p.roots[rootOf(v)] = string(k)
		}
		return nil
	})
	return p, err
}

// into takes over what is known of the roots, and a pause by hand.
func (p pagesMeta) into(l ledger) error {
	for was, path := range p.roots {
		n, err := l.rootNumber(path, true)
		if err != nil {
			return err
		}
		if home, ok := p.Homes[was]; ok && l.m.Homes[n] == (Home{}) {
			if l.m.Homes == nil {
				l.m.Homes = map[uint32]Home{}
			}
			l.m.Homes[n] = home
		}
		facts, theirs := l.m.Roots[n], p.Roots[was]
		facts.Marked = facts.Marked || theirs.Marked
		facts.Former = append(facts.Former, theirs.Former...)
		l.setFacts(n, facts)
	}
	if l.m.Paused == 0 {
		l.m.Paused = p.Paused
	}
	return nil
}

// itemsInPages calls fn for every whole item record, of every age, that the
// pages of a damaged ledger show.
func itemsInPages(f *os.File, fn func(Item) error) error {
	fi, err := f.Stat()
	if err != nil {
		return err
	}
	return eachEntry(f, fi.Size(), func(k, v []byte) error {
		var r itemRecord
		if len(k) != itemKeyLen || decode(v, &r) != nil || r.State == "" || len(r.SHA256) != len(Digest{}) || r.Base != "" {
			return nil
		}
		return fn(r.item(itemIDOf(k)))
	})
}
