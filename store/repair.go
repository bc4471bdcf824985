package store

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
)

// Repaired says what a repair found and did.
type Repaired struct {
	Sound    bool     // there was nothing to repair, and nothing was changed
	Salvaged bool     // neither file could be trusted; else one was made anew from the other, and nothing is lost
	Kept     []string // where the damaged files are now
	Items    map[State]int

	// Of a salvage.
	Lines       int   // of the journal that are whole
	LostBytes   int64 // of the journal that are not
	LedgerSound bool  // it is whole, but may lack the last steps
	Records     int   // of items that a damaged ledger still shows
	Nameless    []int64
	NewIdentity bool // also the ledger's ID and salt are lost
}

// ErrNothingLeft says that there is no file to repair anything from.
var ErrNothingLeft = errors.New("nothing of ledger and journal is left: bring them back with `bloxdrop restore`, or begin anew in an empty folder")

// Repair mends a damaged store. Where one file can be made from the other it
// does what a start does. Where neither can be trusted it sets both aside and
// puts together what both can still prove: what Bloxs has, and what it may
// have. That ledger is in doubt, since nobody knows what was lost.
func Repair(ctx context.Context, opts Options) (r Repaired, err error) {
	if !Exists(opts.Dir) {
		return r, fmt.Errorf("%s: %w", opts.Dir, ErrNothingLeft)
	}
	if r.Sound, err = whole(ctx, opts); err != nil || r.Sound {
		return r, err
	}
	st, err := Open(ctx, opts)
	if err == nil {
		c, err := st.Counts()
		r.Items = c.Items
		return r, errors.Join(err, st.Close())
	}
	if !errors.Is(err, ErrDamaged) {
		return r, err
	}
	s, fresh, end, err := prepareFresh(ctx, opts)
	if err != nil {
		return r, err
	}
	defer func() { err = errors.Join(err, end()) }()
	r.Salvaged = true
	highest := s.comeTo(ctx).position
	if err := s.salvageInto(ctx, fresh, &r); err != nil {
		return r, err
	}
	if err := s.settle(ctx, fresh, "repaired after ledger and journal were damaged", 0, highest); err != nil {
		return r, err
	}
	r.Kept, err = s.replace(fresh, damagedAs)
	return r, err
}

// whole tells whether Open would have nothing to mend, reads everything for
// that, and changes nothing but the note of a clean stop that does not hold.
func whole(ctx context.Context, opts Options) (sound bool, err error) {
	s, unlock, err := prepare(ctx, opts)
	if err != nil {
		return false, err
	}
	defer func() { err = errors.Join(err, unlock()) }()
	s.opts.Log = slog.New(slog.DiscardHandler) // Open says it again
	ledgerErr := s.examineLedger(ctx, false)
	if errors.Is(ledgerErr, ErrNewer) || errors.Is(ledgerErr, ErrLocked) || errors.Is(ledgerErr, errUnchecked) || ctx.Err() != nil {
		return false, errors.Join(ledgerErr, ctx.Err())
	}
	head, end, journalErr := s.examineJournal(false)
	if errors.Is(journalErr, ErrNewer) || errors.Is(journalErr, errUnchecked) {
		return false, journalErr
	}
	if ledgerErr == nil && journalErr == nil && s.belong(head, end) == nil {
		return true, nil
	}
	if asLeft, _ := stoppedCleanly(opts.Dir); asLeft && ledgerErr != nil {
		return false, forgetStop(opts.Dir) // its size and time are, but not what is in it
	}
	return false, nil
}

// salvageInto makes a ledger in fresh from what both files still prove.
func (s *Store) salvageInto(ctx context.Context, fresh string, r *Repaired) error {
	in := &Store{opts: s.opts}
	in.opts.Dir, in.opts.Log = fresh, slog.New(slog.DiscardHandler)
	path := s.path(ledgerName)
	checked := s.examineLedger(ctx, false)
	if errors.Is(checked, errUnchecked) {
		return checked
	}
	r.LedgerSound = checked == nil
	var err error
	if r.LedgerSound {
		err = in.fromLedger(path, s.path(journalName), r)
	} else {
		err = in.fromPages(path, s.path(journalName), r)
	}
	if err != nil {
		return fmt.Errorf("put together what is left: %w", err)
	}
	if !r.LedgerSound && r.Lines+r.Records == 0 {
		return fmt.Errorf("%s: %w", s.opts.Dir, ErrNothingLeft)
	}
	if err := s.opts.DeepCheck(ctx, in.path(ledgerName)); err != nil {
		return fmt.Errorf("what was put together does not add up, and nothing was changed: %w", err)
	}
	m, err := readMeta(in.path(ledgerName))
	if err != nil {
		return err
	}
	r.Items = m.Items
	return writeCleanStop(fresh, m.position()) // so that its journal is written from it
}

// fromLedger takes a sound ledger, and what the journal knows beyond it.
func (s *Store) fromLedger(ledgerPath, journalPath string, r *Repaired) error {
	if err := copyLedger(ledgerPath, s.path(ledgerName)); err != nil {
		return err
	}
	if err := s.migrate(); err != nil {
		return err
	}
	m, err := readMeta(s.path(ledgerName))
	if err != nil {
		return err
	}
	beside := &Store{opts: s.opts}
	beside.opts.Dir = filepath.Join(s.opts.Dir, "journal")
	if err := os.Mkdir(beside.opts.Dir, 0o700); err != nil {
		return err
	}
	orphans, err := beside.fromJournal(line{Ledger: m.Ledger, Salt: m.Salt, Base: m.Base}, journalPath, r)
	if err != nil {
		return err
	}
	return s.mergeInto(r, orphans, func(merge func(Item) error, b *batches) error {
		if err := laterFacts(b, journalPath, m); err != nil {
			return err
		}
		return beside.eachKept(merge)
	})
}

// fromPages takes the journal's whole lines, and what single pages of a damaged
// ledger still show.
func (s *Store) fromPages(ledgerPath, journalPath string, r *Repaired) error {
	f, err := os.Open(ledgerPath)
	var found pagesMeta
	if err == nil {
		defer f.Close()
		found, err = metaInPages(f)
	}
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	head := line{Ledger: found.Ledger, Salt: found.Salt, Base: found.Base}
	if own, err := headOf(journalPath); err == nil {
		head = own
	}
	if head.Salt == "" {
		r.NewIdentity = true
		head.Ledger, head.Salt = newID(), newID()
	}
	orphans, err := s.fromJournal(head, journalPath, r)
	if err != nil {
		return err
	}
	return s.mergeInto(r, orphans, func(merge func(Item) error, b *batches) error {
		if f == nil {
			return nil
		}
		if err := b.do(found.into); err != nil {
			return err
		}
		return itemsInPages(f, func(it Item) error {
			r.Records++
			if it.Person != (PersonKey{}) { // a forgotten one has but its ID
				it.ID = newItemID([]byte(head.Salt), it.Person, it.SHA256)
			}
			return merge(it)
		})
	})
}

// mergeInto lets fill merge items into the ledger, and then the receipts whose
// gate's line is lost.
func (s *Store) mergeInto(r *Repaired, orphans map[ItemID]line, fill func(merge func(Item) error, b *batches) error) error {
	db, err := openLedger(s.path(ledgerName))
	if err != nil {
		return err
	}
	m, err := metaIn(db)
	if err != nil {
		return errors.Join(err, db.Close())
	}
	b := &batches{db: db, m: &m}
	err = fill(func(it Item) error { return b.do(func(l ledger) error { return l.merge(it) }) }, b)
	for _, ln := range orphans {
		if err == nil {
			err = b.do(func(l ledger) error { return l.adoptOrphan(ln, r) })
		}
	}
	return errors.Join(b.end(err), db.Close())
}
