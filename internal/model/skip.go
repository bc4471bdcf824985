package model

import (
	"slices"
	"time"

	"bloxdrop/store"
)

// Skip tells which of these files are the baseline's, and makes them places of
// skipped items.
func (s *Store) Skip(root string, files []store.Found) ([]bool, error) {
	skips, any := make([]bool, len(files)), false
	err := s.read(func(l *picture) error {
		n := l.rootNumber(root, false)
		for i, f := range files {
			_, skips[i] = l.skips(n, f)
			any = any || skips[i]
		}
		return nil
	})
	if err != nil || !any {
		return skips, err
	}
	now := s.opts.Now()
	err = s.write(func(l *picture) error {
		n := l.rootNumber(root, false)
		for _, moved := range []bool{true, false} {
			for i, f := range files {
				base, skip := l.skips(n, f)
				if (base != store.Fold(f.Rel)) == moved {
					if skips[i] = skip; skip {
						l.skip(n, root, base, f, now)
					}
				}
			}
		}
		s.touched(len(files))
		return nil
	})
	return skips, err
}

// WouldSkip tells whether a file that is no place is one of the baseline.
func (s *Store) WouldSkip(root string, f store.Found) (skips bool, err error) {
	err = s.read(func(l *picture) error {
		if n := l.rootNumber(root, false); n != 0 {
			_, skips = l.skips(n, f)
		}
		return nil
	})
	return skips, err
}

// skips tells whether a file is one of the baseline, and under which path.
func (l *picture) skips(root uint32, f store.Found) (base string, ok bool) {
	run := l.baselines[root].run
	if run == 0 || f.Look.Size == 0 {
		return "", false
	}
	p := placeOf(root, f.Rel)
	if there, ok := l.places[p]; ok && l.items[there.Item].State != store.Skipped {
		return "", false
	}
	if base, ok := l.byIdentity(root, run, p, f.Look); ok {
		return base, true
	}
	b, ok := l.baseFiles[basePath{root, run, p.tail}]
	if !ok || b.size != f.Look.Size {
		return "", false
	}
	return p.path(), !l.movedAway(root, p, b)
}

// byIdentity finds a file by its look alone; its own path comes first.
func (l *picture) byIdentity(root, run uint32, p place, look store.Look) (base string, ok bool) {
	if look.Inode == 0 {
		return "", false
	}
	is := baseFile{look.Size, look.ModTime, look.Inode}
	if l.baseFiles[basePath{root, run, p.tail}] == is {
		return p.path(), true
	}
	var tails []string
	for at, b := range l.baseFiles {
		if at.root == root && at.run == run && b == is {
			tails = append(tails, at.tail)
		}
	}
	if len(tails) == 0 {
		return "", false
	}
	return place{root, slices.Min(tails)}.path(), true
}

// movedAway tells whether the baseline's file itself stands at another path now.
func (l *picture) movedAway(root uint32, p place, b baseFile) bool {
	for _, other := range l.placesOf(l.skippedID(root, p.path())) {
		look := l.places[other].Look
		if other != p && b.inode != 0 && look.Inode == b.inode && look.ModTime == b.modTime {
			return true
		}
	}
	return false
}

func (l *picture) skip(root uint32, path, base string, f store.Found, now time.Time) {
	id := l.skippedID(root, base)
	p := placeOf(root, f.Rel)
	if there := l.places[p]; there.Item == id && there.Look == f.Look && there.Folder == f.Folder {
		return
	}
	l.leaveOther(p, id, now)
	is := l.items[id]
	if is.ID == "" {
		is.Item = store.Item{ID: id, Base: base, FirstSeen: now}
	}
	if is.State != store.Skipped {
		is.State, is.Changed = store.Skipped, now
	}
	is.Root, is.Rel, is.Size, is.Person = path, f.Rel, f.Look.Size, f.Person
	l.join(&is, p, placed{Place: store.Place{Root: path, Rel: f.Rel, Look: f.Look, Folder: f.Folder}, seen: now.UnixNano()})
	l.put(is)
}

// offerSkipped takes an offer for what it is where the baseline has it.
func (l *picture) offerSkipped(root uint32, o store.Offer, now time.Time) (bool, error) {
	b := l.baselines[root]
	if b.wanted {
		return false, errNoBaseline
	}
	f := store.Found{Rel: o.Rel, Look: o.Look, Person: o.Person, Folder: o.Folder}
	base, skip := l.skips(root, f)
	if !skip {
		base, skip = l.skipsEdited(root, b.run, f, o.SHA256)
	}
	if skip {
		l.skip(root, o.Root, base, f, now)
	}
	return skip, nil
}

// skipsEdited tells of a place whose content is not its item's any more whether
// that was so when the baseline was taken.
func (l *picture) skipsEdited(root, run uint32, f store.Found, content store.Digest) (base string, ok bool) {
	p := placeOf(root, f.Rel)
	there, ok := l.places[p]
	if !ok || run == 0 || f.Look.Size == 0 || l.items[there.Item].SHA256 == content {
		return "", false
	}
	if base, ok := l.byIdentity(root, run, p, f.Look); ok {
		return base, true
	}
	b, ok := l.baseFiles[basePath{root, run, p.tail}]
	return p.path(), ok && b.size == f.Look.Size && b.modTime == f.Look.ModTime
}

// Send is a person's order to send what is skipped at a path or below it.
func (s *Store) Send(root, rel string) (sent int, err error) {
	now := s.opts.Now()
	err = s.writeThrough(func(l *picture) error {
		n := l.rootNumber(root, false)
		self := placeOf(n, rel)
		for _, p := range l.placesWhere(func(p place, is placed) bool {
			return (p == self || p.below(n, rel)) && l.items[is.Item].State == store.Skipped
		}) {
			there := l.places[p]
			ln := Line{Op: Send, At: now, Root: root, Rel: there.Rel, Files: []store.BaselineFile{{Look: there.Look}}}
			s.append(l, ln)
			l.recordSend(ln)
			sent++
		}
		return nil
	})
	return sent, err
}

func (l *picture) recordSend(ln Line) {
	n := l.rootNumber(ln.Root, true)
	b := l.baselines[n]
	p := placeOf(n, ln.Rel)
	at := basePath{n, b.run, p.tail}
	if _, ok := l.baseFiles[at]; ok {
		l.leaveBaseline(at)
	}
	for _, f := range ln.Files { // it is known by its path alone from here on
		for at, is := range l.baseFiles {
			if at.root == n && at.run == b.run && is == (baseFile{f.Look.Size, f.Look.ModTime, f.Look.Inode}) {
				l.baseFiles[at] = baseFile{size: is.size, modTime: is.modTime}
			}
		}
	}
	l.unskip(p)
}

func (l *picture) leaveBaseline(at basePath) {
	delete(l.baseFiles, at)
	b := l.baselines[at.root]
	if at.run == b.run {
		b.files--
	}
	if at.run == b.last {
		b.noted--
	}
	l.baselines[at.root] = b
}

// unskip takes a place from its skipped item, and forgets that with its last.
func (l *picture) unskip(p place) {
	is, ok := l.items[l.places[p].Item]
	if !ok || is.State != store.Skipped {
		return
	}
	delete(l.places, p)
	if is.Places--; is.Places == 0 {
		delete(l.items, is.ID)
		return
	}
	l.standSomewhere(&is)
	l.put(is)
}
