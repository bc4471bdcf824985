package store

import (
	"encoding/binary"
	"errors"
	"fmt"
	"time"

	bolt "go.etcd.io/bbolt"
)

// schemaVersion is raised with every change of the records or keys; migrate
// says how a ledger of a former one gets there.
const schemaVersion = 3

// meta is the one record in the meta bucket.
type meta struct {
	Schema  int            `cbor:"1,keyasint"`
	Ledger  string         `cbor:"2,keyasint"` // the ledger's ID
	Salt    string         `cbor:"3,keyasint"`
	Applied position       `cbor:"4,keyasint"` // of the journal
	Items   map[State]int  `cbor:"5,keyasint"` // how many items in each state
	Places  map[uint32]int `cbor:"6,keyasint"` // how many places in each root
	Placed  int            `cbor:"7,keyasint"` // how many items have a place
	Turn    uint64         `cbor:"8,keyasint"` // of the item that was taken last
	Paused  int64          `cbor:"9,keyasint"` // since when by hand, ns; 0 = not

	Homes map[uint32]Home      `cbor:"10,keyasint,omitempty"` // whom the files of each root are for
	Base  uint64               `cbor:"11,keyasint,omitempty"` // how many lines the journals before this one had, see Position
	Doubt *Doubt               `cbor:"12,keyasint,omitempty"`
	Roots map[uint32]rootFacts `cbor:"13,keyasint,omitempty"`
	After map[uint32]bool      `cbor:"20,keyasint,omitempty"` // the roots whose sent places are listed

	Unswept bool `cbor:"30,keyasint,omitempty"` // free pages may hold what was forgotten
}

var keyMeta = []byte("meta")

// position is how far the ledger has come, see Store.Position.
func (m *meta) position() uint64 { return m.Base + m.Applied.Seq }

// places is how many places there are in all.
func (m *meta) places() (n int) {
	for _, in := range m.Places {
		n += in
	}
	return n
}

// ledger is one bbolt transaction seen as records. It keeps every index and
// count in step with the records.
type ledger struct {
	tx *bolt.Tx
	m  *meta
}

func (l ledger) bucket(name []byte) *bolt.Bucket { return l.tx.Bucket(name) }

func (l ledger) put(bucket, key []byte, v any) error {
	b, err := encode(v)
	if err != nil {
		return err
	}
	return l.bucket(bucket).Put(key, b)
}

// get tells whether there is such a record.
func (l ledger) get(bucket, key []byte, v any) (bool, error) {
	b := l.bucket(bucket).Get(key)
	if b == nil {
		return false, nil
	}
	if err := decode(b, v); err != nil {
		return false, fmt.Errorf("bucket %q: %w", bucket, err)
	}
	return true, nil
}

func (l ledger) saveMeta() error { return l.put(bucketMeta, keyMeta, l.m) }

// item returns a zero Item where there is none.
func (l ledger) item(id ItemID) (Item, error) {
	key := itemKey(id)
	if key == nil {
		return Item{}, nil
	}
	var r itemRecord
	ok, err := l.get(bucketItems, key, &r)
	if err != nil || !ok {
		return Item{}, err
	}
	return r.item(id), nil
}

// putItem replaces was by is, which may be a zero Item on either side.
func (l ledger) putItem(was, is Item) error {
	if is.State != Waiting {
		is.Due, is.turn = time.Time{}, 0
	}
	if err := l.unlist(was); err != nil {
		return err
	}
	if was.ID == "" || was.Person != is.Person {
		if err := l.forgetOwner(was); err != nil {
			return err
		}
		key := append(personItemsPrefix(is.Person), itemKey(is.ID)...)
		if err := l.bucket(bucketPersonItems).Put(key, nil); err != nil {
			return err
		}
	}
	if was.ID != "" {
		l.m.Items[was.State]--
	}
	if was.Places > 0 {
		l.m.Placed--
	}
	if is.Places > 0 {
		l.m.Placed++
	}
	l.m.Items[is.State]++
	if err := errors.Join(l.receiptChanges(was, is), l.indexReceipt(was, is)); err != nil {
		return err
	}
	for _, k := range orderKeys(is) {
		if err := l.bucket(bucketOrder).Put(k, nil); err != nil {
			return err
		}
	}
	return l.put(bucketItems, itemKey(is.ID), recordOf(is))
}

// forgetOwner takes an item from its person.
func (l ledger) forgetOwner(it Item) error {
	if it.ID == "" {
		return nil
	}
	return l.bucket(bucketPersonItems).Delete(append(personItemsPrefix(it.Person), itemKey(it.ID)...))
}

// removeItem takes an item out of the ledger, whose places are gone from it.
func (l ledger) removeItem(it Item) error {
	if err := errors.Join(l.unlist(it), l.forgetOwner(it), l.indexReceipt(it, Item{})); err != nil {
		return err
	}
	l.m.Items[it.State]--
	if it.Places > 0 {
		l.m.Placed--
	}
	return l.bucket(bucketItems).Delete(itemKey(it.ID))
}

func (l ledger) unlist(it Item) error {
	if it.ID == "" {
		return nil
	}
	for _, k := range orderKeys(it) {
		if err := l.bucket(bucketOrder).Delete(k); err != nil {
			return err
		}
	}
	return nil
}

// orderKeys are the list entries that an item has in its state.
func orderKeys(it Item) [][]byte {
	switch it.State {
	case Waiting:
		age := orderKey(listAge, timeKey(it.FirstSeen), it.ID)
		if it.turn == 0 {
			return [][]byte{age, orderKey(listLater, timeKey(it.Due), it.ID)}
		}
		turn := binary.BigEndian.AppendUint64(nil, it.turn)
		return [][]byte{age, orderKey(listReady, append(turn, timeKey(it.Due)...), it.ID)}
	case Sending:
		return [][]byte{orderKey(listSending, timeKey(it.Changed), it.ID)}
	case Sent:
		return [][]byte{orderKey(listSent, timeKey(it.SentAt), it.ID)}
	case Held:
		return [][]byte{orderKey(listHeld, timeKey(it.Changed), it.ID)}
	case Skipped:
		return [][]byte{orderKey(listSkipped, timeKey(it.Changed), it.ID)}
	default:
		return [][]byte{orderKey(listWithdrawn, timeKey(it.Changed), it.ID)}
	}
}

// rootNumber gives each root a short number; with create it makes one up.
func (l ledger) rootNumber(path string, create bool) (uint32, error) {
	b := l.bucket(bucketRoots)
	if n := rootOf(b.Get([]byte(path))); n != 0 || !create {
		return n, nil
	}
	n := uint32(1) // roots are never forgotten, so the next number is free
	err := b.ForEach(func(_, _ []byte) error {
		n++
		return nil
	})
	if err != nil {
		return 0, err
	}
	return n, b.Put([]byte(path), rootValue(n, []byte(path)))
}

// rootValue is a root's number with a checksum of both.
func rootValue(n uint32, path []byte) []byte {
	v := binary.BigEndian.AppendUint32(nil, n)
	return binary.BigEndian.AppendUint32(v, castagnoli(append(v[:4:4], path...)))
}

func rootOf(v []byte) uint32 {
	if len(v) < 4 {
		return 0
	}
	return binary.BigEndian.Uint32(v)
}

type placeRecord struct {
	Item   []byte `cbor:"1,keyasint"`
	Look   Look   `cbor:"2,keyasint"`
	Rel    string `cbor:"3,keyasint"` // as written, which the key may not be
	Folder string `cbor:"4,keyasint,omitempty"`
	Racy   bool   `cbor:"5,keyasint,omitempty"`
	Seen   int64  `cbor:"6,keyasint"`
	Former bool   `cbor:"7,keyasint,omitempty"` // sent under a former home of its root: it stays so while its content is the same
}

// joinPlace lets the item stand at key; the caller has taken the place from
// any other item before.
func (l ledger) joinPlace(it *Item, key []byte, r placeRecord) error {
	r.Item = itemKey(it.ID)
	index := append(itemKey(it.ID), key...)
	if l.bucket(bucketItemPlaces).Get(index) == nil {
		it.Places++
		l.m.Places[rootOf(key)]++
		// A value that is not empty, since Get answers nil for an empty one at times.
		if err := l.bucket(bucketItemPlaces).Put(index, []byte{1}); err != nil {
			return err
		}
	}
	if err := l.placeJoins(*it, key); err != nil {
		return err
	}
	return l.put(bucketPlaces, key, r)
}

// leavePlace takes the place at key from its item, if that item stands there.
func (l ledger) leavePlace(it *Item, key []byte) error {
	index := append(itemKey(it.ID), key...)
	if l.bucket(bucketItemPlaces).Get(index) == nil {
		return nil
	}
	it.Places--
	l.m.Places[rootOf(key)]--
	if err := l.placeLeaves(key); err != nil {
		return err
	}
	if err := l.bucket(bucketItemPlaces).Delete(index); err != nil {
		return err
	}
	return l.bucket(bucketPlaces).Delete(key)
}

// places returns the newest places of an item, at most n.
func (l ledger) places(id ItemID, n int) ([]Place, error) {
	prefix := itemKey(id)
	var found []Place
	var seen []int64
	err := l.scan(bucketItemPlaces, prefix, func(k []byte) error {
		p, at, err := l.placeAt(k[len(prefix):])
		if err != nil || p.Item == "" {
			return err
		}
		i := len(found)
		for i > 0 && seen[i-1] < at {
			i--
		}
		if i >= n {
			return nil
		}
		found = append(found[:i], append([]Place{p}, found[i:]...)...)
		seen = append(seen[:i], append([]int64{at}, seen[i:]...)...)
		found, seen = found[:min(n, len(found))], seen[:min(n, len(seen))]
		return nil
	})
	return found, err
}

// placeAt returns a zero Place where there is none.
func (l ledger) placeAt(key []byte) (Place, int64, error) {
	var r placeRecord
	ok, err := l.get(bucketPlaces, key, &r)
	if err != nil || !ok {
		return Place{}, 0, err
	}
	root, err := l.rootPath(key)
	return r.place(root), r.Seen, err
}

// rootPath finds the root that a place's key belongs to; there are few roots.
func (l ledger) rootPath(key []byte) (string, error) {
	c := l.bucket(bucketRoots).Cursor()
	for k, v := c.First(); k != nil; k, v = c.Next() {
		if len(key) >= 4 && len(v) >= 4 && string(v[:4]) == string(key[:4]) {
			return string(k), nil
		}
	}
	return "", fmt.Errorf("%w: a place belongs to no root", errRecord)
}

var errEnough = errors.New("enough")

// scan calls fn for each key with the prefix, in order; errEnough ends it.
func (l ledger) scan(bucket, prefix []byte, fn func(key []byte) error) error {
	return l.scanFrom(bucket, prefix, prefix, fn)
}

func (l ledger) scanFrom(bucket, prefix, from []byte, fn func(key []byte) error) error {
	c := l.bucket(bucket).Cursor()
	for k, _ := c.Seek(from); k != nil && len(k) >= len(prefix) && string(k[:len(prefix)]) == string(prefix); k, _ = c.Next() {
		if err := fn(k); errors.Is(err, errEnough) {
			return nil
		} else if err != nil {
			return err
		}
	}
	return nil
}

func fromNano(ns int64) time.Time {
	if ns == 0 {
		return time.Time{}
	}
	return time.Unix(0, ns)
}

func toNano(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixNano()
}
