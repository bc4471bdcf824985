package store

// Suspect asks for these places to be hashed again by the next rescan, since a
// file there was not what its look promised.
func (s *Store) Suspect(places []Place) error {
	return s.write(func(l ledger) error {
		for _, p := range places {
			n, err := l.rootNumber(p.Root, false)
			if err != nil {
				return err
			}
			key := placeKey(n, p.Rel)
			var r placeRecord
			ok, err := l.get(bucketPlaces, key, &r)
			if err != nil {
				return err
			}
			if !ok || r.Look != p.Look || r.Racy {
				continue // it has been seen anew already
			}
			r.Racy = true
			if err := l.put(bucketPlaces, key, r); err != nil {
				return err
			}
		}
		return nil
	})
}
