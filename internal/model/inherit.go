package model

import "bloxdrop/store"

// Inherit is for a root that was at another path before.
func (s *Store) Inherit(root, from string) error {
	if err := s.inheritNotes(root, from); err != nil {
		return err
	}
	return s.inheritBaseline(root, from)
}

func (s *Store) inheritBaseline(root, from string) error {
	is, err := s.Baseline(root)
	if err != nil || is == store.BaselineKept {
		return err
	}
	was, ran := store.NoBaseline, false
	var files []store.BaselineFile
	err = s.read(func(l *picture) error {
		n := l.rootNumber(from, false)
		if n == 0 {
			return nil
		}
		was, ran = l.baselines[n].state(), l.hasRun(n, from)
		for at, f := range l.baseFiles {
			if at.root == n && at.run == l.baselines[n].run {
				files = append(files, store.BaselineFile{Rel: place{n, at.tail}.path(), Look: store.Look{Size: f.size, ModTime: f.modTime, Inode: f.inode}})
			}
		}
		return nil
	})
	switch {
	case err != nil:
	case was == store.BaselineKept:
		_, err = s.TakeBaseline(root, func(add func([]store.BaselineFile) error) error { return add(files) })
	case was == store.NoBaseline && ran && is == store.BaselineWanted:
		err = s.UnwantBaseline(root)
	}
	return err
}

func (s *Store) inheritNotes(root, from string) error {
	if notes, err := s.Notes(from, 1); err != nil || len(notes) == 0 || root == from {
		return err
	}
	return s.writeThrough(func(l *picture) error {
		n, was := l.rootNumber(root, true), l.rootNumber(from, false)
		for p, of := range l.notes {
			if p.root == was {
				delete(l.notes, p)
				l.notes[placeOf(n, of.Place.Rel)] = of
			}
		}
		return nil
	})
}
