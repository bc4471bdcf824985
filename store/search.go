package store

import (
	"bytes"
	"context"
	"encoding/hex"
	"slices"
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// Looking for names reads records one after the other, since an index of all
// words would be larger than the ledger. So it reads what is durable, beside
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

// searched is the order in which lists are looked through.
func searched() []byte {
	return []byte{listHeld, listSending, listAge, listSent, listSkipped, listWithdrawn}
}

// Search is one stretch of looking for names.
type Search struct {
	Items  []Item
	Looked int    // items that were looked at
	Next   string // where to go on; "": all were looked at
}

// ItemsLike finds items whose path has all words of text, each list's newest
// first, at most n. before is "" or the Next of the stretch before.
func (s *Store) ItemsLike(ctx context.Context, text, before string, n int) (found Search, err error) {
	want := wordsOf(text)
	lists := searched()
	var from []byte
	if before != "" {
		if from, err = hex.DecodeString(before); err != nil || len(from) == 0 {
			return found, err
		}
		lists = lists[max(bytes.IndexByte(lists, from[0]), 0):]
	}
	err = s.committed(func(l ledger) error {
		for _, list := range lists {
			if from == nil {
				from = []byte{list + 1}
			}
			err := l.scanBack(bucketOrder, []byte{list}, from, func(k []byte) error {
				if len(found.Items) == n || found.Looked%64 == 63 && ctx.Err() != nil {
					return errEnough
				}
				found.Looked++
				found.Next = hex.EncodeToString(k)
				return l.ifLike(k, want, &found.Items)
			})
			if from = nil; err != nil || len(found.Items) == n || ctx.Err() != nil {
				return err
			}
		}
		found.Next = ""
		return nil
	})
	return found, err
}

// ifLike adds the item of an entry in a list, if its path has all words.
func (l ledger) ifLike(entry []byte, want []string, to *[]Item) error {
	raw := l.bucket(bucketItems).Get(entry[len(entry)-itemKeyLen:])
	if raw == nil {
		return nil
	}
	var path struct {
		Rel string `cbor:"17,keyasint"`
	}
	if err := decode(raw, &path); err != nil || !hasAll(path.Rel, want) {
		return err
	}
	it, err := l.item(orderedItem(entry))
	*to = append(*to, it)
	return err
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
