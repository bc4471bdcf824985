package model

import (
	"fmt"
	"slices"
	"time"

	"bloxdrop/store"
)

type baseline struct {
	wanted bool
	run    uint32 // the complete one; 0 = none
	files  int
	last   uint32 // the run begun last
	noted  int
	at     time.Time
}

// basePath is a file of a run.
type basePath struct {
	root, run uint32
	tail      string
}

type baseFile struct {
	size, modTime int64
	inode         uint64
}

func (b baseline) state() store.Baseline {
	switch {
	case b.wanted:
		return store.BaselineWanted
	case b.run != 0:
		return store.BaselineKept
	}
	return store.NoBaseline
}

// Baseline tells how a root stands.
func (s *Store) Baseline(root string) (b store.Baseline, err error) {
	err = s.read(func(l *picture) error {
		b = l.baselines[l.rootNumber(root, false)].state()
		return nil
	})
	return b, err
}

// BaselineFiles is how many files a root's baseline holds.
func (s *Store) BaselineFiles(root string) (n int, err error) {
	err = s.read(func(l *picture) error {
		n = l.baselines[l.rootNumber(root, false)].files
		return nil
	})
	return n, err
}

// WantBaseline is for a root that begins with a baseline.
func (s *Store) WantBaseline(root string) (store.Baseline, error) {
	was, err := s.Baseline(root)
	if err != nil || was != store.NoBaseline {
		return was, err
	}
	is := store.NoBaseline
	err = s.writeThrough(func(l *picture) error {
		n := l.rootNumber(root, true)
		if l.hasRun(n, root) {
			return nil
		}
		b := l.baselines[n]
		b.wanted, is = true, store.BaselineWanted
		l.baselines[n] = b
		return nil
	})
	return is, err
}

func (l *picture) hasRun(n uint32, root string) bool {
	_, ran := l.homes[n]
	return ran || len(l.placesWhere(func(p place, _ placed) bool { return p.root == n })) > 0 ||
		len(l.itemsWhere(func(it item) bool { return it.Root == root })) > 0
}

// UnwantBaseline is a person's word that what is in the root goes.
func (s *Store) UnwantBaseline(root string) error {
	return s.changeBaseline(root, func(b *baseline) { b.wanted = false })
}

func (s *Store) changeBaseline(root string, fn func(*baseline)) error {
	return s.writeThrough(func(l *picture) error {
		n := l.rootNumber(root, true)
		b := l.baselines[n]
		fn(&b)
		l.baselines[n] = b
		return nil
	})
}

// TakeBaseline notes what is in a root now, as walk adds it.
func (s *Store) TakeBaseline(root string, walk func(add func([]store.BaselineFile) error) error) (files int, err error) {
	s.busy(1)
	defer s.busy(-1)
	var run uint32
	err = s.changeBaseline(root, func(b *baseline) {
		b.last, b.noted = b.last+1, 0
		run = b.last
	})
	if err == nil {
		err = s.purge(root)
	}
	if err != nil {
		return 0, err
	}
	err = walk(func(batch []store.BaselineFile) error {
		files += len(batch)
		return s.noteBaseline(root, run, batch)
	})
	if err == nil {
		err = s.noteBaseline(root, run, s.former(root, run))
	}
	if err == nil {
		err = s.completeBaseline(root, run)
	}
	if err != nil {
		return 0, err
	}
	return files, s.purge(root)
}

// former is what the complete run knows and this one does not: the share of which
// that was the first start may just not be mounted. A file that stands at another
// path now has moved there.
func (s *Store) former(root string, run uint32) (files []store.BaselineFile) {
	s.mu.Lock()
	defer s.mu.Unlock()
	l := s.now
	n := l.rootNumber(root, false)
	for at, f := range l.baseFiles {
		if at.root != n || at.run != l.baselines[n].run {
			continue
		}
		look := store.Look{Size: f.size, ModTime: f.modTime, Inode: f.inode}
		_, moved := l.byIdentity(n, run, place{n, at.tail}, look)
		if _, there := l.baseFiles[basePath{n, run, at.tail}]; !moved && !there {
			files = append(files, store.BaselineFile{Rel: place{n, at.tail}.path(), Look: look})
		}
	}
	return files
}

func (s *Store) busy(n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.taking += n
}

func (s *Store) noteBaseline(root string, run uint32, batch []store.BaselineFile) error {
	now := s.opts.Now()
	return s.writeThrough(func(l *picture) error {
		if l.baselines[l.rootNumber(root, false)].last != run {
			return errRun
		}
		if len(batch) == 0 {
			return nil
		}
		ln := Line{Op: Baseline, At: now, Root: root, Run: run, Files: slices.Clone(batch)}
		s.append(l, ln)
		return l.record(ln)
	})
}

func (s *Store) completeBaseline(root string, run uint32) error {
	return s.writeThrough(func(l *picture) error {
		b := l.baselines[l.rootNumber(root, true)]
		if b.last != run {
			return errRun
		}
		ln := Line{Op: Baseline, At: s.opts.Now(), Root: root, Run: run, Complete: true, Count: b.noted}
		s.append(l, ln)
		return l.record(ln)
	})
}

// purge takes away what belongs neither to the complete run nor to the last.
func (s *Store) purge(root string) error {
	return s.writeThrough(func(l *picture) error {
		n := l.rootNumber(root, true)
		b := l.baselines[n]
		for f := range l.baseFiles {
			if f.root == n && f.run != b.run && f.run != b.last {
				delete(l.baseFiles, f)
			}
		}
		l.baselines[n] = b
		return nil
	})
}

func (l *picture) recordBaseline(ln Line) error {
	n := l.rootNumber(ln.Root, true)
	b := l.baselines[n]
	if ln.Run > b.last {
		b.last, b.noted = ln.Run, 0
	}
	if ln.Run < b.last {
		return nil // of a run that was broken off
	}
	for _, f := range ln.Files {
		at := basePath{n, ln.Run, placeOf(n, f.Rel).tail}
		if _, ok := l.baseFiles[at]; !ok {
			b.noted++
		}
		l.baseFiles[at] = baseFile{f.Look.Size, f.Look.ModTime, f.Look.Inode}
	}
	if ln.Complete {
		if ln.Count != b.noted {
			return fmt.Errorf("a baseline of %d files has %d", ln.Count, b.noted)
		}
		b.wanted, b.run, b.files, b.at = false, ln.Run, b.noted, plain(ln.At)
		l.leaveOpen(n, ln.At)
	}
	l.baselines[n] = b
	return nil
}

// leaveOpen takes the root's places from what waits or is held there.
func (l *picture) leaveOpen(root uint32, now time.Time) {
	for _, p := range l.placesWhere(func(p place, _ placed) bool { return p.root == root }) {
		it := l.items[l.places[p].Item]
		if it.State == store.Waiting || it.State == store.Held && it.Reason != store.Uncertain {
			l.leave(p, now)
		}
	}
}
