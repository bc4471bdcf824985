package store

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"

	bolt "go.etcd.io/bbolt"

	"bloxdrop/internal/failpoint"
	"bloxdrop/internal/wholefile"
)

// compactLedger writes the ledger at path anew without its free pages, which
// bbolt never gives back and never clears. A kill leaves the one or the other.
func compactLedger(path string) error {
	temp := path + Leftover
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
	failpoint.At("compacted ledger rename")
	if err := wholefile.Rename(temp, path); err != nil {
		return err
	}
	failpoint.At("compacted ledger renamed")
	return syncDir(filepath.Dir(path))
}

const compactAtOnce = 1 << 20 // bytes in one transaction

// bbolt never makes a file smaller. Below so many free bytes that does no harm.
const freeAtMost = 16 << 20

// compactIfItPays makes a ledger smaller of which more than half is free pages.
func (s *Store) compactIfItPays() error {
	fi, err := os.Stat(s.path(ledgerName))
	if err != nil || fi.Size() < freeAtMost {
		return err
	}
	if err := s.commit(); err != nil { // which lets bbolt count
		return err
	}
	db := s.db.Load()
	free := int64(db.Stats().FreePageN) * int64(db.Info().PageSize)
	if free < freeAtMost || free < fi.Size()/2 {
		return nil
	}
	s.opts.Log.Info("more than half of the ledger is free: it is made smaller", "path", s.path(ledgerName), "bytes", fi.Size(), "free", free)
	return s.compact()
}

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
