package model

import (
	"errors"
	"sync"
	"time"
)

// The steps in which a transition becomes durable. Options.Step is told of each
// when it has been done.
type Step string

// The steps. A line that was appended and not synced may be there after a crash,
// or not.
const (
	Appended  Step = "a journal line was written, but not synced"
	Synced    Step = "the journal was synced"
	Changed   Step = "the ledger was changed, but not committed"
	Committed Step = "the ledger was committed"
)

// ErrDead is what every call gets from a process that has crashed.
var ErrDead = errors.New("the process is dead")

// Refusals that package store keeps to itself.
var (
	errRun        = errors.New("another baseline of this root was begun since")
	errNoBaseline = errors.New("the baseline of this root is not complete")
)

// Options is what a Store needs. Step may be nil.
type Options struct {
	ID, Salt string
	Now      func() time.Time
	// CommitEvery is how old a change gets that only the ledger knows; 0: Flush
	// alone commits.
	CommitEvery time.Duration
	// Step is told of each step. ErrDead ends the process at that moment; any
	// other error has the step fail, as on a full disk.
	Step func(Step) error
}

// Store is a ledger with its journal. It has the methods of store.Store.
type Store struct {
	opts Options

	mu        sync.Mutex
	now       *picture // all that was done
	committed *picture // what of it is in ledger.db
	journal   []Line
	synced    int // lines of it
	changes   int // since the last commit
	changedAt time.Time
	dead      bool
	taking    int // baselines, at the moment
}

const commitAfter = 1000

// New makes the ledger of a first start.
func New(opts Options) *Store {
	if opts.Step == nil {
		opts.Step = func(Step) error { return nil }
	}
	s := &Store{opts: opts, now: newPicture(opts.Salt), journal: []Line{{Op: Ledger, At: opts.Now()}}, synced: 1}
	s.now.applied = 1
	s.committed = s.now.clone()
	return s
}

// step tells of a step, and goes back to what is durable where it fails.
func (s *Store) step(is Step) error {
	err := s.opts.Step(is)
	if err == nil {
		return nil
	}
	if errors.Is(err, ErrDead) {
		s.dead = true
		return err
	}
	s.rollback()
	return err
}

// rollback forgets what is not on the disk.
func (s *Store) rollback() {
	s.journal = s.journal[:s.synced]
	s.now = s.committed.clone()
	s.changes = 0
	s.catchUp()
}

// catchUp applies the journal's lines behind the ledger's.
func (s *Store) catchUp() {
	for s.now.applied < len(s.journal) {
		ln := s.journal[s.now.applied]
		s.now.applied++
		if err := s.now.record(ln); err != nil {
			panic("a line of the journal can't be applied: " + err.Error())
		}
		s.touched(1 + len(ln.Files))
	}
}

func (s *Store) touched(n int) {
	if s.changes == 0 {
		s.changedAt = s.opts.Now()
	}
	s.changes += n
}

// write makes a transition, and the lines that it appends durable.
func (s *Store) write(fn func(l *picture) error) error {
	return s.change(fn, func() error {
		if len(s.journal) > s.synced {
			return s.sync()
		}
		return s.step(Changed)
	})
}

// writeThrough makes a transition and commits it.
func (s *Store) writeThrough(fn func(l *picture) error) error {
	return s.change(fn, func() error {
		if err := s.step(Changed); err != nil {
			return err
		}
		return s.commit()
	})
}

func (s *Store) change(fn func(l *picture) error, keep func() error) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.ready(); err != nil {
		return err
	}
	if err := fn(s.now); err != nil {
		return err
	}
	s.touched(1)
	return keep()
}

// ready commits what the store's own clock would have by now.
func (s *Store) ready() error {
	if s.dead {
		return ErrDead
	}
	every := s.opts.CommitEvery
	if s.changes > 0 && (s.changes >= commitAfter || every > 0 && s.opts.Now().Sub(s.changedAt) >= every) {
		return s.commit()
	}
	return nil
}

func (s *Store) sync() error {
	if err := s.step(Appended); err != nil {
		return err
	}
	s.synced = len(s.journal)
	return s.step(Synced)
}

// commit lets the journal go first, so that the ledger never knows more than it.
func (s *Store) commit() error {
	if len(s.journal) > s.synced {
		if err := s.sync(); err != nil {
			return err
		}
	}
	before := s.committed
	s.committed = s.now.clone()
	s.changes = 0
	err := s.step(Committed)
	if err != nil && !errors.Is(err, ErrDead) {
		s.committed = before
		s.rollback()
	}
	return err
}

func (s *Store) append(l *picture, ln Line) {
	s.journal = append(s.journal, ln)
	l.applied = len(s.journal)
}

// read shows every transition so far.
func (s *Store) read(fn func(l *picture) error) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.dead {
		return ErrDead
	}
	return fn(s.now)
}

// readCommitted shows only what is in ledger.db.
func (s *Store) readCommitted(fn func(l *picture)) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.ready(); err != nil {
		return err
	}
	fn(s.committed)
	return nil
}

// Flush commits, as the store does every second.
func (s *Store) Flush() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.dead {
		return ErrDead
	}
	if s.changes == 0 {
		return nil
	}
	return s.commit()
}

// Close is a clean stop.
func (s *Store) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.dead {
		return ErrDead
	}
	err := s.commit()
	s.dead = true
	return err
}

// Kill ends the process between two steps.
func (s *Store) Kill() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.dead = true
}

// Unsynced is how many lines of the journal a power cut would lose.
func (s *Store) Unsynced() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.journal) - s.synced
}

// Reopen is the next start, after Close or a crash: of the lines that were not
// synced so many are there.
func (s *Store) Reopen(survive int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.synced += min(survive, len(s.journal)-s.synced)
	s.dead, s.taking = false, 0
	s.rollback()
}

// RebuildLedger is the next start where ledger.db is lost.
func (s *Store) RebuildLedger() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.journal = s.journal[:s.synced]
	s.committed = newPicture(s.opts.Salt)
	s.dead, s.taking = false, 0
	s.rollback()
	s.committed, s.changes = s.now.clone(), 0
}

// Journal is every line, the synced ones first.
func (s *Store) Journal() []Line {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]Line(nil), s.journal...)
}

// ID is the ledger's own.
func (s *Store) ID() string { return s.opts.ID }

// Position counts the journal's lines for ever.
func (s *Store) Position() uint64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.now.base + uint64(s.synced)
}

// Room is always there.
func (s *Store) Room() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.dead {
		return ErrDead
	}
	return nil
}
