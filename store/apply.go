package store

import (
	"bufio"
	"encoding/hex"
	"fmt"
	"io"
	"time"
)

// applied is what a journal line makes of an item. The transitions use it, and
// so do catching up and rebuilding: there is one reading of each line.
func (l ledger) applied(was Item, ln line) (Item, error) {
	is := was
	if err := known(ln.Op); err != nil {
		return is, err
	}
	if ln.Person != nil && (is.ID == "" || is.Forgotten()) {
		digest, err := hex.DecodeString(ln.SHA256)
		if err != nil || len(digest) != len(is.SHA256) {
			return is, fmt.Errorf("%w: its SHA-256 can't be read", errLine)
		}
		if is.ID == "" {
			is = Item{ID: ln.Item, FirstSeen: ln.At}
		}
		is.Person, is.Size, is.Root, is.Rel = *ln.Person, ln.Size, ln.Root, ln.Path
		copy(is.SHA256[:], digest)
	}
	if ln.Op == opForgotten {
		return Item{ID: ln.Item, State: Sent, FileID: ln.FileID, FirstSeen: ln.At, Changed: ln.At, SentAt: ln.At}, nil
	}
	if is.ID == "" {
		return is, fmt.Errorf("%w: it names an item that no line before describes", errLine)
	}
	is.Changed, is.Reason, is.turn = ln.At, "", 0
	switch ln.Op {
	case opGate:
		is.State, is.Root, is.Rel = Sending, ln.Root, ln.Path
		// In a ledger that is made anew it may stand elsewhere, as far as that knows.
		var err error
		is.Root, is.Rel, err = l.somePlace(is)
		return is, err
	case opNotStored:
		return l.waiting(is, ln.At, ln.At)
	case opUncertain:
		is.Uncertain++
		is.Detail = ln.Cause
		if ln.Again {
			return l.waiting(is, ln.At, ln.At)
		}
		is.State, is.Reason = Held, Uncertain
	case opReceipt:
		is.Attempts++
		is.State, is.FileID, is.SentAt, is.Detail = Sent, ln.FileID, ln.At, ""
	case opResolution:
		if !ln.Sent {
			return l.waiting(is, ln.At, ln.At)
		}
		is.State, is.SentAt = Sent, ln.At
		if ln.FileID != 0 {
			is.FileID = ln.FileID // else that of a first upload, if there was one
		}
	case opAgain:
		return l.waiting(is, ln.At, ln.At)
	}
	return is, nil
}

// isStep tells the lines that are about one item.
func isStep(op string) bool {
	switch op {
	case opGate, opNotStored, opUncertain, opReceipt, opResolution, opAgain, opForgotten:
		return true
	}
	return false
}

// known refuses a sound line that record can't read: it is a newer version's,
// and no damage.
func known(op string) error {
	switch op {
	case opLedger, opPaused, opResumed, opDoubt, opMarked, opAdoption, opBaseline, opSend:
		return nil
	}
	if isStep(op) {
		return nil
	}
	return fmt.Errorf("%w (its journal has a step %q)", ErrNewer, op)
}

// withdrawn is what an item becomes with its last place, while it is open: an
// order to send it a second time is void then.
func withdrawn(is Item, now time.Time) Item {
	is.State, is.Changed = Withdrawn, now
	if !is.SentAt.IsZero() {
		is.State, is.Reason, is.Detail = Sent, "", ""
	}
	return is
}

// waiting lets an item wait until due; without a place there is nothing to
// send, so it is withdrawn until the file is seen again.
func (l ledger) waiting(is Item, due, now time.Time) (Item, error) {
	is.turn, is.Due, is.Reason, is.Changed = 0, due, "", now
	if is.Places == 0 {
		return withdrawn(is, now), nil
	}
	is.State = Waiting
	if due.After(now) {
		return is, nil
	}
	var err error
	is.turn, err = l.nextTurn(is.Person)
	return is, err
}

// head begins a journal that is written anew from this ledger, with a Base that
// lets no position come twice.
func (l ledger) head(at time.Time) line {
	return line{At: at, Op: opLedger, Ledger: l.m.Ledger, Salt: l.m.Salt, Base: l.m.position()}
}

// record applies a line that another run, or this one before a failed write, has written.
func (l ledger) record(ln line) error {
	switch ln.Op {
	case opLedger:
		l.m.Base = ln.Base
		return nil
	case opPaused:
		l.m.Paused = toNano(ln.At)
		return nil
	case opResumed:
		l.m.Paused = 0
		return nil
	case opDoubt:
		l.doubt(ln)
		return nil
	case opMarked, opAdoption:
		return l.recordRoot(ln)
	case opBaseline:
		return l.recordBaseline(ln)
	case opSend:
		return l.recordSend(ln)
	}
	was, err := l.item(ln.Item)
	if err != nil {
		return err
	}
	is, err := l.applied(was, ln)
	if err != nil {
		return fmt.Errorf("journal line %d: %w", ln.Seq, err)
	}
	return l.putItem(was, is)
}

// catchUp applies what the journal holds beyond the ledger.
func (s *Store) catchUp() error {
	end := s.journal.durable()
	if s.m.Applied.Seq >= end.Seq {
		return nil
	}
	from := s.m.Applied
	r := io.NewSectionReader(s.journal.f, from.End, end.End-from.End)
	last, _, _, err := readLines(bufio.NewReader(r), from, func(raw []byte, pos position) error {
		ln, err := decodeLine(raw)
		if err != nil {
			return err
		}
		err = s.guarded(func(l ledger) error {
			l.m.Applied = pos
			return l.record(ln)
		})
		if err != nil {
			return err
		}
		if s.changes += 1 + len(ln.Files); s.changes >= commitAfter {
			return s.tryCommit()
		}
		return nil
	})
	if err == nil && last.Seq != end.Seq {
		err = fmt.Errorf("%s can be read up to line %d only, of %d", s.journal.f.Name(), last.Seq, end.Seq)
	}
	return err
}
