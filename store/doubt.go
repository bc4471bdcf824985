package store

import "time"

// Doubt says why this ledger may lack something that was sent: it came from a
// backup, or what was damaged is lost. Roots wait for a person's word then.
type Doubt struct {
	Cause    string    `cbor:"1,keyasint"`
	Since    time.Time `cbor:"2,keyasint"` // to the second
	Position uint64    `cbor:"3,keyasint"` // of its own line: what came later was said in full knowledge of it
	// Known is the position up to which nothing is missing; 0: there is none.
	// A root that was last touched at this very one holds nothing that this
	// ledger doesn't know.
	Known uint64 `cbor:"4,keyasint,omitempty"`
}

// Doubt notes, durably, that this ledger may lack what came after known. Every
// position from here on is higher than above, so that no root takes what came
// after this for what it saw before.
func (s *Store) Doubt(cause string, known, above uint64) error {
	return s.write(func(l ledger) error {
		ln := line{Op: opDoubt, At: s.opts.Now(), Cause: cause, Known: known}
		if next := l.m.position() + 1; next <= above {
			ln.Base = l.m.Base + above + 1 - next
		}
		if err := s.append(l, ln); err != nil {
			return err
		}
		return l.record(ln)
	})
}

// Doubted returns the last doubt, nil where there never was one.
func (s *Store) Doubted() (d *Doubt, err error) {
	err = s.read(func(l ledger) error {
		if l.m.Doubt != nil {
			copied := *l.m.Doubt
			d = &copied
		}
		return nil
	})
	return d, err
}

// doubt applies the line that the ledger has just come to. One that is written
// anew carries the position that it had first.
func (l ledger) doubt(ln line) {
	if ln.Base != 0 {
		l.m.Base = ln.Base
	}
	d := Doubt{Cause: ln.Cause, Since: ln.At, Known: ln.Known, Position: ln.Position}
	if d.Position == 0 {
		d.Position = l.m.position()
	}
	if l.m.Doubt != nil {
		d.Known = min(d.Known, l.m.Doubt.Known) // nobody may have answered the former one
	}
	l.m.Doubt = &d
}

func (d Doubt) line() line {
	return line{Op: opDoubt, Cause: d.Cause, Known: d.Known, Position: d.Position}
}
