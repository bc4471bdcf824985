package store

import (
	"errors"
	"os"
	"path/filepath"
	"time"
)

// What the model test, which stands outside since the model imports this
// package, needs to see.

// Names of the two files.
const (
	LedgerName  = ledgerName
	JournalName = journalName
)

// Beget makes a store whose items have the same IDs in every run: a journal with
// this salt, of which the first start makes the ledger.
func Beget(dir, salt string, at time.Time) error {
	b, err := encodeLine(line{Seq: 1, At: at, Op: opLedger, Ledger: "the-ledger", Salt: salt})
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(dir, journalName), b, 0o600)
}

// Kill ends a store as a kill does: what is not written is lost.
func (s *Store) Kill() error {
	close(s.stop)
	<-s.stopped
	s.mu.Lock()
	defer s.mu.Unlock()
	s.drop()
	return errors.Join(s.db.Load().Close(), s.journal.close(), s.lock.Unlock())
}

// Ways are those of TestWaysAreDrawn.
func Ways() map[State][]State { return ways() }

// Recount gives the faults that adding up everything anew finds.
func (s *Store) Recount() ([]string, error) { return recount(s) }

// Shown is all of an item that shows outside.
func (it Item) Shown() Item {
	it.turn = 0
	for _, t := range []*time.Time{&it.Due, &it.FirstSeen, &it.Changed, &it.SentAt} {
		*t = t.UTC()
	}
	return it
}

// Shown is all of a place that shows outside.
func (p Place) Shown() Place {
	p.former = false
	return p
}
