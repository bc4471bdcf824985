package store

import (
	"crypto/sha256"
	"encoding/hex"
	"time"
)

// PersonKey names a person as Bloxs knows them. Kind is "reference" or
// "externalIdentifier"; exactly one identifier is ever sent.
type PersonKey struct {
	Environment string `cbor:"1,keyasint"` // the Bloxs address, as config.Bloxs.Environment gives it
	Relation    string `cbor:"2,keyasint"` // "persons"
	Kind        string `cbor:"3,keyasint"`
	ID          string `cbor:"4,keyasint"`
}

// Digest is the SHA-256 of a whole file.
type Digest [sha256.Size]byte

func (d Digest) String() string { return hex.EncodeToString(d[:]) }

// Look is what a file system says of a file without reading it. Two equal
// looks with an identity are taken for the same, unchanged file.
type Look struct {
	Size       int64  `cbor:"1,keyasint"`
	ModTime    int64  `cbor:"2,keyasint"`           // ns since 1970, by the file server's clock
	ChangeTime int64  `cbor:"3,keyasint,omitempty"` // likewise; 0 where the platform has none
	Device     uint64 `cbor:"4,keyasint,omitempty"` // of Windows, where it stays
	Inode      uint64 `cbor:"5,keyasint,omitempty"`
}

// State is where an item stands. docs/states.md draws the ways between them.
type State string

// The states of an item. Sending in the ledger means that its gate is open.
const (
	Waiting   State = "waiting"
	Sending   State = "sending"
	Sent      State = "sent"
	Held      State = "held"
	Skipped   State = "skipped"
	Withdrawn State = "withdrawn"
)

// Reason says why an item is held.
type Reason string

// The reasons for which an item is held.
const (
	Rejected      Reason = "rejected"
	UnknownPerson Reason = "unknown-person"
	NameMismatch  Reason = "name-mismatch"
	Uncertain     Reason = "uncertain"
)

// ItemID identifies an item: a salted digest of person and content, 24 hex digits.
type ItemID string

// Item is one content for one person.
type Item struct {
	ID        ItemID
	Person    PersonKey
	SHA256    Digest
	Size      int64
	State     State
	Reason    Reason    // why it is held
	Detail    string    // in Bloxs's or our words: why it is held, or why the last try failed
	TraceID   string    // Bloxs's traceId of the last answer that had one
	Attempts  int       // tries that reached Bloxs or failed on the way there
	Due       time.Time // the next try, where it waits
	FirstSeen time.Time
	Changed   time.Time // of the state
	SentAt    time.Time
	FileID    int64 // from Bloxs; 0 where there is none (yet)
	Places    int   // how many paths hold this content for this person now
	Uncertain int   // how many of its gates ended without an answer
	Root      string
	Rel       string // the newest place, kept after the file is gone
	Base      string // of a skipped one: its path in the root's baseline. It has no SHA256

	turn uint64 // where it stands among the due ones; 0 while it is not due
}

// itemRecord is an Item as the ledger keeps it.
type itemRecord struct {
	Person    PersonKey `cbor:"1,keyasint"`
	SHA256    []byte    `cbor:"2,keyasint"`
	Size      int64     `cbor:"3,keyasint"`
	State     State     `cbor:"4,keyasint"`
	Reason    Reason    `cbor:"5,keyasint,omitempty"`
	Detail    string    `cbor:"6,keyasint,omitempty"`
	TraceID   string    `cbor:"7,keyasint,omitempty"`
	Attempts  int       `cbor:"8,keyasint,omitempty"`
	Due       int64     `cbor:"9,keyasint,omitempty"`
	FirstSeen int64     `cbor:"10,keyasint"`
	Changed   int64     `cbor:"11,keyasint"`
	SentAt    int64     `cbor:"12,keyasint,omitempty"`
	FileID    int64     `cbor:"13,keyasint,omitempty"`
	Places    int       `cbor:"14,keyasint,omitempty"`
	Uncertain int       `cbor:"15,keyasint,omitempty"`
	Root      string    `cbor:"16,keyasint"`
	Rel       string    `cbor:"17,keyasint"`
	Turn      uint64    `cbor:"18,keyasint,omitempty"`
	Base      string    `cbor:"19,keyasint,omitempty"`
}

func recordOf(it Item) itemRecord {
	return itemRecord{
		Person: it.Person, SHA256: it.SHA256[:], Size: it.Size, State: it.State, Reason: it.Reason, Detail: it.Detail,
		TraceID: it.TraceID, Attempts: it.Attempts, Due: toNano(it.Due), FirstSeen: toNano(it.FirstSeen),
		Changed: toNano(it.Changed), SentAt: toNano(it.SentAt), FileID: it.FileID, Places: it.Places,
		Uncertain: it.Uncertain, Root: it.Root, Rel: it.Rel, Turn: it.turn, Base: it.Base,
	}
}

func (r itemRecord) item(id ItemID) Item {
	it := Item{
		ID: id, Person: r.Person, Size: r.Size, State: r.State, Reason: r.Reason, Detail: r.Detail,
		TraceID: r.TraceID, Attempts: r.Attempts, Due: fromNano(r.Due), FirstSeen: fromNano(r.FirstSeen),
		Changed: fromNano(r.Changed), SentAt: fromNano(r.SentAt), FileID: r.FileID, Places: r.Places,
		Uncertain: r.Uncertain, Root: r.Root, Rel: r.Rel, turn: r.Turn, Base: r.Base,
	}
	copy(it.SHA256[:], r.SHA256)
	return it
}

func (r placeRecord) place(root string) Place {
	return Place{Root: root, Rel: r.Rel, Item: itemIDOf(r.Item), Look: r.Look, Folder: r.Folder, Racy: r.Racy, former: r.Former}
}

// Place is a path in a root that holds an item's content.
type Place struct {
	Root   string // as configured
	Rel    string // below it, "/"-separated, as the folder lists it
	Item   ItemID
	Look   Look
	Folder string // the name that the folder shows for its person, "" where it shows none
	Racy   bool   // changed so shortly before hashing that the next rescan hashes it again

	former bool // see placeRecord
}
