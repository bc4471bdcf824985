package store

// PlacesIn counts the places in a root.
func (s *Store) PlacesIn(root string) (n int, err error) {
	err = s.committed(func(l ledger) error {
		num, err := l.rootNumber(root, false)
		if err != nil || num == 0 {
			return err
		}
		return l.scan(bucketPlaces, folderKey(num, ""), func([]byte) error {
			n++
			return nil
		})
	})
	return n, err
}
