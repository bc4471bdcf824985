package store

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"runtime/debug"
	"sync"
	"sync/atomic"
	"time"

	"github.com/gofrs/flock"
	bolt "go.etcd.io/bbolt"
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
	ErrNone     = errors.New("there is no ledger yet")
	ErrNewer    = errors.New("the ledger was written by a newer bloxdrop; install that version, or restore a backup made by this one")
	ErrDamaged  = errors.New("the ledger is damaged")
	ErrNoItem   = errors.New("no such item")
	ErrNotState = errors.New("the item is not in a state for that")
)

// Store is the memory of one bloxdrop. All methods are safe for concurrent use.
type Store struct {
	opts    Options
	lock    *flock.Flock
	db      atomic.Pointer[bolt.DB] // read by Known and its kind without the lock
	journal *journal

	mu      sync.Mutex
	tx      *bolt.Tx // holds every transition since the last commit
	m       meta
	changes int   // transitions in tx
	broken  error // a damaged record or page was met: nothing more is written

	stop    chan struct{}
	stopped chan struct{}
}

const (
	commitEvery = time.Second // a kill loses at most this much of what the journal doesn't hold: due times and reasons
	commitAfter = 1000        // transitions, so that a transaction stays small
)

// Refusals leave the transaction as it was; after any other error it is rolled back.
func refusal(err error) bool {
	return errors.Is(err, ErrNoItem) || errors.Is(err, ErrNotState)
}

// write runs fn on the open transaction and returns when the last line that fn
// appended is on the disk.
func (s *Store) write(fn func(l ledger) error) error {
	pos, err := s.apply(fn, false)
	if err != nil || pos == (position{}) {
		return err
	}
	if err := s.journal.wait(pos); err != nil {
		return errors.Join(err, s.heal())
	}
	return nil
}

// writeThrough is write, with the ledger itself on the disk as well.
func (s *Store) writeThrough(fn func(l ledger) error) error {
	_, err := s.apply(fn, true)
	return err
}

// apply returns where in the journal the transition stands, if it stands there.
func (s *Store) apply(fn func(l ledger) error, through bool) (position, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.usable(); err != nil {
		return position{}, err
	}
	before := s.m.Applied
	err := s.guarded(fn)
	if err != nil && !refusal(err) {
		return position{}, errors.Join(err, s.rollback())
	}
	if err != nil {
		return position{}, err
	}
	s.changes++
	after := s.m.Applied
	if through || s.changes >= commitAfter {
		return position{}, s.commit()
	}
	if after == before {
		return position{}, nil
	}
	return after, nil
}

// read runs fn on the open transaction, which shows every transition so far.
func (s *Store) read(fn func(l ledger) error) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.tx == nil {
		return s.usable()
	}
	return s.guarded(fn)
}

// guarded turns a damaged page, on which bbolt panics or faults, into an error.
func (s *Store) guarded(fn func(l ledger) error) (err error) {
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("%w: %v", errRecord, p)
		}
		if errors.Is(err, errRecord) {
			s.broken = fmt.Errorf("%w: %w", ErrDamaged, err)
			err = s.broken
		}
	}()
	return fn(ledger{tx: s.tx, m: &s.m})
}

func (s *Store) usable() error {
	switch {
	case s.broken != nil:
		return s.broken
	case s.journal.failure() != nil, s.tx == nil:
		return s.rollback()
	}
	return nil
}

// append puts a line into the journal, as part of a transition.
func (s *Store) append(l ledger, ln line) error {
	ln.At = s.opts.Now()
	pos, err := s.journal.append(ln)
	if err != nil {
		return err
	}
	l.m.Applied = pos
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
// than it. After an error there is no open transaction.
func (s *Store) tryCommit() error {
	if err := s.journal.wait(s.m.Applied); err != nil {
		return err
	}
	err := s.guarded(func(l ledger) error {
		if err := l.saveMeta(); err != nil {
			return err
		}
		return l.tx.Commit()
	})
	if err != nil {
		_ = s.tx.Rollback() // fails where Commit has ended it already
		s.tx = nil
		return err
	}
	s.changes = 0
	return s.begin()
}

func (s *Store) begin() error {
	s.tx = nil
	tx, err := s.db.Load().Begin(true)
	if err != nil {
		return fmt.Errorf("open the ledger: %w", err)
	}
	s.tx, s.m = tx, meta{}
	return s.guarded(func(l ledger) error {
		ok, err := l.get(bucketMeta, keyMeta, l.m)
		if err == nil && !ok {
			err = errRecord
		}
		if l.m.Items == nil {
			l.m.Items = map[State]int{}
		}
		return err
	})
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
// journal has durably got.
func (s *Store) rollback() error {
	if s.broken != nil {
		return nil
	}
	if err := s.journal.reset(); err != nil {
		return err
	}
	if s.tx != nil {
		_ = s.tx.Rollback() // fails only where a commit ended it already
		s.tx = nil
	}
	if err := s.db.Load().Close(); err != nil {
		return fmt.Errorf("close the ledger: %w", err)
	}
	db, err := openLedger(s.path(ledgerName))
	if err != nil {
		return err
	}
	s.db.Store(db)
	s.changes = 0
	if err := s.begin(); err != nil {
		return err
	}
	return s.catchUp()
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
	if s.tx != nil {
		_ = s.tx.Rollback() // nothing is left in it
		s.tx = nil
	}
	err = errors.Join(err, s.db.Load().Close(), s.journal.close())
	if err == nil {
		err = writeCleanStop(s.opts.Dir)
	}
	return errors.Join(err, s.lock.Unlock())
}

func (s *Store) path(name string) string { return filepath.Join(s.opts.Dir, name) }

// ID is the ledger's own.
func (s *Store) ID() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.m.Ledger
}

// JournalSyncs counts how often the journal was made durable, for tests and metrics.
func (s *Store) JournalSyncs() int64 {
	s.journal.mu.Lock()
	defer s.journal.mu.Unlock()
	return s.journal.syncs
}

// syncDir makes a rename in dir durable. Windows has no such call and needs none.
func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	defer d.Close()
	return ignoreUnsupported(d.Sync())
}
