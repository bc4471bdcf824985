package store

import (
	"errors"
	"testing"

	bolt "go.etcd.io/bbolt"
)

// metaCantBeSaved lets saveMeta fail in a transaction, and nothing else.
func metaCantBeSaved(tx *bolt.Tx) error {
	b := tx.Bucket(bucketMeta)
	if err := b.Delete(keyMeta); err != nil {
		return err
	}
	_, err := b.CreateBucket(keyMeta)
	return err
}

// TestNoCommitWithoutItsMeta: records whose counts and position could not be
// written down are not committed either.
func TestNoCommitWithoutItsMeta(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.offer(offer("1", "1/a", "a"))
	b.close()
	db, err := openLedger(b.file(ledgerName))
	b.must(err)
	steps := &batches{db: db, m: &meta{}}
	err = steps.do(func(l ledger) error { return metaCantBeSaved(l.tx) })
	if err = steps.end(err); err == nil {
		t.Error("a batch counts as written without its meta")
	}
	b.must(db.Close())
	b.open()
	b.is("1/a", Waiting, "")

	b.mu.Lock()
	err = errors.Join(b.attempt(func(l ledger) error { return metaCantBeSaved(l.tx) }), b.commitNext())
	b.mu.Unlock()
	if err == nil {
		t.Error("a next journal counts as decided for without its meta")
	}
	_ = b.Close() // it says that the store has to be opened anew
	b.open()
	b.is("1/a", Waiting, "")
}
