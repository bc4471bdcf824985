package store

import (
	"fmt"
	"os"

	bolt "go.etcd.io/bbolt"
)

// What each schema brought:
//
//	1: items, places, persons, look-ups, roots
//	2: baselines, adoptions, what follows an upload, a position that only grows
//
// bucketsOf1 are the buckets that a ledger of any schema has.
func bucketsOf1() [][]byte {
	return [][]byte{bucketMeta, bucketItems, bucketPlaces, bucketItemPlaces, bucketPersons,
		bucketPersonItems, bucketOrder, bucketLookUps, bucketRoots}
}

// migrate brings a ledger of a former schema up to this one, in one
// transaction: a kill leaves the one or the other. The ledger as it was is kept
// beside it, since the version that wrote it can't read the new one.
func (s *Store) migrate() error {
	db, err := openLedger(s.path(ledgerName))
	if err != nil {
		return err
	}
	defer db.Close()
	var m meta
	err = guardedView(db, func(tx *bolt.Tx) error {
		m, err = metaOf(tx)
		return err
	})
	if err != nil || m.Schema >= schemaVersion {
		return err
	}
	kept := fmt.Sprintf("%s.schema-%d", s.path(ledgerName), m.Schema)
	err = guardedView(db, func(tx *bolt.Tx) error {
		return birth(kept, func(f *os.File) error {
			_, err := tx.WriteTo(f)
			return err
		})
	})
	if err != nil {
		return fmt.Errorf("keep the ledger as it was before it is brought up to schema %d: %w", schemaVersion, err)
	}
	was := m.Schema
	err = guardedUpdate(db, func(tx *bolt.Tx) error {
		for _, name := range buckets() {
			if _, err := tx.CreateBucketIfNotExists(name); err != nil {
				return err
			}
		}
		m.Schema = schemaVersion
		return ledger{tx: tx, m: &m}.saveMeta()
	})
	if err != nil {
		return fmt.Errorf("bring the ledger up to schema %d: %w", schemaVersion, err)
	}
	s.opts.Log.Info("the ledger was brought up to date", "path", s.path(ledgerName), "was", was, "is", schemaVersion, "kept", kept)
	return nil
}
