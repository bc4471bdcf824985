package store

import (
	"encoding/binary"
	"fmt"
	"maps"
	"slices"
)

// recount adds up everything anew from the records, and compares every index
// and every count with it.
func (b *bench) recount() {
	b.t.Helper()
	faults, err := recount(b.Store)
	if err != nil {
		b.t.Fatal("recount: ", err)
	}
	if faults != nil {
		b.t.Fatalf("the recount finds:\n%q", faults)
	}
}

func recount(s *Store) (faults []string, err error) {
	err = s.read(func(l ledger) error {
		r := recounting{l: l, index: map[string]map[string]bool{}, items: map[State]int{}, holds: map[ItemID]int{}, hours: map[int64]int{}}
		err := r.all()
		faults = r.faults
		return err
	})
	return faults, err
}

type recounting struct {
	l      ledger
	index  map[string]map[string]bool // what each index bucket ought to hold
	items  map[State]int
	holds  map[ItemID]int // places of each item
	hours  map[int64]int  // items sent in each
	faults []string
}

func (r *recounting) fault(format string, args ...any) {
	r.faults = append(r.faults, fmt.Sprintf(format, args...))
}

func (r *recounting) want(bucket, key []byte) {
	if r.index[string(bucket)] == nil {
		r.index[string(bucket)] = map[string]bool{}
	}
	r.index[string(bucket)][string(key)] = true
}

func (r *recounting) all() error {
	places := 0
	err := r.l.scan(bucketPlaces, nil, func(k []byte) error {
		places++
		return r.place(k)
	})
	if err != nil {
		return err
	}
	placed := 0
	err = r.l.scan(bucketItems, nil, func(k []byte) error {
		it, err := r.l.item(itemIDOf(k))
		if it.Places > 0 {
			placed++
		}
		r.item(it)
		return err
	})
	if err != nil {
		return err
	}
	if err := r.persons(); err != nil {
		return err
	}
	for _, bucket := range [][]byte{bucketItemPlaces, bucketPersonItems, bucketOrder, bucketLookUps, bucketSentPlaces, bucketFileIDs} {
		if err := r.compare(bucket); err != nil {
			return err
		}
	}
	if err := r.compareHours(); err != nil {
		return err
	}
	noted := maps.Clone(r.l.m.Items)
	maps.DeleteFunc(noted, func(_ State, n int) bool { return n == 0 })
	if !maps.Equal(noted, r.items) {
		r.fault("items counted as %v are %v", noted, r.items)
	}
	if m := r.l.m; m.places() != places || m.Placed != placed {
		r.fault("counted %d places of %d items, there are %d of %d", m.places(), m.Placed, places, placed)
	}
	return nil
}

func (r *recounting) place(key []byte) error {
	p, _, err := r.l.placeAt(key)
	if err != nil {
		return err
	}
	n, err := r.l.rootNumber(p.Root, false)
	if string(placeKey(n, p.Rel)) != string(key) {
		r.fault("%q stands at key %x", p.Rel, key)
	}
	r.want(bucketItemPlaces, append(itemKey(p.Item), key...))
	if it, err := r.l.item(p.Item); err != nil {
		return err
	} else if r.l.m.After[n] && it.HasReceipt() {
		r.want(bucketSentPlaces, key)
	}
	r.holds[p.Item]++
	return err
}

func (r *recounting) item(it Item) {
	r.items[it.State]++
	r.want(bucketPersonItems, append(personItemsPrefix(it.Person), itemKey(it.ID)...))
	for _, k := range orderKeys(it) {
		r.want(bucketOrder, k)
	}
	if it.FileID != 0 {
		r.want(bucketFileIDs, append(binary.BigEndian.AppendUint64(nil, uint64(it.FileID)), itemKey(it.ID)...))
	}
	if it.State == Sent {
		r.hours[it.SentAt.Unix()/3600]++
	}
	if it.Places != r.holds[it.ID] {
		r.fault("%s has %d places, not %d", it.ID, r.holds[it.ID], it.Places)
	}
	v := verifier{l: r.l}
	if id, err := v.idOf(it); err != nil || id != it.ID {
		r.fault("%s has another person or content", it.ID)
	}
	settled := it.State == Held && it.Reason != Uncertain
	switch {
	case (it.State == Waiting || it.State == Skipped || settled) && it.Places == 0, it.State == Withdrawn && it.Places > 0:
		r.fault("%s is %s with %d places", it.ID, it.State, it.Places)
	case it.State == Held && it.Reason == "", it.State != Held && it.State != Withdrawn && it.Reason != "":
		r.fault("%s is %s for %q", it.ID, it.State, it.Reason)
	case it.State != Waiting && (it.turn != 0 || !it.Due.IsZero()):
		r.fault("%s is %s and has its turn %d, %s", it.ID, it.State, it.turn, it.Due)
	case it.Places > 0 && r.placeOf(it).Item != it.ID:
		r.fault("%s is shown at %q, where it isn't", it.ID, it.Rel)
	}
	delete(r.holds, it.ID)
}

func (r *recounting) placeOf(it Item) Place {
	n, err := r.l.rootNumber(it.Root, false)
	if err != nil {
		return Place{}
	}
	p, _, err := r.l.placeAt(placeKey(n, it.Rel))
	if err != nil {
		return Place{}
	}
	return p
}

func (r *recounting) persons() error {
	for id := range r.holds {
		r.fault("%s has places and is no item", id)
	}
	return r.l.scan(bucketPersons, nil, func(k []byte) error {
		var p personRecord
		_, err := r.l.get(bucketPersons, k, &p)
		if p.NextLookUp != 0 {
			r.want(bucketLookUps, lookUpKey(p.NextLookUp, p.Key))
		}
		if string(personKeyBytes(p.Key)) != string(k) {
			r.fault("person %v stands at %q", p.Key, k)
		}
		return err
	})
}

func (r *recounting) compareHours() error {
	found := map[int64]int{}
	err := r.l.scan(bucketHours, nil, func(k []byte) error {
		var h hourRecord
		_, err := r.l.get(bucketHours, k, &h)
		found[int64(binary.BigEndian.Uint64(k))] = h.Files
		return err
	})
	if !maps.Equal(found, r.hours) {
		r.fault("sent by hour is counted as %v, and is %v", found, r.hours)
	}
	return err
}

func (r *recounting) compare(bucket []byte) error {
	found := map[string]bool{}
	err := r.l.scan(bucket, nil, func(k []byte) error {
		found[string(k)] = true
		return nil
	})
	if want := r.index[string(bucket)]; !maps.Equal(found, want) {
		r.fault("%s holds\n%x, ought to hold\n%x", bucket, slices.Sorted(maps.Keys(found)), slices.Sorted(maps.Keys(want)))
	}
	return err
}
