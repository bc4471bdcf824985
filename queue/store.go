package queue

import (
	"time"

	"bloxdrop/store"
)

// Store is what the queue needs of package store: each method is a whole
// transition, as described there. It is an interface so that the simulation
// can put its model of the ledger, which crashes between any two steps, in its
// place.
type Store interface {
	Offer(batch []store.Offer) error
	Gone(root string, rels []string) error
	GoneBelow(root, dir string) error
	Suspect(places []store.Place) error
	Known(root, dir string, names []string) ([]store.Known, error)
	Places(root, dir string) (files int, folders []string, err error)
	Files(root, dir string) ([]string, error)

	Baseline(root string) (store.Baseline, error)
	TakeBaseline(root string, walk func(add func([]store.BaselineFile) error) error) (files int, err error)
	Skip(root string, files []store.Found) ([]bool, error)
	Send(root, rel string) (int, error)

	Take(taken func(store.ItemID) bool, horizon time.Duration) (it store.Item, places []store.Place, next time.Time, err error)
	OpenGate(id store.ItemID, from store.Place) error
	Receipt(id store.ItemID, fileID int64) error
	NotStored(id store.ItemID, t store.Try) error
	Hold(id store.ItemID, why store.Reason, t store.Try) error
	NobodyKnows(id store.ItemID, again bool, t store.Try) error

	Resolve(id store.ItemID, sent bool, fileID int64) error
	Retry(id store.ItemID) (changed bool, err error)
	Confirm(key store.PersonKey, folder string) (int, error)
	SendAgain(id store.ItemID) error
	PausedByHand() (since time.Time, err error)
	PauseByHand(paused bool) error
	List(state store.State, after string, n int) (store.Page, error)

	Person(key store.PersonKey) (store.Person, error)
	PersonFound(key store.PersonKey, names []string) error
	PersonUnknown(key store.PersonKey, detail string, next time.Time) error
	PersonUnchecked(key store.PersonKey) error
	LookUpDue(horizon time.Duration) (key store.PersonKey, ok bool, next time.Time, err error)
	LookUpLater(key store.PersonKey, next time.Time) error

	// Room tells why there is no room left to write receipts down.
	Room() error
}

var _ Store = (*store.Store)(nil)
