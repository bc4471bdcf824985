package store

import (
	"context"
	"encoding/binary"
	"encoding/hex"
	"slices"
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// Looking for names reads records one after the other, since an index of all
// words would be larger than the ledger itself. It reads what is durable, beside
// the open transaction, keeps nobody waiting, ends when ctx does, and says how
// far it came.

// PersonsLike finds persons whose identifier begins with text, or of whom Bloxs
// or a folder has a name with all its words; at most n. all says that every
// person was looked at.
func (s *Store) PersonsLike(ctx context.Context, text string, n int) (found []Person, all bool, err error) {
	want := wordsOf(text)
	all = true
	err = s.committed(func(l ledger) error {
		return l.scan(bucketPersons, nil, func(k []byte) error {
			if all = len(found) < n && ctx.Err() == nil; !all {
				return errEnough
			}
			var r personRecord
			if _, err := l.get(bucketPersons, k, &r); err != nil {
				return err
			}
			names := strings.Join(append(slices.Clone(r.Names), r.Confirmed...), " ")
			if hasPrefixFold(r.Key.ID, text) || hasAll(names, want) {
				found = append(found, r.person())
			}
			return nil
		})
	})
	return found, all, err
}

// ItemsOf lists items of a person, at most n.
func (s *Store) ItemsOf(key PersonKey, n int) (items []Item, err error) {
	err = s.read(func(l ledger) error {
		return l.scan(bucketPersonItems, personItemsPrefix(key), func(k []byte) error {
			if len(items) == n {
				return errEnough
			}
			it, err := l.item(orderedItem(k))
			if it.Person == key {
				items = append(items, it)
			}
			return err
		})
	})
	return items, err
}

// Search is one stretch of looking for names.
type Search struct {
	Items []Item
	Next  string  // where to go on; "": all were looked at
	Part  float64 // of all items that come before Next
}

// ItemsLike finds items whose path has all words of text, at most n. after is
// "" or the Next of the stretch before. Items come in no order that tells
// anything, since their IDs are digests.
func (s *Store) ItemsLike(ctx context.Context, text, after string, n int) (found Search, err error) {
	from, err := pageFrom(after, nil)
	if err != nil {
		return found, err
	}
	want, looked := wordsOf(text), 0
	err = s.committed(func(l ledger) error {
		c := l.bucket(bucketItems).Cursor()
		for k, raw := c.Seek(from); k != nil; k, raw = c.Next() {
			if looked++; len(found.Items) == n || looked%256 == 0 && ctx.Err() != nil {
				found.Next = hex.EncodeToString(k)
				found.Part = float64(binary.BigEndian.Uint32(k)) / (1 << 32)
				return nil
			}
			if err := l.ifLike(k, raw, want, &found.Items); err != nil {
				return err
			}
		}
		found.Part = 1
		return nil
	})
	return found, err
}

// NewestLike looks through the newest items of a state alone, at most most.
func (s *Store) NewestLike(ctx context.Context, state State, text string, most, n int) (items []Item, err error) {
	want, looked := wordsOf(text), 0
	list := listOf(state)
	err = s.committed(func(l ledger) error {
		return l.scanBack(bucketOrder, []byte{list}, []byte{list + 1}, func(k []byte) error {
			if looked++; looked > most || len(items) == n || ctx.Err() != nil {
				return errEnough
			}
			key := k[len(k)-itemKeyLen:]
			return l.ifLike(key, l.bucket(bucketItems).Get(key), want, &items)
		})
	})
	return items, err
}

// ifLike adds the item in a record, if its path has all words.
func (l ledger) ifLike(key, raw []byte, want []string, to *[]Item) error {
	if len(raw) == 0 {
		return nil
	}
	body, err := checkRecord(raw)
	if err != nil {
		return err
	}
	if rel, ok := textIn(body, relField); ok && !hasAll(string(rel), want) {
		return nil
	}
	it, err := l.item(itemIDOf(key))
	if err == nil && hasAll(it.Rel, want) {
		*to = append(*to, it)
	}
	return err
}

// relField is the number of itemRecord.Rel.
const relField = 17

// textIn finds a text in a record without decoding the rest of it, which would
// take five times as long. ok is false where the record is built otherwise than
// these are.
func textIn(body []byte, field byte) (text []byte, ok bool) {
	if len(body) == 0 || body[0]>>5 != 5 || body[0]&31 > 23 {
		return nil, false
	}
	rest := body[1:]
	for range body[0] & 31 {
		if len(rest) == 0 || rest[0] > 23 {
			return nil, false
		}
		is := rest[0] == field
		kind, head, n := cborHead(rest[1:])
		if is {
			from := 1 + head
			if kind != 3 || head == 0 || uint64(len(rest)-from) < n {
				return nil, false
			}
			return rest[from : from+int(n)], true
		}
		size := cborSize(rest[1:])
		if size == 0 {
			return nil, false
		}
		rest = rest[1+size:]
	}
	return nil, false
}

// cborHead reads the kind and the number at the start of a CBOR value; a head
// of 0 bytes is none.
func cborHead(b []byte) (kind byte, head int, n uint64) {
	if len(b) == 0 {
		return 0, 0, 0
	}
	kind, n = b[0]>>5, uint64(b[0]&31)
	if n < 24 {
		return kind, 1, n
	}
	more := 1 << (n - 24)
	if n > 27 || len(b) < 1+more {
		return kind, 0, 0
	}
	n = 0
	for _, c := range b[1 : 1+more] {
		n = n<<8 | uint64(c)
	}
	return kind, 1 + more, n
}

// cborSize is how many bytes a CBOR value has; 0: it can't be told.
func cborSize(b []byte) int {
	kind, head, n := cborHead(b)
	switch kind {
	case 2, 3:
		if head == 0 || uint64(len(b)-head) < n {
			return 0
		}
		return head + int(n)
	case 5: // of plain values, as in a person
		if n > 23 {
			return 0
		}
		size := head
		for range 2 * n {
			inner := cborSize(b[size:])
			if inner == 0 || b[size]>>5 == 5 {
				return 0
			}
			size += inner
		}
		return size
	case 0, 1, 7:
		return head
	}
	return 0
}

func wordsOf(text string) []string { return strings.Fields(plain(text)) }

// hasAll tells whether text holds each of these words, case and accents aside.
func hasAll(text string, want []string) bool {
	text = plain(text)
	for _, w := range want {
		if !strings.Contains(text, w) {
			return false
		}
	}
	return len(want) > 0
}

func hasPrefixFold(text, prefix string) bool {
	prefix = plain(strings.TrimSpace(prefix))
	return prefix != "" && strings.HasPrefix(plain(text), prefix)
}

// plain takes case and accents off.
func plain(s string) string {
	for i := range len(s) {
		if s[i] >= 0x80 {
			return strings.Map(func(r rune) rune {
				if unicode.Is(unicode.Mn, r) {
					return -1
				}
				return unicode.ToLower(r)
			}, norm.NFKD.String(s))
		}
	}
	return strings.ToLower(s)
}
