package store

import (
	"bytes"
	"time"
)

// Found is a file that a rescan found in a root with a baseline, and that is
// no place as it stands there.
type Found struct {
	Rel    string
	Look   Look
	Person PersonKey
	Folder string // the name that the folder shows, "" where it shows none
}

// Skip tells which of these files are the baseline's, in their order, and
// makes them places of skipped items. A match is the same path and size, or
// the same identity, size and modification time anywhere in the root. What is
// a place of an item that isn't skipped stays that. A kill may forget the
// places, which the next rescan brings again, but never the baseline.
func (s *Store) Skip(root string, files []Found) ([]bool, error) {
	skips, any := make([]bool, len(files)), false
	err := s.read(func(l ledger) error {
		n, r, err := l.baselineOf(root)
		if err != nil || r.Run == 0 {
			return err
		}
		for i, f := range files {
			_, skips[i], err = l.skips(n, r.Run, f)
			any = any || skips[i]
			if err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil || !any {
		return skips, err
	}
	now := s.opts.Now()
	err = s.write(func(l ledger) error {
		n, r, err := l.baselineOf(root)
		if err != nil {
			return err
		}
		// What moved goes first: another file may stand at its former path.
		for _, moved := range []bool{true, false} {
			for i, f := range files {
				base, skip, err := l.skips(n, r.Run, f)
				if err == nil && (base != Fold(f.Rel)) == moved {
					if skips[i] = skip; skip {
						err = l.skip(n, root, base, f, now)
					}
				}
				if err != nil {
					return err
				}
			}
		}
		s.changes += len(files) // so that a transaction stays small
		return nil
	})
	return skips, err
}

// WouldSkip tells whether a file that is no place is one of the baseline.
func (s *Store) WouldSkip(root string, f Found) (skips bool, err error) {
	err = s.read(func(l ledger) error {
		n, r, err := l.baselineOf(root)
		if err == nil && n != 0 {
			_, skips, err = l.skips(n, r.Run, f)
		}
		return err
	})
	return skips, err
}

// SkippedByName tells of a place whether it is skipped by its path and size
// alone: its identity or its time is not the baseline's.
func (s *Store) SkippedByName(root, rel string) (alike bool, err error) {
	err = s.read(func(l ledger) error {
		n, r, err := l.baselineOf(root)
		if err != nil || n == 0 {
			return err
		}
		key := placeKey(n, rel)
		p, _, err := l.placeAt(key)
		if err != nil {
			return err
		}
		var b baseFile
		ok, err := l.get(bucketBaseFiles, baseKey(n, r.Run, key[4:]), &b)
		if ok && b.ModTime != p.Look.ModTime {
			_, known := l.byIdentity(n, r.Run, key, p.Look)
			alike = !known
		}
		return err
	})
	return alike, err
}

func (l ledger) baselineOf(root string) (n uint32, r baselineRecord, err error) {
	if n, err = l.rootNumber(root, false); err != nil || n == 0 {
		return n, r, err
	}
	r, err = l.baseline(n)
	return n, r, err
}

// skips tells whether a file is one of the baseline, and under which path it
// is in there.
func (l ledger) skips(root, run uint32, f Found) (base string, ok bool, err error) {
	if run == 0 || f.Look.Size == 0 { // an empty file may still become one
		return "", false, nil
	}
	key := placeKey(root, f.Rel)
	p, _, err := l.placeAt(key)
	if err != nil {
		return "", false, err
	}
	if p.Item != "" {
		if it, err := l.item(p.Item); err != nil || it.State != Skipped {
			return "", false, err
		}
	}
	if base, ok := l.byIdentity(root, run, key, f.Look); ok {
		return base, true, nil
	}
	var b baseFile
	ok, err = l.get(bucketBaseFiles, baseKey(root, run, key[4:]), &b)
	if err != nil || !ok || b.Size != f.Look.Size {
		return "", false, err
	}
	base = pathOf(key[4:])
	away, err := l.movedAway(root, base, key, b)
	return base, !away, err
}

// skipsEdited tells of a place whose content is not its item's any more whether
// that was so when the baseline was taken: then what stands there now was there.
func (l ledger) skipsEdited(root, run uint32, f Found, content Digest) (base string, ok bool, err error) {
	key := placeKey(root, f.Rel)
	p, _, err := l.placeAt(key)
	if err != nil || p.Item == "" || run == 0 || f.Look.Size == 0 {
		return "", false, err
	}
	if it, err := l.item(p.Item); err != nil || it.SHA256 == content {
		return "", false, err
	}
	if base, ok := l.byIdentity(root, run, key, f.Look); ok {
		return base, true, nil
	}
	var b baseFile
	ok, err = l.get(bucketBaseFiles, baseKey(root, run, key[4:]), &b)
	return pathOf(key[4:]), ok && b.Size == f.Look.Size && b.ModTime == f.Look.ModTime, err
}

// byIdentity finds a file by its look alone; its own path comes first, where
// several names are one file.
func (l ledger) byIdentity(root, run uint32, key []byte, look Look) (base string, ok bool) {
	if look.Inode == 0 {
		return "", false
	}
	prefix := baseLookKey(root, run, baseFile{look.Size, look.ModTime, look.Inode}, nil)
	if l.bucket(bucketBaseLooks).Get(append(bytes.Clone(prefix), key[4:]...)) != nil {
		return pathOf(key[4:]), true
	}
	k, _ := l.bucket(bucketBaseLooks).Cursor().Seek(prefix)
	if !bytes.HasPrefix(k, prefix) {
		return "", false
	}
	return pathOf(k[len(prefix):]), true
}

// movedAway tells whether the baseline's file itself stands at another path
// now: then what stands at its own is another one.
func (l ledger) movedAway(root uint32, base string, key []byte, b baseFile) (away bool, err error) {
	if b.Inode == 0 {
		return false, nil
	}
	prefix := itemKey(skippedID([]byte(l.m.Salt), root, base))
	err = l.scan(bucketItemPlaces, prefix, func(k []byte) error {
		if bytes.Equal(k[len(prefix):], key) {
			return nil
		}
		p, _, err := l.placeAt(k[len(prefix):])
		if err == nil && p.Look.Inode == b.Inode && p.Look.ModTime == b.ModTime {
			away, err = true, errEnough
		}
		return err
	})
	return away, err
}

// skip lets a file stand for the one of the baseline that was at base.
func (l ledger) skip(root uint32, path, base string, f Found, now time.Time) error {
	id := skippedID([]byte(l.m.Salt), root, base)
	key := placeKey(root, f.Rel)
	there, _, err := l.placeAt(key)
	if err != nil || there.Item == id && there.Look == f.Look && there.Folder == f.Folder {
		return err
	}
	if err := l.leaveOther(key, id, now); err != nil {
		return err
	}
	was, err := l.item(id)
	if err != nil {
		return err
	}
	is := was
	if is.ID == "" {
		is = Item{ID: id, Base: base, FirstSeen: now}
	}
	if is.State != Skipped {
		is.State, is.Changed = Skipped, now
	}
	is.Root, is.Rel, is.Size = path, f.Rel, f.Look.Size
	is.Person = f.Person
	r := placeRecord{Look: f.Look, Rel: f.Rel, Folder: f.Folder, Seen: now.UnixNano()}
	if err := l.joinPlace(&is, key, r); err != nil {
		return err
	}
	return l.putItem(was, is)
}

// Send is a person's order to send what is skipped at a path, or anywhere
// below a folder: it is in the baseline no more, and the next rescan takes it
// for a new file. It tells how many that are.
func (s *Store) Send(root, rel string) (n int, err error) {
	for {
		sent, more, err := s.sendSome(root, rel)
		n += sent
		if err != nil || !more {
			return n, err
		}
	}
}

const sendAtOnce = 500

func (s *Store) sendSome(root, rel string) (sent int, more bool, err error) {
	now := s.opts.Now()
	err = s.writeThrough(func(l ledger) error {
		n, err := l.rootNumber(root, false)
		if err != nil || n == 0 {
			return err
		}
		places, err := l.skippedBelow(n, rel)
		if err != nil {
			return err
		}
		for _, p := range places {
			ln := line{Op: opSend, At: now, Root: root, Path: p.Rel,
				Files: []lineFile{{Size: p.Look.Size, Mod: p.Look.ModTime, Inode: p.Look.Inode}}}
			if err := s.append(l, ln); err != nil {
				return err
			}
			if err := l.record(ln); err != nil {
				return err
			}
		}
		sent, more = len(places), len(places) == sendAtOnce
		return nil
	})
	return sent, more, err
}

// skippedBelow finds places of skipped items at a path or below it.
func (l ledger) skippedBelow(root uint32, rel string) (found []Place, err error) {
	add := func(k []byte) error {
		p, _, err := l.placeAt(k)
		if err != nil || p.Item == "" {
			return err
		}
		it, err := l.item(p.Item)
		if it.State == Skipped {
			found = append(found, p)
		}
		if len(found) == sendAtOnce {
			return errEnough
		}
		return err
	}
	if err := add(placeKey(root, rel)); err != nil {
		return found, err
	}
	prefix := folderKey(root, rel)
	return found, l.scan(bucketPlaces, prefix, func(k []byte) error {
		if len(k) > len(prefix) && k[len(prefix)] >= sepAfter {
			return errEnough // a neighbour with a longer name
		}
		return add(k)
	})
}

// recordSend takes a file out of the baseline: what stands at its path is
// skipped no more, and neither is this very file under any name.
func (l ledger) recordSend(ln line) error {
	n, err := l.rootNumber(ln.Root, true)
	if err != nil {
		return err
	}
	r, err := l.baseline(n)
	if err != nil {
		return err
	}
	key := placeKey(n, ln.Path)
	if err := l.leaveBaseline(n, r.Run, key[4:]); err != nil {
		return err
	}
	for _, f := range ln.Files {
		if err := l.forgetIdentity(n, r.Run, baseFile{f.Size, f.Mod, f.Inode}); err != nil {
			return err
		}
	}
	return l.unskip(key)
}

// leaveBaseline takes one file out of a run.
func (l ledger) leaveBaseline(root, run uint32, tail []byte) error {
	there, err := l.dropBaseFile(root, run, tail)
	if err != nil || !there {
		return err
	}
	r, err := l.baseline(root)
	if err != nil {
		return err
	}
	if run == r.Run {
		r.Files--
	}
	if run == r.Last {
		r.Noted--
	}
	return l.putBaseline(root, r)
}

// forgetIdentity lets the baseline know a file by its path alone. Other names
// of it stay skipped where they stand.
func (l ledger) forgetIdentity(root, run uint32, f baseFile) error {
	prefix := baseLookKey(root, run, f, nil)
	var tails [][]byte
	err := l.scan(bucketBaseLooks, prefix, func(k []byte) error {
		tails = append(tails, bytes.Clone(k[len(prefix):]))
		return nil
	})
	for _, tail := range tails {
		if err == nil {
			_, err = l.putBaseFile(root, run, tail, baseFile{Size: f.Size, ModTime: f.ModTime})
		}
	}
	return err
}

// unskip takes a place from its skipped item, and forgets the item with its
// last place: the file becomes an item of its own.
func (l ledger) unskip(key []byte) error {
	p, _, err := l.placeAt(key)
	if err != nil || p.Item == "" {
		return err
	}
	was, err := l.item(p.Item)
	if err != nil || was.State != Skipped {
		return err
	}
	is := was
	if err := l.leavePlace(&is, key); err != nil {
		return err
	}
	if is.Places > 0 {
		if is.Root, is.Rel, err = l.somePlace(is); err != nil {
			return err
		}
		return l.putItem(was, is)
	}
	return l.removeItem(was)
}

// SendAgain is a person's order to upload what is in Bloxs already a second
// time. If its last copy goes before that, the order is void.
func (s *Store) SendAgain(id ItemID) error {
	err := s.step(id, []State{Sent}, func(it Item) line { return line{Op: opAgain}.about(it) }, nil)
	if err != nil {
		return err
	}
	return s.commitNow()
}
