package store

import (
	"bufio"
	"errors"
	"fmt"
	"os"

	"bloxdrop/internal/failpoint"
	"bloxdrop/internal/wholefile"
)

// A journal that is written anew lies beside the one in use until the ledger
// that it belongs to is committed: that moment decides which of the two counts,
// whenever a kill comes.
const nextName = journalName + ".next"

// nextJournal writes a whole journal from the ledger. It takes the other's
// place once the ledger is committed.
func (s *Store) nextJournal(l ledger) (end position, err error) {
	head := l.head(s.opts.Now())
	err = birth(s.path(nextName), func(f *os.File) error {
		end, err = writeHistory(l, head, bufio.NewWriter(f))
		return err
	})
	if err == nil {
		l.m.Applied, l.m.Base = end, head.Base
	}
	return end, err
}

// settleNext finishes or gives up what nextJournal began before a kill.
func (s *Store) settleNext() error {
	f, err := os.Open(s.path(nextName))
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	m, err := readMeta(s.path(ledgerName))
	if err != nil {
		return errors.Join(err, f.Close())
	}
	head, bad := readHead(f)
	counts := bad == nil && head.Ledger == m.Ledger && head.Base == m.Base && lineAt(f, m.Applied) == nil
	if err := f.Close(); err != nil {
		return err
	}
	if !counts {
		return s.removeNext()
	}
	s.opts.Log.Info("the journal that was written anew takes its place", "path", s.path(journalName))
	return s.takeNext()
}

// removeNext gives up what no commit has decided for.
func (s *Store) removeNext() (err error) {
	for _, name := range []string{nextName, nextName + Leftover} {
		if gone := os.Remove(s.path(name)); !errors.Is(gone, os.ErrNotExist) {
			err = errors.Join(err, gone)
		}
	}
	return err
}

func (s *Store) takeNext() error {
	failpoint.At("next journal rename")
	if err := wholefile.Rename(s.path(nextName), s.path(journalName)); err != nil {
		return err
	}
	failpoint.At("next journal renamed")
	return syncDir(s.opts.Dir)
}

// commitNext decides for the next journal. Where it fails, only a new start can
// tell whether it did.
func (s *Store) commitNext() error {
	failpoint.At("next journal commit")
	err := s.guarded(func(l ledger) error {
		if err := l.saveMeta(); err != nil {
			return err
		}
		return l.tx.Commit()
	})
	if err != nil {
		return s.reopen(err)
	}
	s.drop()
	return nil
}

// switchJournal goes over to the next journal while the store is in use, behind
// the commit that decided it. Where that fails, only a new start can settle it.
func (s *Store) switchJournal(end position) error {
	if err := s.journal.close(); err != nil {
		return s.reopen(err)
	}
	if err := s.takeNext(); err != nil {
		return s.reopen(err)
	}
	f, err := os.OpenFile(s.path(journalName), os.O_RDWR, 0o600)
	if err != nil {
		return s.reopen(err)
	}
	s.journal.turnTo(f, end)
	return s.begin()
}

// reopen lets nothing more be written until the store has been opened anew.
func (s *Store) reopen(err error) error {
	err = fmt.Errorf("the store has to be opened anew: %w", err)
	if s.broken == nil {
		close(s.damaged)
	}
	s.broken = err
	return err
}
