package store

import (
	"encoding/binary"
	"encoding/hex"
	"errors"
	"time"
)

// What the page asks of receipts, however many there are: how many came in each
// hour, and which item has a file ID. Neither tells of anybody, so both stay
// with the receipt of what is forgotten.

// Hour is how many items count as sent within the hour that begins at At.
type Hour struct {
	At    time.Time
	Files int
}

type hourRecord struct {
	Files int `cbor:"1,keyasint"`
}

func hourKey(t time.Time) []byte {
	return binary.BigEndian.AppendUint64(nil, uint64(max(t.Unix(), 0)/3600))
}

// countReceipt adds n to the hour in which the item was sent, if it is.
func (l ledger) countReceipt(it Item, n int) error {
	if it.State != Sent || it.SentAt.IsZero() {
		return nil
	}
	key := hourKey(it.SentAt)
	var r hourRecord
	if _, err := l.get(bucketHours, key, &r); err != nil {
		return err
	}
	if r.Files += n; r.Files == 0 {
		return l.bucket(bucketHours).Delete(key)
	}
	return l.put(bucketHours, key, r)
}

func fileIDKey(it Item) []byte {
	return append(binary.BigEndian.AppendUint64(nil, uint64(it.FileID)), itemKey(it.ID)...)
}

// indexReceipt keeps hours and file IDs in step with an item that changes.
func (l ledger) indexReceipt(was, is Item) error {
	if was.State != is.State || !was.SentAt.Equal(is.SentAt) {
		if err := l.countReceipt(was, -1); err != nil {
			return err
		}
		if err := l.countReceipt(is, 1); err != nil {
			return err
		}
	}
	if was.FileID == is.FileID && was.ID == is.ID {
		return nil
	}
	if was.FileID != 0 {
		if err := l.bucket(bucketFileIDs).Delete(fileIDKey(was)); err != nil {
			return err
		}
	}
	if is.FileID != 0 {
		return l.bucket(bucketFileIDs).Put(fileIDKey(is), []byte{1})
	}
	return nil
}

// Hours tells how many items were sent in each hour since then in which any was.
func (s *Store) Hours(since time.Time) (hours []Hour, err error) {
	err = s.read(func(l ledger) error {
		return l.scanFrom(bucketHours, nil, hourKey(since), func(k []byte) error {
			var r hourRecord
			_, err := l.get(bucketHours, k, &r)
			hours = append(hours, Hour{At: time.Unix(int64(binary.BigEndian.Uint64(k))*3600, 0), Files: r.Files})
			return err
		})
	})
	return hours, err
}

// LastDue is when the last of the waiting items is due that are not yet; zero:
// there is none.
func (s *Store) LastDue() (at time.Time, err error) {
	err = s.read(func(l ledger) error {
		return l.scanBack(bucketOrder, []byte{listLater}, []byte{listLater + 1}, func(k []byte) error {
			at = time.Unix(0, int64(binary.BigEndian.Uint64(k[1:])))
			return errEnough
		})
	})
	return at, err
}

// ByFileID finds the items that have a file ID, at most n: Bloxs gives each
// once, but what a person says can't be checked.
func (s *Store) ByFileID(fileID int64, n int) (items []Item, err error) {
	err = s.read(func(l ledger) error {
		prefix := binary.BigEndian.AppendUint64(nil, uint64(fileID))
		return l.scan(bucketFileIDs, prefix, func(k []byte) error {
			if len(items) == n {
				return errEnough
			}
			it, err := l.item(orderedItem(k))
			items = append(items, it)
			return err
		})
	})
	return items, err
}

// Newest is List from the other end: the newest first.
func (s *Store) Newest(state State, before string, n int) (p Page, err error) {
	prefix := []byte{listOf(state)}
	from, err := pageFrom(before, []byte{listOf(state) + 1})
	if err != nil {
		return p, err
	}
	err = s.read(func(l ledger) error {
		return l.scanBack(bucketOrder, prefix, from, func(k []byte) error {
			if len(p.Items) == n {
				return errEnough
			}
			it, err := l.item(orderedItem(k))
			p.Items, p.Next = append(p.Items, it), hex.EncodeToString(k)
			return err
		})
	})
	if len(p.Items) < n {
		p.Next = ""
	}
	return p, err
}

// scanBack is scanFrom backwards, from the last key before from.
func (l ledger) scanBack(bucket, prefix, from []byte, fn func(key []byte) error) error {
	c := l.bucket(bucket).Cursor()
	k, _ := c.Seek(from)
	if k == nil {
		k, _ = c.Last()
	} else {
		k, _ = c.Prev()
	}
	for ; k != nil && len(k) >= len(prefix) && string(k[:len(prefix)]) == string(prefix); k, _ = c.Prev() {
		if err := fn(k); errors.Is(err, errEnough) {
			return nil
		} else if err != nil {
			return err
		}
	}
	return nil
}
