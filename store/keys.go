package store

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"strings"
	"time"
)

// The buckets of the ledger.
var (
	bucketMeta        = []byte("meta")
	bucketItems       = []byte("items")        // item -> Item
	bucketPlaces      = []byte("places")       // root, path -> Place
	bucketItemPlaces  = []byte("item places")  // item, place -> nothing
	bucketPersons     = []byte("persons")      // person -> Person
	bucketPersonItems = []byte("person items") // person, item -> nothing
	bucketOrder       = []byte("order")        // list, position, item -> nothing
	bucketLookUps     = []byte("look-ups")     // due, person -> nothing
	bucketRoots       = []byte("roots")        // path -> number
	bucketSentPlaces  = []byte("sent places")  // place -> nothing, in roots where something follows an upload
	bucketNotes       = []byte("notes")        // place -> what is being done with its file

	bucketHours   = []byte("hours")    // hour -> how many items were sent in it
	bucketFileIDs = []byte("file IDs") // file ID, item -> nothing

	bucketBaselines = []byte("baselines")      // root -> how its baseline stands
	bucketBaseFiles = []byte("baseline files") // root, run, path -> size and identity
	bucketBaseLooks = []byte("baseline looks") // root, run, identity, path -> nothing
)

func buckets() [][]byte {
	return append(bucketsOf1(), bucketSentPlaces, bucketNotes, bucketBaselines, bucketBaseFiles, bucketBaseLooks, bucketHours, bucketFileIDs)
}

// The lists in the order bucket. A waiting item stands in two: by age, and by
// its turn (when it is due) or by its due time (when it is not yet).
const (
	listReady     = 'R' // turn, due
	listLater     = 'L' // due
	listAge       = 'A' // first seen
	listSending   = 'G'
	listSent      = 'S'
	listHeld      = 'H'
	listSkipped   = 'K'
	listWithdrawn = 'W'
)

const itemKeyLen = 12

// itemKey is the item's ID in bytes; a malformed ID gives nil, which no record has.
func itemKey(id ItemID) []byte {
	b, err := hex.DecodeString(string(id))
	if err != nil || len(b) != itemKeyLen {
		return nil
	}
	return b
}

// newItemID is a salted digest: whoever finds it can't guess the person or the
// content back, and it still tells that this content was sent to this person.
func newItemID(salt []byte, p PersonKey, d Digest) ItemID {
	mac := hmac.New(sha256.New, salt)
	for _, part := range []string{p.Environment, p.Relation, p.Kind, p.ID} {
		mac.Write([]byte(part))
		mac.Write([]byte{0})
	}
	mac.Write(d[:])
	return itemIDOf(mac.Sum(nil)[:itemKeyLen])
}

// skippedID is that of the item which stands for a file of a root's baseline,
// whose content nobody has read.
func skippedID(salt []byte, root uint32, base string) ItemID {
	mac := hmac.New(sha256.New, salt)
	mac.Write([]byte("skipped\x00"))
	mac.Write(binary.BigEndian.AppendUint32(nil, root))
	mac.Write([]byte(base))
	return itemIDOf(mac.Sum(nil)[:itemKeyLen])
}

func itemIDOf(key []byte) ItemID { return ItemID(hex.EncodeToString(key)) }

func personKeyBytes(p PersonKey) []byte {
	return []byte(strings.Join([]string{p.Environment, p.Relation, p.Kind, p.ID}, "\x00"))
}

// personItemsPrefix is short, since every item of the ledger carries one.
func personItemsPrefix(p PersonKey) []byte {
	sum := sha256.Sum256(personKeyBytes(p))
	return sum[:8]
}

func timeKey(t time.Time) []byte {
	return binary.BigEndian.AppendUint64(nil, uint64(max(t.UnixNano(), 0)))
}

func orderKey(list byte, position []byte, id ItemID) []byte {
	k := append(make([]byte, 0, 1+len(position)+itemKeyLen), list)
	k = append(k, position...)
	return append(k, itemKey(id)...)
}

func orderedItem(key []byte) ItemID {
	return itemIDOf(key[len(key)-itemKeyLen:])
}

// Place keys sort like a walk: root number, then each folder behind 0x01, then
// 0x00 and the name. So the files of one folder, and all that lies below it,
// are each one range.
const (
	sepFolder = 0x01
	sepName   = 0x00
	sepAfter  = 0x02 // sorts behind everything in and below a folder, and begins an escape
)

// appendPart escapes the three separators, which are legal in file names elsewhere.
func appendPart(k []byte, part string) []byte {
	for i := 0; i < len(part); i++ {
		if c := part[i]; c <= sepAfter {
			k = append(k, sepAfter, c+0x10)
		} else {
			k = append(k, c)
		}
	}
	return k
}

// folderKey is the key of dir, without a separator behind it: all files in it
// begin with folderKey+sepName, all below with folderKey+sepFolder.
func folderKey(root uint32, dir string) []byte {
	k := binary.BigEndian.AppendUint32(make([]byte, 0, 8+len(dir)+8), root)
	dir = Fold(dir)
	for dir != "" {
		var part string
		part, dir, _ = strings.Cut(dir, "/")
		k = appendPart(append(k, sepFolder), part)
	}
	return k
}

func placeKey(root uint32, rel string) []byte {
	dir, name := "", rel
	if i := strings.LastIndexByte(rel, '/'); i >= 0 {
		dir, name = rel[:i], rel[i+1:]
	}
	return appendPart(append(folderKey(root, dir), sepName), Fold(name))
}

// pathOf is the path in a place's key without its root, as the key has it.
func pathOf(tail []byte) string {
	var parts []string
	for len(tail) > 0 {
		end := bytes.IndexAny(tail[1:], "\x00\x01") + 1
		if end == 0 {
			end = len(tail)
		}
		parts = append(parts, unescape(tail[1:end]))
		tail = tail[end:]
	}
	return strings.Join(parts, "/")
}

// unescape undoes appendPart for one part.
func unescape(part []byte) string {
	out := make([]byte, 0, len(part))
	for i := 0; i < len(part); i++ {
		if part[i] == sepAfter && i+1 < len(part) {
			i++
			out = append(out, part[i]-0x10)
			continue
		}
		out = append(out, part[i])
	}
	return string(out)
}
