package model

import (
	"maps"
	"slices"
	"time"

	"bloxdrop/store"
)

// RewriteJournal is the next start after a clean stop where the journal is lost.
func (s *Store) RewriteJournal() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.now = s.committed.clone()
	s.rewrite()
	s.committed = s.now.clone()
	s.dead, s.taking, s.changes = false, 0, 0
}

// rewrite makes the journal anew from the ledger: for each item that ever passed
// a gate, the lines that make it what it is.
func (s *Store) rewrite() {
	l := s.now
	l.base += uint64(l.applied)
	s.journal = l.history(s.opts.Now())
	s.synced, l.applied = len(s.journal), len(s.journal)
}

func (l *picture) history(now time.Time) []Line {
	lines := []Line{{Op: Ledger, At: now, Base: l.base}}
	if !l.paused.IsZero() {
		lines = append(lines, Line{Op: Paused, At: l.paused})
	}
	if d := l.doubt; d != nil {
		lines = append(lines, Line{Op: Doubt, At: d.Since, Cause: d.Cause, Known: d.Known, Position: d.Position})
	}
	roots := slices.Sorted(maps.Keys(l.roots))
	for _, root := range roots {
		lines = append(lines, l.historyOfBaseline(root)...)
	}
	for _, it := range l.itemsWhere(func(it item) bool { return it.State != store.Skipped }) {
		lines = append(lines, historyOf(it)...)
	}
	for _, root := range roots {
		n := l.roots[root]
		if l.facts[n].marked {
			lines = append(lines, Line{Op: Marked, At: now, Root: root})
		}
		if l.facts[n].adopted == 0 {
			continue
		}
		ln := Line{Op: Adoption, At: now, Root: root, Former: l.facts[n].former, Position: l.facts[n].adopted}
		if home, ok := l.homes[n]; ok {
			ln.Home = &home
		}
		lines = append(lines, ln)
	}
	return lines
}

func (l *picture) historyOfBaseline(root string) []Line {
	n := l.roots[root]
	b := l.baselines[n]
	if b.run == 0 {
		return nil
	}
	ln := Line{Op: Baseline, At: b.at, Root: root, Run: b.run}
	for at, f := range l.baseFiles {
		if at.root == n && at.run == b.run {
			look := store.Look{Size: f.size, ModTime: f.modTime, Inode: f.inode}
			ln.Files = append(ln.Files, store.BaselineFile{Rel: place{n, at.tail}.path(), Look: look})
		}
	}
	lines := []Line{{Op: Baseline, At: b.at, Root: root, Run: b.run, Complete: true, Count: b.files}}
	if len(ln.Files) > 0 {
		lines = slices.Insert(lines, 0, ln)
	}
	return lines
}

// historyOf is what the journal has to say of an item.
func historyOf(it item) (lines []Line) {
	add := func(ln Line) {
		if ln.At = it.Changed; ln.Op == Receipt {
			ln.At = it.SentAt
		}
		if ln.Op != Receipt && ln.Op != Forgotten {
			ln = about(it, ln)
		}
		ln.Item = it.ID
		lines = append(lines, ln)
	}
	if it.Forgotten() {
		add(Line{Op: Forgotten, FileID: it.FileID})
		return lines
	}
	if it.State != store.Sent && !it.SentAt.IsZero() { // and was ordered a second time
		add(Line{Op: Gate})
		add(Line{Op: Receipt, FileID: it.FileID})
		add(Line{Op: Again})
	}
	for range it.Uncertain - 1 {
		add(Line{Op: Uncertain, Again: true, Cause: it.Detail})
	}
	if it.Uncertain > 0 {
		add(Line{Op: Uncertain, Cause: it.Detail, Again: it.State != store.Held || it.Reason != store.Uncertain})
	}
	switch it.State {
	case store.Sent:
		add(Line{Op: Gate})
		add(Line{Op: Receipt, FileID: it.FileID})
	case store.Sending:
		add(Line{Op: Gate})
	}
	return lines
}

// Forget takes everything away by which a person could be recognized.
func (s *Store) Forget(id string, owns store.Owns) (kept int, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.dead:
		return 0, ErrDead
	case s.taking > 0:
		return 0, store.ErrTaking
	}
	if err := s.commit(); err != nil {
		return 0, err
	}
	kept, found, err := s.now.forget(id, owns)
	if err != nil {
		return 0, err
	}
	s.touched(1)
	if !found {
		return 0, nil
	}
	s.rewrite()
	return kept, s.commit()
}

func (l *picture) forget(id string, owns store.Owns) (kept int, found bool, err error) {
	mine := l.itemsWhere(func(it item) bool { return it.Person.ID == id })
	inUse := &store.InUseError{}
	for _, it := range mine {
		if it.Places > 0 || it.State != store.Sent && it.State != store.Withdrawn {
			inUse.Total++
		}
	}
	for _, of := range l.notes {
		if it := l.items[of.Place.Item]; it.ID != "" && it.Person.ID == id && it.Places == 0 {
			inUse.Total++
		}
	}
	if inUse.Total > 0 {
		return 0, false, inUse
	}
	for _, it := range mine {
		if it.State != store.Sent {
			delete(l.items, it.ID)
			continue
		}
		kept++
		l.put(item{Item: store.Item{ID: it.ID, State: store.Sent, FileID: it.FileID, FirstSeen: it.SentAt, Changed: it.SentAt, SentAt: it.SentAt}})
	}
	found = len(mine) > 0
	for key := range l.persons {
		if key.ID == id {
			delete(l.persons, key)
			found = true
		}
	}
	for root, n := range l.roots {
		for at := range l.baseFiles {
			if at.root == n && owns(root, l.homes[n].Layout, place{n, at.tail}.path()) {
				l.leaveBaseline(at)
				found = true
			}
		}
	}
	return kept, found, nil
}
