package store

import (
	"bytes"
	"encoding/binary"
	"os"
	"testing"

	bolt "go.etcd.io/bbolt"
)

func (b *bench) ledgerSize() int64 {
	b.t.Helper()
	fi, err := os.Stat(b.file(ledgerName))
	b.must(err)
	return fi.Size()
}

// TestCompaction makes a ledger smaller at the start when it pays, and loses nothing.
func TestCompaction(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.offer(offer("1", "1/a", "a"), offer("1", "1/b", "b"))
	b.send("1/a", 5)
	b.close()
	filled := func(mib int, keep bool) {
		t.Helper()
		b.alter(func(tx *bolt.Tx) error {
			past, err := tx.CreateBucketIfNotExists([]byte("past years"))
			b.must(err)
			for i := range mib {
				b.must(past.Put(binary.BigEndian.AppendUint32(nil, uint32(i)), bytes.Repeat([]byte{1}, 1<<20)))
			}
			return nil
		})
		if !keep {
			b.alter(func(tx *bolt.Tx) error { return tx.DeleteBucket([]byte("past years")) })
		}
	}
	reopened := func() int64 {
		t.Helper()
		b.open()
		b.is("1/a", Sent, "")
		b.is("1/b", Waiting, "")
		b.close()
		return b.ledgerSize()
	}
	filled(24, true)
	if n := reopened(); n < 24<<20 {
		t.Errorf("what is in use has shrunk to %d bytes", n)
	}
	filled(0, false)
	before := b.ledgerSize()
	if n := reopened(); n > 1<<20 {
		t.Errorf("%d bytes, nearly all of them free, were made %d", before, n)
	}
	filled(8, false)
	before = b.ledgerSize()
	if n := reopened(); n != before {
		t.Errorf("it did not pay, and %d bytes were made %d", before, n)
	}
}
