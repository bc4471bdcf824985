package store

import (
	"errors"
	"fmt"
	"os"
	"sync"
)

// ErrDiskFull says that the disk of the store has no room for receipts.
var ErrDiskFull = errors.New("the disk of store.dir is full")

const (
	ballastName = "ballast"
	// A receipt takes under a kilobyte of the journal; the ledger grows by 16 MiB at a time.
	ballastSize = 16 << 20
	roomLeast   = 16 << 20 // free besides the ballast, for a gate to open
)

// ballast is a file that takes up room for receipts. When the disk is full it
// is given up, so that what Bloxs has taken can still be written down.
type ballast struct {
	mu   sync.Mutex
	path string
	warn bool // it could not be made, and that was said
}

// Room tells whether the receipts of gates that open now can be written:
// ErrDiskFull says that they might not be.
func (s *Store) Room() error {
	b := &s.ballast
	b.mu.Lock()
	defer b.mu.Unlock()
	free, err := freeBytes(s.opts.Dir)
	if err != nil {
		return nil // only a write can tell then
	}
	need := uint64(roomLeast)
	fi, err := os.Stat(b.path)
	there := err == nil && fi.Size() == ballastSize
	if !there {
		need += ballastSize
	}
	if free < need {
		return fmt.Errorf("%w: %d MiB are free, and %d MiB are needed", ErrDiskFull, free>>20, need>>20)
	}
	if there {
		return nil
	}
	err = reserve(b.path, ballastSize)
	if isFull(err) {
		return errors.Join(fmt.Errorf("%w: %w", ErrDiskFull, err), os.Remove(b.path))
	}
	if err != nil && !b.warn {
		b.warn = true
		s.opts.Log.Warn("no room can be set aside for receipts, in case that the disk gets full", "path", b.path, "err", err)
	}
	return nil
}

// giveBallast gives the ballast up, if err says that the disk is full.
func (s *Store) giveBallast(err error) {
	b := &s.ballast
	b.mu.Lock()
	defer b.mu.Unlock()
	if !isFull(err) {
		return
	}
	if err := os.Remove(b.path); err == nil {
		s.opts.Log.Error("the disk is full: the room that was set aside for receipts is given up", "path", b.path)
	}
}

// fill writes a file out where the system can't just set room aside.
func fill(f *os.File, size int64) error {
	b := make([]byte, 1<<20)
	for at := int64(0); at < size; at += int64(len(b)) {
		if _, err := f.WriteAt(b, at); err != nil {
			return err
		}
	}
	return f.Sync()
}

// reserve makes a file that takes up so much room.
func reserve(path string, size int64) error {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return err
	}
	err = allocate(f, size)
	return errors.Join(err, f.Close())
}
