package model

import (
	"cmp"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"maps"
	"slices"
	"strings"
	"time"

	"bloxdrop/store"
)

// picture is the whole ledger at one moment.
type picture struct {
	salt    string
	items   map[store.ItemID]item
	places  map[place]placed
	persons map[store.PersonKey]person
	roots   map[string]uint32
	turn    uint64 // of the item that was taken last
	paused  time.Time
	applied int // lines of the journal

	baselines map[uint32]baseline
	baseFiles map[basePath]baseFile
	notes     map[place]note
	after     map[uint32]bool // whether something follows the uploads of a root

	homes map[uint32]store.Home
	facts map[uint32]facts
	doubt *store.Doubt
	base  uint64
}

type item struct {
	store.Item
	turn uint64 // where it stands among the due ones; 0 while it is not due
}

type person struct {
	store.Person
	lastTurn uint64
}

// place is a path in a root, written so that places sort like a walk: the files
// of a folder, then its folders.
type place struct {
	root uint32
	tail string
}

type placed struct {
	store.Place
	seen   int64
	former bool
}

type note struct {
	store.Note
}

type facts struct {
	marked  bool
	adopted uint64
	former  []store.Home
}

func newPicture(salt string) *picture {
	return &picture{
		salt: salt, items: map[store.ItemID]item{}, places: map[place]placed{}, persons: map[store.PersonKey]person{}, roots: map[string]uint32{},
		baselines: map[uint32]baseline{}, baseFiles: map[basePath]baseFile{}, notes: map[place]note{}, after: map[uint32]bool{},
		homes: map[uint32]store.Home{}, facts: map[uint32]facts{},
	}
}

func (l *picture) clone() *picture {
	c := *l
	c.items, c.places, c.persons, c.roots = maps.Clone(l.items), maps.Clone(l.places), maps.Clone(l.persons), maps.Clone(l.roots)
	c.baselines, c.baseFiles, c.notes, c.after = maps.Clone(l.baselines), maps.Clone(l.baseFiles), maps.Clone(l.notes), maps.Clone(l.after)
	c.homes, c.facts = maps.Clone(l.homes), maps.Clone(l.facts)
	return &c
}

// rootNumber numbers roots as they come; with create it takes a new one in.
func (l *picture) rootNumber(path string, create bool) uint32 {
	n := l.roots[path]
	if n == 0 && create {
		n = uint32(len(l.roots)) + 1
		l.roots[path] = n
	}
	return n
}

var escapes = strings.NewReplacer("\x00", "\x02\x10", "\x01", "\x02\x11", "\x02", "\x02\x12")
var unescapes = strings.NewReplacer("\x02\x10", "\x00", "\x02\x11", "\x01", "\x02\x12", "\x02")

func folderTail(dir string) string {
	var b strings.Builder
	for part := range strings.SplitSeq(store.Fold(dir), "/") {
		if part != "" {
			b.WriteString("\x01" + escapes.Replace(part))
		}
	}
	return b.String()
}

func placeOf(root uint32, rel string) place {
	dir, name := "", rel
	if i := strings.LastIndexByte(rel, '/'); i >= 0 {
		dir, name = rel[:i], rel[i+1:]
	}
	return place{root, folderTail(dir) + "\x00" + escapes.Replace(store.Fold(name))}
}

// path is the path of a place as the ledger's keys have it.
func (p place) path() string {
	tail := strings.NewReplacer("\x00", "/", "\x01", "/").Replace(p.tail)
	return unescapes.Replace(strings.TrimPrefix(tail, "/"))
}

// in tells whether a place lies in a folder, and below tells it of all folders under it, too.
func (p place) in(root uint32, dir string) bool {
	return p.root == root && strings.HasPrefix(p.tail, folderTail(dir)+"\x00")
}

func (p place) below(root uint32, dir string) bool {
	return p.in(root, dir) || p.root == root && strings.HasPrefix(p.tail, folderTail(dir)+"\x01")
}

func comparePlaces(a, b place) int {
	return cmp.Or(cmp.Compare(a.root, b.root), cmp.Compare(a.tail, b.tail))
}

// placesWhere gives the places for which is holds, in order.
func (l *picture) placesWhere(is func(p place, is placed) bool) (found []place) {
	for p, there := range l.places {
		if is(p, there) {
			found = append(found, p)
		}
	}
	slices.SortFunc(found, comparePlaces)
	return found
}

func (l *picture) placesOf(id store.ItemID) []place {
	return l.placesWhere(func(_ place, is placed) bool { return is.Item == id })
}

// newest gives an item's newest places, at most n.
func (l *picture) newest(id store.ItemID, n int) (list []store.Place) {
	all := l.placesOf(id)
	slices.SortStableFunc(all, func(a, b place) int { return cmp.Compare(l.places[b].seen, l.places[a].seen) })
	for _, p := range all[:min(n, len(all))] {
		list = append(list, l.places[p].Place)
	}
	return list
}

// itemsWhere gives the items for which is holds, by their IDs.
func (l *picture) itemsWhere(is func(item) bool) (found []item) {
	for _, it := range l.items {
		if is(it) {
			found = append(found, it)
		}
	}
	slices.SortFunc(found, func(a, b item) int { return cmp.Compare(a.ID, b.ID) })
	return found
}

func (l *picture) itemsOf(key store.PersonKey) []item {
	return l.itemsWhere(func(it item) bool { return it.Person == key })
}

// put replaces an item.
func (l *picture) put(is item) {
	if is.State != store.Waiting {
		is.Due, is.turn = time.Time{}, 0
	}
	is.Due, is.FirstSeen, is.Changed, is.SentAt = plain(is.Due), plain(is.FirstSeen), plain(is.Changed), plain(is.SentAt)
	l.items[is.ID] = is
}

// plain is a time as the ledger keeps it.
func plain(t time.Time) time.Time {
	if t.IsZero() {
		return time.Time{}
	}
	return time.Unix(0, t.UnixNano())
}

func (l *picture) personOf(key store.PersonKey) person {
	if r, ok := l.persons[key]; ok {
		return r
	}
	return person{Person: store.Person{Key: key}}
}

// nextTurn puts an item behind those of its person that are due already, and
// level with the first of everybody else.
func (l *picture) nextTurn(key store.PersonKey) uint64 {
	r := l.personOf(key)
	r.lastTurn = max(r.lastTurn, l.turn) + 1
	l.persons[key] = r
	return r.lastTurn
}

// itemID is the salted digest by which an item is known.
func (l *picture) itemID(p store.PersonKey, d store.Digest) store.ItemID {
	parts := strings.Join([]string{p.Environment, p.Relation, p.Kind, p.ID, ""}, "\x00")
	return l.digest(append([]byte(parts), d[:]...))
}

func (l *picture) skippedID(root uint32, base string) store.ItemID {
	return l.digest(append(binary.BigEndian.AppendUint32([]byte("skipped\x00"), root), base...))
}

func (l *picture) digest(b []byte) store.ItemID {
	mac := hmac.New(sha256.New, []byte(l.salt))
	mac.Write(b)
	return store.ItemID(hex.EncodeToString(mac.Sum(nil)[:12]))
}
