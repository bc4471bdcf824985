package store

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	"github.com/gofrs/flock"
	bolt "go.etcd.io/bbolt"

	"bloxdrop/internal/failpoint"
)

// Options is what a store needs from outside.
type Options struct {
	Dir string
	Now func() time.Time
	Log *slog.Logger
	// DeepCheck runs CheckLedger(path) where a fault can't end this process: in
	// a process of its own.
	DeepCheck func(ctx context.Context, path string) error
}

// Errors that a caller acts on.
var (
	ErrLocked   = errors.New("another bloxdrop uses this store")
	ErrNewer    = errors.New("the ledger was written by a newer bloxdrop; install that version, or restore a backup made by this one")
	ErrDamaged  = errors.New("the ledger is damaged")
	ErrNoItem   = errors.New("no such item")
	ErrNotState = errors.New("the item is not in a state for that")

	errClosed    = errors.New("the store is closed")
	errUnchecked = errors.New("ledger and journal could not be checked")
)

// Store is the memory of one bloxdrop. All methods are safe for concurrent use.
type Store struct {
	opts    Options
	lock    *flock.Flock
	db      atomic.Pointer[bolt.DB] // read by Known and its kind without the lock
	journal *journal
	ballast ballast

	mu       sync.Mutex
	tx       *bolt.Tx // holds every transition since the last commit
	m        meta
	changes  int          // transitions in tx
	taking   atomic.Int32 // baselines, at the moment
	appended *lines       // with the journal line of the transition at work
	broken   error        // a damaged record or page was met, or the store is closed: nothing more is written

	damaged chan struct{}
	stop    chan struct{}
	stopped chan struct{}
}

const (
	commitEvery = time.Second // a kill loses at most this much of what the journal doesn't hold: due times and reasons
	commitAfter = 1000        // transitions, so that a transaction stays small
)

// Refusals leave the transaction as it was; after any other error it is rolled back.
func refusal(err error) bool {
	var moved *MovedError
	var inUse *InUseError
	return errors.Is(err, ErrNoItem) || errors.Is(err, ErrNotState) || errors.Is(err, errRun) || errors.Is(err, errNoBaseline) || errors.As(err, &moved) || errors.As(err, &inUse)
}

// write runs fn on the open transaction and returns when the line that fn
// appended is on the disk.
func (s *Store) write(fn func(l ledger) error) error {
	appended, err := s.apply(fn)
	if err != nil || appended == nil {
		return err
	}
	if err := s.journal.wait(appended); err != nil {
		s.giveBallast(err)
		return errors.Join(err, s.heal())
	}
	return nil
}

// writeThrough is write for what stands in the ledger alone, which is on the
// disk when it returns.
func (s *Store) writeThrough(fn func(l ledger) error) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.attempt(fn); err != nil {
		return err
	}
	return s.commit()
}

// commitNow puts on the disk what stands in the ledger alone.
func (s *Store) commitNow() error { return s.writeThrough(func(ledger) error { return nil }) }

// apply returns the journal lines with which the transition stands or falls, if
// it has any. A commit comes before it, never behind: whether it fails has
// then nothing to do with this transition.
func (s *Store) apply(fn func(l ledger) error) (*lines, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.changes >= commitAfter {
		if err := s.commit(); err != nil {
			return nil, err
		}
	}
	s.appended = nil
	err := s.attempt(fn)
	return s.appended, err
}

// attempt runs fn whole or not at all.
func (s *Store) attempt(fn func(l ledger) error) error {
	if err := s.usable(); err != nil {
		return err
	}
	err := s.guarded(fn)
	switch {
	case err == nil:
		s.changes++
	case !refusal(err):
		err = errors.Join(err, s.rollback())
	}
	return err
}

// read runs fn on the open transaction, which shows every transition so far.
func (s *Store) read(fn func(l ledger) error) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.tx == nil {
		if err := s.usable(); err != nil {
			return err
		}
	}
	return s.guarded(fn)
}

// guarded turns a damaged page, on which bbolt panics or faults, into an error.
func (s *Store) guarded(fn func(l ledger) error) error {
	return s.noteDamage(guard(func() error { return fn(ledger{tx: s.tx, m: &s.m}) }))
}

// noteDamage ends all writing when err tells of damage.
func (s *Store) noteDamage(err error) error {
	if !errors.Is(err, errRecord) {
		return err
	}
	if s.broken == nil {
		close(s.damaged)
	}
	s.broken = fmt.Errorf("%w: %w", ErrDamaged, err)
	return s.broken
}

// Damaged is closed when damage is met while the store is open. Nothing is
// written then any more; closing it and opening it again mends what can be.
func (s *Store) Damaged() <-chan struct{} { return s.damaged }

func (s *Store) usable() error {
	switch {
	case s.broken != nil:
		return s.broken
	case s.journal.failure() != nil, s.tx == nil:
		return s.rollback()
	}
	return nil
}

// append puts a line into the journal, as the last thing in a transition.
func (s *Store) append(l ledger, ln line) error {
	ls, pos, err := s.journal.append(ln)
	if err != nil {
		return err
	}
	l.m.Applied, s.appended = pos, ls
	return nil
}

// commit makes the ledger durable, or goes back to what is.
func (s *Store) commit() error {
	if err := s.tryCommit(); err != nil {
		return errors.Join(fmt.Errorf("write the ledger: %w", err), s.rollback())
	}
	return nil
}

// tryCommit lets the journal go first, so that the ledger never knows more
// than it.
func (s *Store) tryCommit() error {
	if err := s.journal.flush(); err != nil {
		return err
	}
	err := s.guarded(func(l ledger) error {
		if err := l.saveMeta(); err != nil {
			return err
		}
		failpoint.At("ledger commit")
		return l.tx.Commit()
	})
	failpoint.At("ledger committed")
	s.drop()
	if err != nil {
		return err
	}
	return s.begin()
}

// begin opens a transaction, or leaves none open.
func (s *Store) begin() error {
	tx, err := s.db.Load().Begin(true)
	if err != nil {
		return fmt.Errorf("open the ledger: %w", err)
	}
	s.tx, s.changes = tx, 0
	err = s.guarded(func(l ledger) error {
		m := meta{Items: map[State]int{}, Places: map[uint32]int{}}
		ok, err := l.get(bucketMeta, keyMeta, &m)
		if err == nil && !ok {
			err = fmt.Errorf("%w: it has no meta", errRecord)
		}
		if err == nil {
			s.m = m
		}
		return err
	})
	if err != nil {
		s.drop()
	}
	return err
}

// drop ends the open transaction, if there is one, and forgets what is in it.
func (s *Store) drop() {
	if s.tx == nil {
		return
	}
	_ = s.guarded(func(l ledger) error { return l.tx.Rollback() }) // fails where a commit has ended it
	s.tx, s.changes = nil, 0
}

// heal brings journal and ledger back to what is durable, after a write failed.
func (s *Store) heal() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.journal.failure() == nil {
		return nil // another has healed it
	}
	return s.rollback()
}

// rollback forgets the open transaction, opens the ledger again, since after a
// failed commit only the file tells what it holds, and applies what the
// journal has durably got. The journal is mended last: while it can't be
// written, the ledger can be read, and shows nothing that isn't durable.
func (s *Store) rollback() error {
	if s.broken != nil {
		return nil
	}
	s.journal.cut()
	s.drop()
	_ = s.db.Load().Close() // it is closed then, whatever it says
	db, err := openLedger(s.path(ledgerName))
	if err != nil {
		return err
	}
	s.db.Store(db)
	if err := s.begin(); err != nil {
		return err
	}
	if err := s.catchUp(); err != nil {
		s.drop()
		return err
	}
	return s.journal.mend()
}

// flush commits now and then until the store is closed.
func (s *Store) flush() {
	defer close(s.stopped)
	tick := time.NewTicker(commitEvery)
	defer tick.Stop()
	for {
		select {
		case <-s.stop:
			return
		case <-tick.C:
		}
		s.mu.Lock()
		if s.changes > 0 && s.broken == nil && s.tx != nil {
			if err := s.commit(); err != nil {
				s.opts.Log.Error("the ledger could not be written, trying again", "dir", s.opts.Dir, "err", err)
			}
		}
		s.mu.Unlock()
	}
}

// Close commits, and notes down that it was a clean stop.
func (s *Store) Close() error {
	close(s.stop)
	<-s.stopped
	s.mu.Lock()
	defer s.mu.Unlock()
	err := s.broken
	if err == nil {
		err = s.usable()
	}
	if err == nil {
		err = s.commit()
	}
	if s.broken == nil {
		s.drop()
	}
	err = errors.Join(err, s.closeLedger(), s.journal.close())
	s.broken = errClosed
	if err == nil {
		err = writeCleanStop(s.opts.Dir, s.m.position())
	}
	return errors.Join(err, s.lock.Unlock())
}

const closeWithin = 2 * time.Second

// closeLedger gives a damaged ledger up that bbolt can't close, since it has
// panicked with its locks held. That file stays locked until the process ends.
func (s *Store) closeLedger() error {
	if s.broken == nil {
		return s.db.Load().Close()
	}
	closed := make(chan error, 1)
	tx, db := s.tx, s.db.Load()
	s.tx = nil
	go func() {
		if tx != nil {
			_ = guard(tx.Rollback) // it is damaged: nothing of it is kept
		}
		closed <- db.Close()
	}()
	select {
	case err := <-closed:
		return err
	case <-time.After(closeWithin):
		return errors.New("the damaged ledger can't be closed")
	}
}

func (s *Store) path(name string) string { return filepath.Join(s.opts.Dir, name) }

// ID is the ledger's own.
func (s *Store) ID() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.m.Ledger
}

// Position grows with every line that the journal has durably got, also over a
// journal that was written anew: a ledger with a lower one lacks something.
func (s *Store) Position() uint64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.m.Base + s.journal.durable().Seq
}

// Sizes tells how many bytes ledger and journal take.
func (s *Store) Sizes() (ledgerSize, journalSize int64, err error) {
	err = s.read(func(l ledger) error {
		ledgerSize, journalSize = l.tx.Size(), s.journal.durable().End
		return nil
	})
	return ledgerSize, journalSize, err
}

// JournalSyncs counts how often the journal was made durable, for tests and metrics.
func (s *Store) JournalSyncs() int64 {
	s.journal.mu.Lock()
	defer s.journal.mu.Unlock()
	return s.journal.syncs
}
