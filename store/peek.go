package store

import (
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"time"

	bolt "go.etcd.io/bbolt"
	berrors "go.etcd.io/bbolt/errors"
)

// Peek reads a ledger that no bloxdrop has open, as its last commit left it.
// It changes nothing in the store's folder, whatever state that is in.
type Peek struct {
	db    *bolt.DB
	store *Store // for its reading methods alone
}

// PeekAt opens the ledger of the store in dir. It returns ErrLocked where
// another process has it open, ErrNewer, and ErrDamaged where it can't be read;
// that it can be is no proof that it is sound.
func PeekAt(dir string) (p *Peek, err error) {
	path := filepath.Join(dir, ledgerName)
	fi, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if fi.Size() == 0 {
		return nil, fmt.Errorf("%w: %s is empty", ErrDamaged, path)
	}
	p = &Peek{store: &Store{damaged: make(chan struct{})}}
	err = guard(func() error {
		p.db, err = bolt.Open(path, 0o600, &bolt.Options{Timeout: 2 * time.Second, ReadOnly: true})
		return err
	})
	var system *os.PathError
	switch {
	case errors.Is(err, berrors.ErrTimeout):
		return nil, fmt.Errorf("%w (%s is locked)", ErrLocked, path)
	case errors.As(err, &system):
		return nil, err // says nothing about the ledger
	case err != nil:
		return nil, fmt.Errorf("%w: %w", ErrDamaged, err)
	}
	err = guard(func() error {
		if p.store.tx, err = p.db.Begin(false); err != nil {
			return err
		}
		p.store.m, err = metaOf(p.store.tx)
		return err
	})
	switch {
	case err != nil:
		err = fmt.Errorf("%w: %w", ErrDamaged, err)
	case p.store.m.Schema > schemaVersion:
		err = fmt.Errorf("%w (it has schema %d, this one knows %d)", ErrNewer, p.store.m.Schema, schemaVersion)
	}
	if err != nil {
		return nil, errors.Join(err, p.Close())
	}
	return p, nil
}

// What follows is as a Store's.

func (p *Peek) Counts() (Counts, error) { return p.store.Counts() }
func (p *Peek) ItemAt(root, rel string) (it Item, pl Place, e error) {
	return p.store.ItemAt(root, rel)
}
func (p *Peek) Person(key PersonKey) (Person, error)            { return p.store.Person(key) }
func (p *Peek) ID() string                                      { return p.store.ID() }
func (p *Peek) Marked(root string) (bool, error)                { return p.store.Marked(root) }
func (p *Peek) DoubtAbout(root string) (*Doubt, error)          { return p.store.DoubtAbout(root) }
func (p *Peek) Moved(root string, home Home, of PersonOf) error { return p.store.Moved(root, home, of) }
func (p *Peek) MovedFrom(former string, home Home, of PersonOf) error {
	return p.store.MovedFrom(former, home, of)
}
func (p *Peek) PlacesIn(root string) (int, error) { return p.store.PlacesIn(root) }

// Position is the highest there can be where the last stop was not clean: the
// journal, which isn't read here, may be ahead of the ledger then.
func (p *Peek) Position() uint64 {
	if !p.StoppedCleanly() {
		return math.MaxUint64
	}
	return p.store.m.position()
}

// StoppedCleanly tells whether the ledger is as a clean stop left it.
func (p *Peek) StoppedCleanly() bool {
	ledger, _ := stoppedCleanly(filepath.Dir(p.db.Path()))
	return ledger
}

// Close lets the ledger go. One that bbolt has panicked over may keep its locks
// and can't be closed: it is given up.
func (p *Peek) Close() error {
	closed := make(chan error, 1)
	go func() {
		closed <- guard(func() error {
			if p.store.tx != nil {
				_ = p.store.tx.Rollback()
			}
			return p.db.Close()
		})
	}()
	select {
	case err := <-closed:
		return err
	case <-time.After(closeWithin):
		return errors.New("the damaged ledger can't be closed")
	}
}
