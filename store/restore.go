package store

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"

	"bloxdrop/internal/failpoint"
	"bloxdrop/internal/wholefile"
)

// Restored says what a restore did.
type Restored struct {
	Backup
	Kept []string // where what was there before is now
	// Lacks is how many journal lines the ledger that was there had beyond the
	// backup; 0 where it can't be told, or was another.
	Lacks uint64
}

// Names in store.dir that tell of a restore or a repair.
const (
	newFolder = "new-store"     // in which a store is put together before it takes the other's place
	decided   = "decided-store" // the same once it is whole: from then on it takes that place, whenever a kill comes
	replaced  = ".replaced-"    // what a restore has set aside
)

// Restore puts the store of a backup in place of the one in opts.Dir, which is
// set aside. Until the backup has been read whole, checked, and opened, nothing
// is touched. The restored ledger is in doubt: what was sent since the backup
// was made is unknown to it.
func Restore(ctx context.Context, opts Options, from string) (r Restored, err error) {
	f, err := os.Open(from)
	if err != nil {
		return r, err
	}
	defer f.Close()
	s, fresh, end, err := prepareFresh(ctx, opts)
	if err != nil {
		return r, err
	}
	defer func() { err = errors.Join(err, end()) }()
	if r.Backup, err = unpackBackup(f, fresh); err != nil {
		return r, fmt.Errorf("%s: %w", from, err)
	}
	there, known := s.comeTo(ctx), r.Position
	if there.ledger == r.Ledger && there.position > r.Position {
		r.Lacks = there.position - r.Position
		if there.steps > r.Position {
			known = 0 // files went since, maybe from a root that couldn't be written and so shows the marker of before
		}
	}
	cause := fmt.Sprintf("restored from a backup of %s, made on %s", r.MadeAt.Local().Format("2006-01-02 15:04"), r.Host)
	if err := s.settle(ctx, fresh, cause, known, there.position); err != nil {
		return r, fmt.Errorf("%s: what it holds can't be opened: %w", from, err)
	}
	r.Kept, err = s.replace(fresh, replaced)
	return r, err
}

// prepare locks a folder in which no store is to be opened as it is.
func prepare(ctx context.Context, opts Options) (*Store, func() error, error) {
	if err := makeFolder(opts.Dir); err != nil {
		return nil, nil, fmt.Errorf("make the store's folder: %w", err)
	}
	lock, err := lockDir(ctx, opts.Dir)
	if err != nil {
		return nil, nil, err
	}
	s := &Store{opts: opts, lock: lock}
	if err := s.finishReplacing(); err != nil {
		return nil, nil, errors.Join(err, lock.Unlock())
	}
	return s, lock.Unlock, nil
}

// prepareFresh is prepare with an empty folder on the same disk, so that what is put
// together in it can take the other's place by a rename. end removes it.
func prepareFresh(ctx context.Context, opts Options) (s *Store, fresh string, end func() error, err error) {
	s, unlock, err := prepare(ctx, opts)
	if err != nil {
		return nil, "", nil, err
	}
	fresh = s.path(newFolder)
	if err := errors.Join(os.RemoveAll(fresh), os.Mkdir(fresh, 0o700)); err != nil {
		return nil, "", nil, errors.Join(err, unlock())
	}
	return s, fresh, func() error { return errors.Join(os.RemoveAll(fresh), unlock()) }, nil
}

// settle opens the store in dir, which checks every page and line of it, and
// puts it in doubt. So the doubt is there before the store takes its place.
func (s *Store) settle(ctx context.Context, dir, cause string, known, above uint64) error {
	opts := s.opts
	opts.Dir = dir
	opts.Log = slog.New(slog.DiscardHandler) // of a place that nobody knows
	in, err := Open(ctx, opts)
	if err != nil {
		return err
	}
	return errors.Join(in.Doubt(cause, known, above), in.Close())
}

// extent is what a store has come to.
type extent struct {
	ledger   string // which it is
	position uint64
	steps    uint64 // the position of its last step about an item
}

// comeTo tells what the store in place has come to, as far as it can still be read.
func (s *Store) comeTo(ctx context.Context) (e extent) {
	if f, err := os.Open(s.path(journalName)); err == nil {
		base := uint64(0)
		_ = eachSoundLine(f, func(ln line) error { // as far as it goes
			if ln.Op == opLedger {
				e.ledger = ln.Ledger
			}
			if ln.Base != 0 {
				base = ln.Base
			}
			e.position = max(e.position, base+ln.Seq)
			if isStep(ln.Op) {
				e.steps = max(e.steps, base+ln.Seq)
			}
			return nil
		})
		_ = f.Close() // only read
	}
	if path := s.path(ledgerName); Exists(s.opts.Dir) && s.opts.DeepCheck(ctx, path) == nil {
		if m, err := readMeta(path); err == nil {
			if e.ledger = m.Ledger; m.position() > e.position {
				e.position, e.steps = m.position(), m.position() // nobody can tell what they were
			}
		}
	}
	return e
}

// replace lets the store in fresh take the place of the other, which is set
// aside. One rename decides that; a start after a kill finishes it.
func (s *Store) replace(fresh, as string) (kept []string, err error) {
	if err := syncDir(fresh); err != nil {
		return nil, err
	}
	failpoint.At("decided rename")
	if err := wholefile.Rename(fresh, s.path(decided)); err != nil {
		return nil, err
	}
	if err := syncDir(s.opts.Dir); err != nil {
		return nil, err
	}
	return s.putInPlace(as)
}

// finishReplacing does what a kill has left of it.
func (s *Store) finishReplacing() error {
	if _, err := os.Lstat(s.path(decided)); errors.Is(err, os.ErrNotExist) {
		return nil
	}
	kept, err := s.putInPlace(replaced)
	if err == nil {
		s.opts.Log.Warn("a restore or a repair that was broken off is finished: its store has taken the other's place", "dir", s.opts.Dir, "kept", kept)
	}
	return err
}

// putInPlace moves one file after the other. What still stands in the decided
// store tells which of those in its place are the old ones.
func (s *Store) putInPlace(as string) (kept []string, err error) {
	if _, err := os.Lstat(filepath.Join(s.path(decided), cleanName)); err == nil { // else it is that in place, the last to go
		if err := forgetStop(s.opts.Dir); err != nil {
			return nil, err
		}
	}
	for _, name := range []string{ledgerName, journalName, cleanName} {
		from := filepath.Join(s.path(decided), name)
		if _, err := os.Lstat(from); errors.Is(err, os.ErrNotExist) {
			continue
		}
		failpoint.At("set aside")
		to := ""
		if name != cleanName {
			if to, err = s.setAside(name, as); err != nil {
				return kept, err
			}
		}
		if to != "" {
			kept = append(kept, to)
		}
		failpoint.At("put in place")
		if err := errors.Join(wholefile.Rename(from, s.path(name)), syncDir(s.path(decided)), syncDir(s.opts.Dir)); err != nil {
			return kept, err
		}
	}
	failpoint.At("all in place")
	return kept, os.RemoveAll(s.path(decided))
}
