package store

import (
	"bytes"
	"errors"
	"fmt"
	"os"

	bolt "go.etcd.io/bbolt"
	berrors "go.etcd.io/bbolt/errors"
)

// What each schema brought:
//
//	1: items, places, persons, look-ups, roots
//	2: baselines, adoptions, what follows an upload, a position that only grows
//	3: receipts by hour and by file ID
//
// bucketsOf1 are the buckets that a ledger of any schema has.
func bucketsOf1() [][]byte {
	return [][]byte{bucketMeta, bucketItems, bucketPlaces, bucketItemPlaces, bucketPersons,
		bucketPersonItems, bucketOrder, bucketLookUps, bucketRoots}
}

// migrate brings a ledger of a former schema up to this one. The last
// transaction makes it so; what comes before it a former version doesn't see,
// and begins anew after a kill. The ledger as it was is kept
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
	if err := listReceipts(db, m); err != nil {
		return fmt.Errorf("list the receipts of the ledger for schema %d: %w", schemaVersion, err)
	}
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

// listReceipts fills the buckets that came with schema 3, a part at a time.
func listReceipts(db *bolt.DB, m meta) error {
	err := guardedUpdate(db, func(tx *bolt.Tx) error {
		for _, name := range [][]byte{bucketHours, bucketFileIDs} {
			if err := tx.DeleteBucket(name); err != nil && !errors.Is(err, berrors.ErrBucketNotFound) {
				return err
			}
			if _, err := tx.CreateBucket(name); err != nil {
				return err
			}
		}
		return nil
	})
	for from := []byte{}; err == nil && from != nil; {
		err = guardedUpdate(db, func(tx *bolt.Tx) error {
			l, n := ledger{tx: tx, m: &m}, 0
			part := from
			from = nil
			return l.scanFrom(bucketItems, nil, part, func(k []byte) error {
				if n++; n > commitAfter {
					from = bytes.Clone(k)
					return errEnough
				}
				it, err := l.item(itemIDOf(k))
				if err != nil {
					return err
				}
				return l.indexReceipt(Item{}, it)
			})
		})
	}
	return err
}
