package store

// PlacesIn counts the places in a root.
func (s *Store) PlacesIn(root string) (n int, err error) {
	err = s.read(func(l ledger) error {
		num, err := l.rootNumber(root, false)
		n = l.m.Places[num]
		return err
	})
	return n, err
}
