package store

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"maps"

	bolt "go.etcd.io/bbolt"
)

// verifier adds everything up anew. A checksum tells of a damaged record, but
// not of a damaged key, under which a sent item would never be found again: so
// every key is derived from its record, and every index entry is looked for.
type verifier struct {
	l       ledger
	entries map[string]int // how many each index ought to have
	items   map[State]int
	places  map[uint32]int
	placed  int
	based   map[uint32]int // files in each root's complete baseline
	hours   map[string]int // items sent in each
}

func verify(tx *bolt.Tx, m meta) error {
	v := verifier{l: ledger{tx: tx, m: &m}, entries: map[string]int{}, items: map[State]int{}, places: map[uint32]int{}, based: map[uint32]int{}, hours: map[string]int{}}
	for _, part := range []struct {
		bucket []byte
		check  func(k, raw []byte) error
	}{
		{bucketRoots, v.root}, {bucketItems, v.item}, {bucketPlaces, v.place}, {bucketPersons, v.person}, {bucketNotes, v.note},
		{bucketBaseFiles, v.baseFile}, {bucketBaselines, v.baseline}, {bucketHours, v.hour}, // behind the items
	} {
		if v.l.bucket(part.bucket) == nil {
			continue // of a later schema than this ledger's
		}
		if err := v.l.bucket(part.bucket).ForEach(part.check); err != nil {
			return fmt.Errorf("%q: %w", part.bucket, err)
		}
	}
	return v.totals()
}

func (v *verifier) root(path, raw []byte) error {
	if !bytes.Equal(raw, rootValue(rootOf(raw), path)) {
		return fmt.Errorf("%w: root %q", errRecord, path)
	}
	return nil
}

func (v *verifier) item(k, raw []byte) error {
	var r itemRecord
	if err := decode(raw, &r); err != nil {
		return err
	}
	it := r.item(itemIDOf(k))
	if id, err := v.idOf(it); err != nil {
		return err
	} else if id != it.ID {
		return fmt.Errorf("%w: item %s is under a wrong key", errRecord, it.ID)
	}
	places := 0
	err := v.l.scan(bucketItemPlaces, k, func([]byte) error {
		places++
		return nil
	})
	if err != nil || places != it.Places {
		return fmt.Errorf("%w: item %s has %d places, not %d", errRecord, it.ID, places, it.Places)
	}
	v.items[it.State]++
	if places > 0 {
		v.placed++
	}
	if err := v.receipt(it); err != nil {
		return err
	}
	for _, key := range orderKeys(it) {
		if err := v.entry(bucketOrder, key); err != nil {
			return err
		}
	}
	return v.entry(bucketPersonItems, append(personItemsPrefix(it.Person), k...))
}

// receipt notes what schema 3 lists of a receipt.
func (v *verifier) receipt(it Item) error {
	if it.State == Sent && !it.SentAt.IsZero() {
		v.hours[string(hourKey(it.SentAt))]++
	}
	if it.FileID == 0 || v.l.bucket(bucketFileIDs) == nil || v.l.m.Schema < 3 {
		return nil
	}
	return v.entry(bucketFileIDs, fileIDKey(it))
}

func (v *verifier) hour(k, raw []byte) error {
	var r hourRecord
	if err := decode(raw, &r); err != nil {
		return err
	}
	if n := v.hours[string(k)]; n != r.Files && v.l.m.Schema >= 3 {
		return fmt.Errorf("%w: %d items were sent in an hour, not %d", errRecord, n, r.Files)
	}
	delete(v.hours, string(k))
	return nil
}

// idOf derives an item's ID from its content, or where it has none, from what
// it stands for.
func (v *verifier) idOf(it Item) (ItemID, error) {
	if it.Forgotten() {
		return it.ID, nil // by its key alone
	}
	if it.Base == "" {
		return newItemID([]byte(v.l.m.Salt), it.Person, it.SHA256), nil
	}
	root, err := v.l.rootNumber(it.Root, false)
	return skippedID([]byte(v.l.m.Salt), root, it.Base), err
}

// baseFile comes before its baseline.
func (v *verifier) baseFile(k, raw []byte) error {
	var f baseFile
	if err := decode(raw, &f); err != nil {
		return err
	}
	root, run := binary.BigEndian.Uint32(k), binary.BigEndian.Uint32(k[4:])
	r, err := v.l.baseline(root)
	if err != nil {
		return err
	}
	if run == r.Run {
		v.based[root]++
	}
	if f.Inode == 0 {
		return nil
	}
	return v.entry(bucketBaseLooks, baseLookKey(root, run, f, k[8:]))
}

func (v *verifier) baseline(k, raw []byte) error {
	var r baselineRecord
	if err := decode(raw, &r); err != nil {
		return err
	}
	if root := binary.BigEndian.Uint32(k); v.based[root] != r.Files {
		return fmt.Errorf("%w: a baseline has %d files, not %d", errRecord, v.based[root], r.Files)
	}
	return nil
}

func (v *verifier) place(k, _ []byte) error {
	p, _, err := v.l.placeAt(k)
	if err != nil {
		return err
	}
	n, err := v.l.rootNumber(p.Root, false)
	if err != nil {
		return err
	}
	if !bytes.Equal(placeKey(n, p.Rel), k) || !v.has(bucketItems, itemKey(p.Item)) {
		return fmt.Errorf("%w: place %q is under a wrong key, or of no item", errRecord, p.Rel)
	}
	v.places[n]++
	if it, err := v.l.item(p.Item); err != nil {
		return err
	} else if v.l.m.After[n] && it.HasReceipt() {
		if err := v.entry(bucketSentPlaces, k); err != nil {
			return err
		}
	}
	return v.entry(bucketItemPlaces, append(itemKey(p.Item), k...))
}

func (v *verifier) note(k, raw []byte) error {
	var r noteRecord
	if err := decode(raw, &r); err != nil {
		return err
	}
	if !bytes.Equal(placeKey(rootOf(k), r.Rel), k) || !v.has(bucketItems, r.Item) {
		return fmt.Errorf("%w: the note on %q is under a wrong key, or of no item", errRecord, r.Rel)
	}
	return nil
}

func (v *verifier) person(k, raw []byte) error {
	var r personRecord
	if err := decode(raw, &r); err != nil {
		return err
	}
	if !bytes.Equal(personKeyBytes(r.Key), k) {
		return fmt.Errorf("%w: a person is under a wrong key", errRecord)
	}
	if r.NextLookUp == 0 {
		return nil
	}
	return v.entry(bucketLookUps, lookUpKey(r.NextLookUp, r.Key))
}

// entry counts what an index ought to have, and checks that it has it.
func (v *verifier) entry(bucket, key []byte) error {
	v.entries[string(bucket)]++
	if !v.has(bucket, key) {
		return fmt.Errorf("%w: %q lacks an entry", errRecord, bucket)
	}
	return nil
}

func (v *verifier) has(bucket, key []byte) bool {
	k, _ := v.l.bucket(bucket).Cursor().Seek(key)
	return bytes.Equal(k, key)
}

// totals finds entries that belong to no record, and miscounts.
func (v *verifier) totals() error {
	for _, bucket := range [][]byte{bucketOrder, bucketPersonItems, bucketItemPlaces, bucketLookUps, bucketSentPlaces, bucketBaseLooks, bucketFileIDs} {
		if v.l.bucket(bucket) == nil || bytes.Equal(bucket, bucketFileIDs) && v.l.m.Schema < 3 {
			continue // likewise, or a migration was cut short
		}
		n := 0
		err := v.l.bucket(bucket).ForEach(func(k, value []byte) error {
			if bytes.Equal(bucket, bucketSentPlaces) && !v.l.m.After[rootOf(k)] {
				return nil // a kill came between the parts of a list; it begins anew
			}
			n++
			if len(value) > 1 {
				return fmt.Errorf("%w: %q holds a value", errRecord, bucket)
			}
			return nil
		})
		if err != nil {
			return err
		}
		if want := v.entries[string(bucket)]; n != want {
			return fmt.Errorf("%w: %q has %d entries, not %d", errRecord, bucket, n, want)
		}
	}
	if len(v.hours) > 0 && v.l.m.Schema >= 3 {
		return fmt.Errorf("%w: receipts of %d hours are not counted", errRecord, len(v.hours))
	}
	items, places := maps.Clone(v.l.m.Items), maps.Clone(v.l.m.Places)
	maps.DeleteFunc(items, func(_ State, n int) bool { return n == 0 })
	maps.DeleteFunc(places, func(_ uint32, n int) bool { return n == 0 })
	if !maps.Equal(items, v.items) || !maps.Equal(places, v.places) || v.l.m.Placed != v.placed {
		return fmt.Errorf("%w: its counts don't add up", errRecord)
	}
	return nil
}
