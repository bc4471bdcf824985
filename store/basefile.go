package store

import (
	"bytes"
	"encoding/binary"
	"time"
)

// baseFile is one file of a baseline.
type baseFile struct {
	Size    int64  `cbor:"1,keyasint"`
	ModTime int64  `cbor:"2,keyasint"`
	Inode   uint64 `cbor:"3,keyasint,omitempty"` // 0 where it has none, or is known by its path alone
}

// The keys of a baseline's files, by path and by identity. A device's number is
// left out: that of a share changes with every mount.
func baseKey(root, run uint32, placeTail []byte) []byte {
	k := binary.BigEndian.AppendUint32(make([]byte, 0, 8+len(placeTail)), root)
	return append(binary.BigEndian.AppendUint32(k, run), placeTail...)
}

func baseLookKey(root, run uint32, f baseFile, placeTail []byte) []byte {
	k := binary.BigEndian.AppendUint32(make([]byte, 0, 32+len(placeTail)), root)
	k = binary.BigEndian.AppendUint32(k, run)
	k = binary.BigEndian.AppendUint64(k, f.Inode)
	k = binary.BigEndian.AppendUint64(k, uint64(f.Size))
	k = binary.BigEndian.AppendUint64(k, uint64(f.ModTime))
	return append(k, placeTail...)
}

// putBaseFile enters one file of a run, or replaces it.
func (l ledger) putBaseFile(root, run uint32, tail []byte, f baseFile) (isNew bool, err error) {
	there, err := l.dropBaseFile(root, run, tail)
	if err != nil {
		return false, err
	}
	if f.Inode != 0 {
		if err := l.bucket(bucketBaseLooks).Put(baseLookKey(root, run, f, tail), []byte{1}); err != nil {
			return false, err
		}
	}
	return !there, l.put(bucketBaseFiles, baseKey(root, run, tail), f)
}

func (l ledger) dropBaseFile(root, run uint32, tail []byte) (there bool, err error) {
	key := baseKey(root, run, tail)
	var f baseFile
	if there, err = l.get(bucketBaseFiles, key, &f); err != nil || !there {
		return there, err
	}
	if err := l.bucket(bucketBaseLooks).Delete(baseLookKey(root, run, f, tail)); err != nil {
		return there, err
	}
	return there, l.bucket(bucketBaseFiles).Delete(key)
}

// purgeBaseline takes away what belongs neither to the complete run of the root
// nor to the one begun last, some thousand files at a time.
func (s *Store) purgeBaseline(root string) error {
	for more := true; more; {
		err := s.changeBaseline(root, func(l ledger, n uint32, r *baselineRecord) (err error) {
			more, err = l.purgeBase(bucketBaseFiles, n, *r)
			if err == nil && !more {
				more, err = l.purgeBase(bucketBaseLooks, n, *r)
			}
			return err
		})
		if err != nil {
			return err
		}
	}
	return nil
}

const purgeAtOnce = 4096

func (l ledger) purgeBase(bucket []byte, root uint32, r baselineRecord) (more bool, err error) {
	prefix := binary.BigEndian.AppendUint32(nil, root)
	c := l.bucket(bucket).Cursor()
	var old [][]byte
	k, _ := c.Seek(prefix)
	for bytes.HasPrefix(k, prefix) && len(old) < purgeAtOnce {
		if run := binary.BigEndian.Uint32(k[4:8]); run == r.Run || run == r.Last {
			k, _ = c.Seek(baseKey(root, run+1, nil))
			continue
		}
		old = append(old, bytes.Clone(k))
		k, _ = c.Next()
	}
	for _, k := range old {
		if err := l.bucket(bucket).Delete(k); err != nil {
			return false, err
		}
	}
	return len(old) == purgeAtOnce, nil
}

// keepFormer enters into a run what the complete one knows and it does not: the
// share of which that was the first start may just not be mounted now. A file
// that stands at another path now has moved there.
func (s *Store) keepFormer(root string, run uint32) error {
	lacks := func(l ledger, n uint32, tail []byte, f baseFile) bool {
		_, moved := l.byIdentity(n, run, baseKey(n, run, tail)[4:], Look{Size: f.Size, ModTime: f.ModTime, Inode: f.Inode})
		return !moved && l.bucket(bucketBaseFiles).Get(baseKey(n, run, tail)) == nil
	}
	return s.eachOfBaseline(root, lacks, func(page []BaselineFile) error { return s.noteBaseline(root, run, page) })
}

const pageOfBaseline = 4096 // files that are noted with one sync

// eachOfBaseline gives what the complete run of a root holds, some thousand files
// at a time; where wants is given, only those that it wants.
func (s *Store) eachOfBaseline(root string, wants func(l ledger, n uint32, tail []byte, f baseFile) bool, do func([]BaselineFile) error) error {
	for from := []byte{}; from != nil; {
		var page []BaselineFile
		err := s.read(func(l ledger) error {
			n, r, err := l.baselineOf(root)
			next := from
			from = nil
			if err != nil || r.Run == 0 {
				return err
			}
			prefix := baseKey(n, r.Run, nil)
			seen := 0
			return l.scanFrom(bucketBaseFiles, prefix, append(prefix, next...), func(k []byte) error {
				tail := k[len(prefix):]
				if seen++; seen > pageOfBaseline {
					from = bytes.Clone(tail)
					return errEnough
				}
				var f baseFile
				if _, err := l.get(bucketBaseFiles, k, &f); err != nil {
					return err
				}
				if wants == nil || wants(l, n, tail, f) {
					page = append(page, BaselineFile{Rel: pathOf(tail), Look: Look{Size: f.Size, ModTime: f.ModTime, Inode: f.Inode}})
				}
				return nil
			})
		})
		if err == nil && len(page) > 0 {
			err = do(page)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// historyOf writes a complete baseline as the journal has it.
func (l ledger) historyOf(root uint32, path string, put func(ln line, at time.Time)) error {
	r, err := l.baseline(root)
	if err != nil || r.Run == 0 {
		return err
	}
	at := fromNano(r.At)
	ln := line{Op: opBaseline, Root: path, Run: r.Run}
	size := 0
	flush := func() {
		if len(ln.Files) > 0 {
			put(ln, at)
			ln.Files, size = ln.Files[:0], 0
		}
	}
	prefix := baseKey(root, r.Run, nil)
	err = l.scan(bucketBaseFiles, prefix, func(k []byte) error {
		var f baseFile
		if _, err := l.get(bucketBaseFiles, k, &f); err != nil {
			return err
		}
		rel := pathOf(k[len(prefix):])
		ln.Files = append(ln.Files, lineFile{Path: rel, Size: f.Size, Mod: f.ModTime, Inode: f.Inode})
		if size += len(rel); len(ln.Files) >= filesInLine || size >= pathsInLine {
			flush()
		}
		return nil
	})
	if err != nil {
		return err
	}
	flush()
	put(line{Op: opBaseline, Root: path, Run: r.Run, Complete: true, Count: r.Files}, at)
	return nil
}
