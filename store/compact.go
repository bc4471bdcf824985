package store

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"

	bolt "go.etcd.io/bbolt"
)

// compactLedger writes the ledger at path anew without its free pages, which
// bbolt never gives back and never clears. A kill leaves the one or the other.
func compactLedger(path string) error {
	temp := path + ".new"
	if err := os.Remove(temp); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	from, err := openLedger(path)
	if err != nil {
		return err
	}
	to, err := openLedger(temp)
	if err != nil {
		return errors.Join(err, from.Close())
	}
	to.NoSync = true // once at the end is enough
	err = guard(func() error { return bolt.Compact(to, from, compactAtOnce) })
	if err == nil {
		err = to.Sync()
	}
	if err := errors.Join(err, to.Close(), from.Close()); err != nil {
		return errors.Join(fmt.Errorf("compact %s: %w", path, err), os.Remove(temp))
	}
	if err := os.Rename(temp, path); err != nil {
		return err
	}
	return syncDir(filepath.Dir(path))
}

const compactAtOnce = 1 << 20 // bytes in one transaction

// compact does so with the ledger that is in use. Nothing is written meanwhile.
func (s *Store) compact() error {
	if err := s.commit(); err != nil {
		return err
	}
	s.drop()
	if err := s.db.Load().Close(); err != nil {
		return errors.Join(err, s.rollback())
	}
	err := compactLedger(s.path(ledgerName))
	return errors.Join(err, s.rollback()) // which opens it again
}
