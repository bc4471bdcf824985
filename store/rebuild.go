package store

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	bolt "go.etcd.io/bbolt"

	"bloxdrop/internal/failpoint"
	"bloxdrop/internal/wholefile"
)

// begetBoth makes a new, empty store: the journal first, so that a ledger
// without one is never taken for a first start.
func (s *Store) begetBoth() (position, error) {
	s.opts.Log.Info("a new ledger begins", "dir", s.opts.Dir)
	head := line{Seq: 1, At: s.opts.Now(), Op: opLedger, Ledger: newID(), Salt: newID()}
	b, err := encodeLine(head)
	if err != nil {
		return position{}, err
	}
	end := position{}.behind(1, b)
	if err := writeFile(s.path(journalName), b); err != nil {
		return end, err
	}
	failpoint.At("journal born")
	return end, s.begetLedger(head, end, nil, func() error { return nil })
}

// begetLedger makes ledger.db, lets fill put something into it, and gives it
// its name when it is whole and on the disk; makeRoom comes right before.
func (s *Store) begetLedger(head line, applied position, fill func(*bolt.DB, *meta) error, makeRoom func() error) error {
	path := s.path(ledgerName)
	temp := path + Leftover
	if err := os.Remove(temp); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	db, err := openLedger(temp)
	if err != nil {
		return err
	}
	m := meta{Schema: schemaVersion, Ledger: head.Ledger, Salt: head.Salt, Base: head.Base, Applied: applied, Items: map[State]int{}, Places: map[uint32]int{}}
	err = db.Update(func(tx *bolt.Tx) error {
		for _, name := range buckets() {
			if _, err := tx.CreateBucket(name); err != nil {
				return err
			}
		}
		return ledger{tx: tx, m: &m}.saveMeta()
	})
	if err == nil && fill != nil {
		err = fill(db, &m)
	}
	if err := errors.Join(err, db.Close()); err != nil {
		return fmt.Errorf("make a new ledger: %w", err)
	}
	failpoint.At("new ledger written")
	if err := makeRoom(); err != nil {
		return err
	}
	failpoint.At("new ledger rename")
	if err := wholefile.Rename(temp, path); err != nil {
		return err
	}
	failpoint.At("new ledger renamed")
	return syncDir(s.opts.Dir)
}

// setAside keeps what can't be trusted, under a name that says since when.
func (s *Store) setAside(name, as string) (string, error) {
	kept := s.path(name + as + s.opts.Now().UTC().Format("20060102T150405.000"))
	err := wholefile.Rename(s.path(name), kept)
	if errors.Is(err, os.ErrNotExist) {
		return "", nil
	}
	return kept, err
}

// rebuildLedger makes the ledger anew from the journal. What was only waiting
// is not in it, and is found again by the rescan.
func (s *Store) rebuildLedger(head line, end position, why error) error {
	f, err := os.Open(s.path(journalName))
	if err != nil {
		return err
	}
	defer f.Close()
	fill := func(db *bolt.DB, m *meta) error { return replay(db, m, f) }
	return s.begetLedger(head, end, fill, func() error {
		kept, err := s.setAside(ledgerName, damagedAs)
		if err == nil {
			s.opts.Log.Error("the ledger was missing or damaged and is rebuilt from its journal; nothing that was sent is sent again",
				"path", s.path(ledgerName), "err", why, "kept", kept, "lines", end.Seq)
		}
		return err
	})
}

// replay applies every line to an empty ledger.
func replay(db *bolt.DB, m *meta, f *os.File) error {
	b := &batches{db: db, m: m}
	_, _, _, err := readLines(bufio.NewReader(f), position{}, func(raw []byte, pos position) error {
		ln, err := decodeLine(raw)
		if err != nil {
			return err
		}
		return b.do(func(l ledger) error {
			l.m.Applied = pos
			return l.record(ln)
		})
	})
	return b.end(err)
}

// rewriteJournal writes the journal anew from a sound ledger: for each item
// that ever passed a gate, the lines that make it what it is. A ledger that
// was not stopped cleanly may lack the last steps; unless the old journal
// still has them all, nobody knows what was sent, and nothing is changed.
func (s *Store) rewriteJournal(why error, complete bool) (end position, err error) {
	db, err := openLedger(s.path(ledgerName))
	if err != nil {
		return end, err
	}
	defer db.Close()
	err = guardedUpdate(db, func(tx *bolt.Tx) error {
		l := ledger{tx: tx, m: &meta{}}
		if _, err := l.get(bucketMeta, keyMeta, l.m); err != nil {
			return err
		}
		if noted, ok := readCleanStop(s.opts.Dir); ok && noted.Position == l.m.position() {
			complete = true
		}
		if err := s.salvage(l); errors.Is(err, ErrNewer) {
			return err
		} else if err != nil && !complete {
			return fmt.Errorf("%w: it was not stopped cleanly, and its journal has lost the last steps: %w; %w", ErrDamaged, why, err)
		}
		if end, err = s.nextJournal(l); err != nil {
			return err
		}
		return l.saveMeta()
	})
	if err != nil {
		return end, err
	}
	kept, err := s.setAside(journalName, damagedAs)
	if err != nil {
		return end, err
	}
	s.opts.Log.Error("the journal was missing or damaged and is written anew from the ledger; nothing that was sent is sent again",
		"path", s.path(journalName), "err", why, "kept", kept)
	return end, s.takeNext()
}

// salvage applies the lines behind the ledger's position to it. It returns an
// error where they can't be told to be all.
func (s *Store) salvage(l ledger) error {
	f, err := os.Open(s.path(journalName))
	if err != nil {
		return err
	}
	defer f.Close()
	if err := lineAt(f, l.m.Applied); err != nil {
		return err
	}
	from := l.m.Applied
	if _, err := f.Seek(from.End, io.SeekStart); err != nil {
		return err
	}
	_, _, damaged, err := readLines(bufio.NewReader(f), from, func(raw []byte, pos position) error {
		ln, err := decodeLine(raw)
		if err != nil {
			return err
		}
		l.m.Applied = pos
		return l.record(ln)
	})
	if err == nil && damaged {
		err = errLine
	}
	return err
}

// writeHistory writes the lines of a whole journal.
func writeHistory(l ledger, head line, w *bufio.Writer) (end position, err error) {
	put := func(ln line, at time.Time) {
		if err != nil {
			return
		}
		ln.Seq, ln.At = end.Seq+1, at
		var b []byte
		if b, err = encodeLine(ln); err == nil {
			_, err = w.Write(b)
			end = end.behind(ln.Seq, b)
		}
	}
	put(head, head.At)
	if l.m.Paused != 0 {
		put(line{Op: opPaused}, fromNano(l.m.Paused))
	}
	if l.m.Doubt != nil {
		put(l.m.Doubt.line(), l.m.Doubt.Since)
	}
	err = errors.Join(err, l.bucket(bucketRoots).ForEach(func(path, v []byte) error {
		return errors.Join(l.historyOf(rootOf(v), string(path), put), err)
	}))
	for _, list := range []byte{listSent, listSending, listHeld, listAge, listWithdrawn} {
		scanErr := l.scan(bucketOrder, []byte{list}, func(k []byte) error {
			it, readErr := l.item(orderedItem(k))
			if readErr != nil {
				return readErr
			}
			for _, ln := range history(it) {
				at := it.Changed
				if ln.Op == opReceipt {
					at = it.SentAt
				}
				put(ln, at)
			}
			return err
		})
		err = errors.Join(err, scanErr)
	}
	roots, rootsErr := l.rootHistory()
	for _, ln := range roots {
		put(ln, head.At)
	}
	err = errors.Join(err, rootsErr)
	return end, errors.Join(err, w.Flush())
}

// history is what the journal has to say of an item.
func history(it Item) []line {
	if it.Forgotten() {
		return []line{{Op: opForgotten, Item: it.ID, FileID: it.FileID}}
	}
	var lines []line
	if it.State != Sent && !it.SentAt.IsZero() { // and was ordered a second time
		lines = append(lines, line{Op: opGate}.about(it), line{Op: opReceipt, Item: it.ID, FileID: it.FileID}, line{Op: opAgain}.about(it))
	}
	for range max(it.Uncertain-1, 0) {
		lines = append(lines, line{Op: opUncertain, Again: true, Cause: it.Detail}.about(it))
	}
	last := line{Op: opUncertain, Cause: it.Detail, Again: it.State != Held || it.Reason != Uncertain}.about(it)
	if it.Uncertain > 0 {
		lines = append(lines, last)
	}
	switch it.State {
	case Sent:
		lines = append(lines, line{Op: opGate}.about(it), line{Op: opReceipt, Item: it.ID, FileID: it.FileID})
	case Sending:
		lines = append(lines, line{Op: opGate}.about(it))
	}
	return lines
}
