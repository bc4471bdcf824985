package store

// Inherit is for a root that was at another path before, as its marker tells. It
// is no first start, at which existing = "skip" would leave alone what waits
// there: what was skipped at that path is skipped here, and what came since
// goes. What was begun with sent files there is finished here.
func (s *Store) Inherit(root, from string) error {
	if err := s.inheritNotes(root, from); err != nil {
		return err
	}
	return s.inheritBaseline(root, from)
}

// inheritBaseline leaves alone a baseline that is complete. Also where existing
// says "upload" by now what was skipped stays so, by an adoption, say.
func (s *Store) inheritBaseline(root, from string) error {
	is, err := s.Baseline(root)
	if err != nil || is == BaselineKept {
		return err
	}
	was, ran := NoBaseline, false
	err = s.read(func(l ledger) error {
		n, r, err := l.baselineOf(from)
		if err == nil && n != 0 {
			was = r.state()
			ran, err = l.hasRun(n, from)
		}
		return err
	})
	switch {
	case err != nil:
	case was == BaselineKept:
		_, err = s.TakeBaseline(root, func(add func([]BaselineFile) error) error { return s.eachOfBaseline(from, nil, add) })
	case was == NoBaseline && ran && is == BaselineWanted:
		err = s.UnwantBaseline(root)
	}
	return err
}

func (s *Store) inheritNotes(root, from string) error {
	if notes, err := s.Notes(from, 1); err != nil || len(notes) == 0 || root == from {
		return err
	}
	return s.writeThrough(func(l ledger) error {
		n, err := l.rootNumber(root, true)
		if err != nil {
			return err
		}
		was, err := l.rootNumber(from, false)
		if err != nil {
			return err
		}
		return l.inPages(bucketNotes, folderKey(was, ""), func(k []byte) error {
			var r noteRecord
			if _, err := l.get(bucketNotes, k, &r); err != nil {
				return err
			}
			if err := l.put(bucketNotes, placeKey(n, r.Rel), r); err != nil {
				return err
			}
			return l.bucket(bucketNotes).Delete(k)
		})
	})
}
