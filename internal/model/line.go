package model

import (
	"fmt"
	"time"

	"bloxdrop/store"
)

// Op is what a journal line says.
type Op string

// The lines of the journal.
const (
	Ledger     Op = "ledger"
	Gate       Op = "gate opened"
	NotStored  Op = "not stored"
	Uncertain  Op = "uncertain"
	Receipt    Op = "receipt"
	Resolution Op = "resolution"
	Baseline   Op = "baseline"
	Send       Op = "send"
	Again      Op = "send again"
	Paused     Op = "paused"
	Resumed    Op = "resumed"
	Doubt      Op = "doubt"
	Marked     Op = "marked"
	Forgotten  Op = "forgotten"
	Adoption   Op = "adoption"
)

// Line is one line of the journal.
type Line struct {
	At   time.Time
	Op   Op
	Item store.ItemID
	Base uint64 // of positions from here on

	About *store.Item // of a gate and an uncertain one: all by which it can be rebuilt

	FileID int64
	Sent   bool // a resolution: it is in Bloxs
	Again  bool // an uncertain one that is sent again by itself
	Cause  string

	Root     string
	Rel      string
	Run      uint32
	Files    []store.BaselineFile
	Complete bool
	Count    int

	Known    uint64
	Position uint64
	Home     *store.Home
	Former   []store.Home
	Settled  bool
}

func about(it item, ln Line) Line {
	copied := it.Item
	ln.Item, ln.About = it.ID, &copied
	return ln
}

// applied is what a line makes of an item.
func (l *picture) lineOn(is item, ln Line) (item, error) {
	if ln.About != nil && (is.ID == "" || is.Forgotten()) {
		if is.ID == "" {
			is.ID, is.FirstSeen = ln.Item, ln.At
		}
		a := ln.About
		is.Person, is.SHA256, is.Size, is.Root, is.Rel = a.Person, a.SHA256, a.Size, a.Root, a.Rel
	}
	if ln.Op == Forgotten {
		return item{Item: store.Item{ID: ln.Item, State: store.Sent, FileID: ln.FileID, FirstSeen: ln.At, Changed: ln.At, SentAt: ln.At}}, nil
	}
	if is.ID == "" {
		return is, fmt.Errorf("%s names an item that no line before describes", ln.Op)
	}
	is.Changed, is.Reason, is.turn = ln.At, "", 0
	switch ln.Op {
	case Gate:
		is.State, is.Root, is.Rel = store.Sending, ln.About.Root, ln.About.Rel
		l.standSomewhere(&is)
	case NotStored, Again:
		return l.waiting(is, ln.At, ln.At), nil
	case Uncertain:
		is.Uncertain++
		is.Detail = ln.Cause
		if ln.Again {
			return l.waiting(is, ln.At, ln.At), nil
		}
		is.State, is.Reason = store.Held, store.Uncertain
	case Receipt:
		is.Attempts++
		is.State, is.FileID, is.SentAt, is.Detail = store.Sent, ln.FileID, ln.At, ""
	case Resolution:
		if !ln.Sent {
			return l.waiting(is, ln.At, ln.At), nil
		}
		is.State, is.SentAt = store.Sent, ln.At
		if ln.FileID != 0 {
			is.FileID = ln.FileID
		}
	}
	return is, nil
}

// record applies a line that another run has written.
func (l *picture) record(ln Line) error {
	switch ln.Op {
	case Ledger:
		l.base = ln.Base
	case Paused:
		l.paused = plain(ln.At)
	case Resumed:
		l.paused = time.Time{}
	case Doubt:
		l.recordDoubt(ln)
	case Marked, Adoption:
		l.recordRoot(ln)
	case Baseline:
		return l.recordBaseline(ln)
	case Send:
		l.recordSend(ln)
	default:
		is, err := l.lineOn(l.items[ln.Item], ln)
		if err != nil {
			return err
		}
		l.put(is)
	}
	return nil
}

// waiting lets an item wait until due; without a place it is withdrawn.
func (l *picture) waiting(is item, due, now time.Time) item {
	is.turn, is.Due, is.Reason, is.Changed = 0, due, "", now
	if is.Places == 0 {
		return withdrawn(is, now)
	}
	is.State = store.Waiting
	if !due.After(now) {
		is.turn = l.nextTurn(is.Person)
	}
	return is
}

// withdrawn is what an open item becomes with its last place. An order to send
// it a second time is void then.
func withdrawn(is item, now time.Time) item {
	is.State, is.Changed = store.Withdrawn, now
	if !is.SentAt.IsZero() {
		is.State, is.Reason, is.Detail = store.Sent, "", ""
	}
	return is
}

func heldFor(is item, why store.Reason, detail string, now time.Time) item {
	is.State, is.Reason, is.Detail, is.Changed, is.turn, is.Due = store.Held, why, detail, now, 0, time.Time{}
	return is
}

func noItem(id store.ItemID) error { return fmt.Errorf("%w: %s", store.ErrNoItem, id) }
