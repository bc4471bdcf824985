package store

import (
	"bufio"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"syscall"
	"time"

	"github.com/gofrs/flock"
	bolt "go.etcd.io/bbolt"
	berrors "go.etcd.io/bbolt/errors"
)

// Open opens the store in dir, or makes one there. Whatever of the two files
// is missing or damaged is set aside and made anew from the other, and said in
// the log. ErrDamaged means that neither can be trusted: nothing was changed.
// ErrLocked means that another process has the store.
func Open(ctx context.Context, opts Options) (*Store, error) {
	if err := makeFolder(opts.Dir); err != nil {
		return nil, fmt.Errorf("make the store's folder: %w", err)
	}
	lock, err := lockDir(ctx, opts.Dir)
	if err != nil {
		return nil, err
	}
	s := &Store{opts: opts, lock: lock, ballast: ballast{path: filepath.Join(opts.Dir, ballastName)}, damaged: make(chan struct{}), stop: make(chan struct{}), stopped: make(chan struct{})}
	if err := s.open(ctx); err != nil {
		return nil, errors.Join(err, lock.Unlock())
	}
	go s.flush()
	return s, nil
}

// Exists tells whether dir holds a store.
func Exists(dir string) bool {
	for _, name := range []string{ledgerName, journalName, decided} {
		if _, err := os.Stat(filepath.Join(dir, name)); !errors.Is(err, os.ErrNotExist) {
			return true
		}
	}
	return false
}

func lockDir(ctx context.Context, dir string) (*flock.Flock, error) {
	lock := flock.New(filepath.Join(dir, lockName), flock.SetPermissions(0o600))
	ctx, cancel := context.WithTimeout(ctx, 2*time.Second)
	defer cancel()
	ok, err := lock.TryLockContext(ctx, 50*time.Millisecond)
	if ok {
		return lock, nil
	}
	if err != nil && !errors.Is(err, context.DeadlineExceeded) {
		return nil, fmt.Errorf("lock %s: %w", lock.Path(), err)
	}
	return nil, fmt.Errorf("%w (%s is locked)", ErrLocked, lock.Path())
}

// open decides what to trust, mends the other, and catches up.
func (s *Store) open(ctx context.Context) error {
	if err := s.finishReplacing(); err != nil {
		return fmt.Errorf("finish a restore or a repair that was broken off: %w", err)
	}
	ledgerAsLeft, bothAsLeft := stoppedCleanly(s.opts.Dir)
	ledgerErr := s.examineLedger(ctx, ledgerAsLeft)
	if errors.Is(ledgerErr, ErrNewer) || errors.Is(ledgerErr, ErrLocked) ||
		errors.Is(ledgerErr, errUnchecked) || ctx.Err() != nil {
		return errors.Join(ledgerErr, ctx.Err())
	}
	if ledgerErr == nil {
		if err := s.settleNext(); err != nil {
			return err
		}
	}
	head, end, journalErr := s.examineJournal(bothAsLeft)
	if errors.Is(journalErr, ErrNewer) || errors.Is(journalErr, errUnchecked) {
		return journalErr
	}
	if journalErr == nil && ledgerErr != nil && journalCut(s.opts.Dir) {
		journalErr = errors.New("the journal is shorter than the last stop left it")
	}
	var err error
	switch {
	case errors.Is(ledgerErr, os.ErrNotExist) && errors.Is(journalErr, os.ErrNotExist) && !s.wasUsed():
		end, err = s.begetBoth()
	case ledgerErr != nil && journalErr != nil:
		err = fmt.Errorf("%w, and its journal can't replace it: %w; %w", ErrDamaged, ledgerErr, journalErr)
	case ledgerErr != nil:
		err = s.rebuildLedger(head, end, ledgerErr)
	default:
		if journalErr == nil {
			journalErr = s.belong(head, end)
		}
		if errors.Is(journalErr, ErrDamaged) || errors.Is(journalErr, errUnchecked) {
			return journalErr
		}
		if err := s.migrate(); err != nil {
			return err
		}
		if journalErr != nil {
			end, err = s.rewriteJournal(journalErr, ledgerAsLeft)
		}
	}
	if err != nil {
		return err
	}
	if err := errors.Join(forgetStop(s.opts.Dir), s.clearAway()); err != nil {
		return err
	}
	if err := s.start(end); err != nil {
		return err
	}
	s.sweepAtStart()
	return nil
}

// wasUsed tells whether the folder shows that there has been a store before.
// Both files are born whole, so that even an empty one is no first start.
func (s *Store) wasUsed() bool {
	found, err := s.named(cleanName, "control.json", "token.json", "*"+damagedAs+"*", "*"+replaced+"*", "*.schema-*", newFolder)
	return err != nil || len(found) > 0
}

// named lists what lies in the store's folder under such names.
func (s *Store) named(patterns ...string) (found []string, err error) {
	entries, err := os.ReadDir(s.opts.Dir)
	for _, e := range entries {
		if slices.ContainsFunc(patterns, func(p string) bool {
			ok, err := filepath.Match(p, e.Name())
			return err == nil && ok // they are ours, and sound
		}) {
			found = append(found, s.path(e.Name()))
		}
	}
	return found, err
}

// clearAway removes what a kill has left over of a file that was being written,
// or of a restore.
func (s *Store) clearAway() error {
	left, err := s.named("*"+Leftover, newFolder)
	for _, path := range left {
		err = errors.Join(err, os.RemoveAll(path))
	}
	return err
}

// start opens both files for good and brings the ledger up to the journal.
func (s *Store) start(end position) error {
	f, err := os.OpenFile(s.path(journalName), os.O_RDWR, 0o600)
	if err != nil {
		return err
	}
	s.journal = newJournal(f, end)
	if err := s.journal.mend(); err != nil { // cuts a torn line off
		return errors.Join(err, f.Close())
	}
	db, err := openLedger(s.path(ledgerName))
	if err != nil {
		return errors.Join(err, f.Close())
	}
	s.db.Store(db)
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.begin(); err != nil {
		return errors.Join(err, db.Close(), f.Close())
	}
	if err := s.catchUp(); err != nil {
		s.drop()
		return errors.Join(fmt.Errorf("bring the ledger up to its journal: %w", err), db.Close(), f.Close())
	}
	return nil
}

// examineLedger returns nil for a ledger that can be opened. os.ErrNotExist
// and emptiness count as damage, since bbolt would make a new one of them.
func (s *Store) examineLedger(ctx context.Context, clean bool) error {
	path := s.path(ledgerName)
	fi, err := os.Stat(path)
	if err != nil {
		return unopened(err)
	}
	if fi.Size() == 0 {
		return fmt.Errorf("%s is empty", path)
	}
	if !clean {
		s.opts.Log.Info("the last stop was not clean, or the ledger has changed since: every page of it is checked", "path", path)
		if err := s.opts.DeepCheck(ctx, path); err != nil && !errors.Is(err, ErrDamaged) {
			return fmt.Errorf("%w: %w", errUnchecked, err)
		} else if err != nil {
			return err
		}
	}
	m, err := readMeta(path)
	if errors.Is(err, berrors.ErrTimeout) {
		return fmt.Errorf("%w (%s is locked)", ErrLocked, path)
	}
	if err != nil {
		return unopened(err)
	}
	if m.Schema > schemaVersion {
		return fmt.Errorf("%w (it has schema %d, this one knows %d)", ErrNewer, m.Schema, schemaVersion)
	}
	return nil
}

// unopened tells of a file that is there and can't be opened, for want of rights
// or descriptors: that says nothing of what is in it.
func unopened(err error) error {
	var system syscall.Errno
	if !errors.As(err, &system) || errors.Is(err, os.ErrNotExist) {
		return err
	}
	return fmt.Errorf("%w: %w", errUnchecked, err)
}

func readMeta(path string) (m meta, err error) {
	db, err := openLedger(path)
	if err != nil {
		return m, err
	}
	defer db.Close()
	err = guardedView(db, func(tx *bolt.Tx) error {
		m, err = metaOf(tx)
		return err
	})
	return m, err
}

// metaOf reads what every version writes in the same way.
func metaOf(tx *bolt.Tx) (m meta, err error) {
	b := tx.Bucket(bucketMeta)
	if b == nil {
		return m, fmt.Errorf("%w: it has no %q", errRecord, bucketMeta)
	}
	return m, decode(b.Get(keyMeta), &m)
}

// examineJournal reads the journal's first line and finds its sound end. After
// a clean stop it trusts the size that was noted; else it reads every line.
func (s *Store) examineJournal(clean bool) (head line, end position, err error) {
	f, err := os.Open(s.path(journalName))
	if err != nil {
		return head, end, unopened(err)
	}
	defer f.Close()
	var from position
	if head, err = readHead(f); err != nil {
		return head, end, err
	}
	if clean {
		if m, err := readMeta(s.path(ledgerName)); err == nil && lineAt(f, m.Applied) == nil {
			from = m.Applied
		}
	}
	if _, err := f.Seek(from.End, 0); err != nil {
		return head, end, err
	}
	end, torn, damaged, err := readLines(bufio.NewReader(f), from, func(raw []byte, _ position) error { return known(opOf(raw)) })
	switch {
	case err != nil:
		return head, end, err
	case damaged:
		return head, end, fmt.Errorf("%s is damaged behind line %d", f.Name(), end.Seq)
	case torn:
		s.opts.Log.Warn("the journal ends in a torn line, which is cut off", "path", f.Name(), "line", end.Seq+1)
	}
	return head, end, nil
}

func readHead(f *os.File) (line, error) {
	raw, _, err := readLine(bufio.NewReader(f))
	if err == nil && len(raw) > 0 {
		if ln, err := decodeLine(raw[:len(raw)-1]); err == nil && ln.Op == opLedger && ln.Seq == 1 {
			return ln, nil
		}
	}
	return line{}, fmt.Errorf("%s does not begin like a journal", f.Name())
}

// lineAt checks that the line which ends at pos is the very one.
func lineAt(f *os.File, pos position) error {
	if pos.End <= pos.Start || pos.End-pos.Start > maxLine {
		return errLine
	}
	b := make([]byte, pos.End-pos.Start)
	if _, err := f.ReadAt(b, pos.Start); err != nil {
		return err
	}
	if seq, err := checkLine(b[:len(b)-1]); err != nil || seq != pos.Seq || pos.Sum != 0 && sumOf(b) != pos.Sum {
		return errLine
	}
	return nil
}

// belong checks that ledger and journal are of one piece: the same ledger, and
// the line that the ledger applied last where the ledger says that it is.
func (s *Store) belong(head line, end position) error {
	m, err := readMeta(s.path(ledgerName))
	if err != nil {
		return unopened(err)
	}
	if m.Ledger != head.Ledger {
		return fmt.Errorf("%w: the journal beside it is that of another ledger", ErrDamaged)
	}
	f, err := os.Open(s.path(journalName))
	if err != nil {
		return unopened(err)
	}
	defer f.Close()
	if m.Applied.Seq > end.Seq || lineAt(f, m.Applied) != nil {
		return fmt.Errorf("the journal has lost lines that the ledger has applied (%d of %d are there)", end.Seq, m.Applied.Seq)
	}
	return nil
}

func newID() string { return rand.Text() }
