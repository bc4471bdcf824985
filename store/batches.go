package store

import (
	"errors"

	bolt "go.etcd.io/bbolt"
)

// batches applies many steps to a ledger that nobody else has open, in bounded
// transactions.
type batches struct {
	db *bolt.DB
	m  *meta
	tx *bolt.Tx
	n  int
}

func (b *batches) do(fn func(l ledger) error) (err error) {
	if b.tx == nil {
		if b.tx, err = b.db.Begin(true); err != nil {
			return err
		}
	}
	if err := fn(ledger{tx: b.tx, m: b.m}); err != nil {
		return err
	}
	if b.n++; b.n%commitAfter != 0 {
		return nil
	}
	return b.commit()
}

func (b *batches) commit() error {
	if b.tx == nil {
		return nil
	}
	tx := b.tx
	b.tx = nil
	if err := (ledger{tx: tx, m: b.m}).saveMeta(); err != nil {
		return errors.Join(err, tx.Rollback())
	}
	return tx.Commit()
}

// end commits what is left, or forgets it after an error.
func (b *batches) end(err error) error {
	if err == nil {
		return b.commit()
	}
	if b.tx != nil {
		err = errors.Join(err, b.tx.Rollback())
		b.tx = nil
	}
	return err
}
