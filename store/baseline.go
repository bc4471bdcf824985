package store

import (
	"encoding/binary"
	"errors"
	"fmt"
	"time"
)

// Baseline tells whether what was in a root at its first start is left alone.
type Baseline int

// How a root stands to what was in it at its first start.
const (
	NoBaseline     Baseline = iota // everything in it goes
	BaselineWanted                 // it is still to be noted, and nothing may be offered before
	BaselineKept                   // it is noted: what matches it is skipped
)

// BaselineFile is a file that stands in a root while its baseline is taken.
type BaselineFile struct {
	Rel  string
	Look Look
}

// baselineRecord is one root's baseline. Files come in under the number of
// their run, and count only when that run is complete: then Run is its number.
type baselineRecord struct {
	Wanted bool   `cbor:"1,keyasint,omitempty"`
	Run    uint32 `cbor:"2,keyasint,omitempty"` // the complete one; 0 = none
	Files  int    `cbor:"3,keyasint,omitempty"` // in it
	Last   uint32 `cbor:"4,keyasint,omitempty"` // the run begun last
	Noted  int    `cbor:"5,keyasint,omitempty"` // files of that
	At     int64  `cbor:"6,keyasint,omitempty"` // when Run was complete
}

var (
	errRun        = errors.New("another baseline of this root was begun since")
	errNoBaseline = errors.New("what was in the root at its first start is not noted yet, so nothing of it is taken in")
)

// baseline returns an empty record where there is none.
func (l ledger) baseline(root uint32) (r baselineRecord, err error) {
	_, err = l.get(bucketBaselines, binary.BigEndian.AppendUint32(nil, root), &r)
	return r, err
}

func (l ledger) putBaseline(root uint32, r baselineRecord) error {
	return l.put(bucketBaselines, binary.BigEndian.AppendUint32(nil, root), r)
}

// WantBaseline is for a root with existing = "skip", at each start and before
// SetHome. It notes durably that the root begins with a baseline, unless
// the root has run before: then what is there was sent, or skipped, already.
func (s *Store) WantBaseline(root string) (Baseline, error) {
	was, err := s.Baseline(root)
	if err != nil || was != NoBaseline {
		return was, err
	}
	is := NoBaseline
	err = s.writeThrough(func(l ledger) error {
		n, err := l.rootNumber(root, true)
		if err != nil {
			return err
		}
		if ran, err := l.hasRun(n, root); err != nil || ran {
			return err
		}
		r, err := l.baseline(n)
		if err != nil {
			return err
		}
		r.Wanted, is = true, BaselineWanted
		return l.putBaseline(n, r)
	})
	return is, err
}

// hasRun tells whether anything of the root is remembered.
func (l ledger) hasRun(n uint32, root string) (bool, error) {
	if _, ok := l.m.Homes[n]; ok || l.m.Places[n] > 0 {
		return true, nil
	}
	ran := false
	err := l.scan(bucketItems, nil, func(k []byte) error {
		it, err := l.item(itemIDOf(k))
		if err == nil && it.Root == root {
			ran, err = true, errEnough
		}
		return err
	})
	return ran, err
}

// UnwantBaseline is a person's word that what is in the root goes, although no
// baseline has been taken yet. One that is complete stays.
func (s *Store) UnwantBaseline(root string) error {
	return s.changeBaseline(root, func(_ ledger, _ uint32, r *baselineRecord) error {
		r.Wanted = false
		return nil
	})
}

// Baseline tells how a root stands.
func (s *Store) Baseline(root string) (b Baseline, err error) {
	err = s.read(func(l ledger) error {
		_, r, err := l.baselineOf(root)
		b = r.state()
		return err
	})
	return b, err
}

func (r baselineRecord) state() Baseline {
	switch {
	case r.Wanted:
		return BaselineWanted
	case r.Run != 0:
		return BaselineKept
	}
	return NoBaseline
}

// changeBaseline makes one durable change to a root's record.
func (s *Store) changeBaseline(root string, fn func(l ledger, n uint32, r *baselineRecord) error) error {
	return s.writeThrough(func(l ledger) error {
		n, err := l.rootNumber(root, true)
		if err != nil {
			return err
		}
		r, err := l.baseline(n)
		if err != nil {
			return err
		}
		if err := fn(l, n, &r); err != nil {
			return err
		}
		return l.putBaseline(n, r)
	})
}

// TakeBaseline notes what is in a root now, as walk adds it, and is durable
// when it returns; it counts from then on, with what a former one of the root
// knew and walk did not come past. Where walk fails, nothing has changed. What waits or is held in the root
// is left to the skipped; receipts and uncertain items stay what they are.
func (s *Store) TakeBaseline(root string, walk func(add func([]BaselineFile) error) error) (files int, err error) {
	s.taking.Add(1)
	defer s.taking.Add(-1)
	var run uint32
	err = s.changeBaseline(root, func(_ ledger, _ uint32, r *baselineRecord) error {
		r.Last, r.Noted = r.Last+1, 0
		run = r.Last
		return nil
	})
	if err == nil {
		err = s.purgeBaseline(root)
	}
	if err != nil {
		return 0, err
	}
	err = walk(func(batch []BaselineFile) error {
		files += len(batch)
		return s.noteBaseline(root, run, batch)
	})
	if err == nil {
		err = s.keepFormer(root, run)
	}
	if err == nil {
		err = s.completeBaseline(root, run)
	}
	if err != nil {
		return 0, err
	}
	return files, s.purgeBaseline(root)
}

// One line of the journal holds so many files, so that it stays a bounded one.
const (
	filesInLine = 500
	pathsInLine = 100 << 10 // bytes; JSON may write one as six
)

// noteBaseline writes a batch: some lines of the journal, one sync, one commit.
func (s *Store) noteBaseline(root string, run uint32, batch []BaselineFile) error {
	now := s.opts.Now()
	return s.writeThrough(func(l ledger) error {
		if err := l.inRun(root, run); err != nil {
			return err
		}
		for len(batch) > 0 {
			ln := line{Op: opBaseline, At: now, Root: root, Run: run}
			ln.Files, batch = cutBaseline(batch)
			if err := s.append(l, ln); err != nil {
				return err
			}
			if err := l.record(ln); err != nil {
				return err
			}
		}
		return nil
	})
}

// cutBaseline takes as many files as fit into a line.
func cutBaseline(batch []BaselineFile) (files []lineFile, rest []BaselineFile) {
	for size := 0; len(batch) > 0 && len(files) < filesInLine && size < pathsInLine; batch = batch[1:] {
		f := batch[0]
		size += len(f.Rel)
		files = append(files, lineFile{Path: f.Rel, Size: f.Look.Size, Mod: f.Look.ModTime, Inode: f.Look.Inode})
	}
	return files, batch
}

func (s *Store) completeBaseline(root string, run uint32) error {
	return s.writeThrough(func(l ledger) error {
		if err := l.inRun(root, run); err != nil {
			return err
		}
		n, err := l.rootNumber(root, true)
		if err != nil {
			return err
		}
		r, err := l.baseline(n)
		if err != nil {
			return err
		}
		ln := line{Op: opBaseline, At: s.opts.Now(), Root: root, Run: run, Complete: true, Count: r.Noted}
		if err := s.append(l, ln); err != nil {
			return err
		}
		return l.record(ln)
	})
}

// inRun refuses files of a run that another one has replaced.
func (l ledger) inRun(root string, run uint32) error {
	n, err := l.rootNumber(root, false)
	if err != nil {
		return err
	}
	r, err := l.baseline(n)
	if err == nil && r.Last != run {
		err = errRun
	}
	return err
}

// recordBaseline applies a line of a baseline: some files, or that it is complete.
func (l ledger) recordBaseline(ln line) error {
	n, err := l.rootNumber(ln.Root, true)
	if err != nil {
		return err
	}
	r, err := l.baseline(n)
	if err != nil {
		return err
	}
	if ln.Run > r.Last {
		r.Last, r.Noted = ln.Run, 0
	}
	if ln.Run < r.Last {
		return nil // of a run that was broken off
	}
	for _, f := range ln.Files {
		isNew, err := l.putBaseFile(n, ln.Run, placeKey(n, f.Path)[4:], baseFile{Size: f.Size, ModTime: f.Mod, Inode: f.Inode})
		if err != nil {
			return err
		}
		if isNew {
			r.Noted++
		}
	}
	if ln.Complete {
		if ln.Count != r.Noted {
			return fmt.Errorf("%w: a baseline of %d files has %d", errLine, ln.Count, r.Noted)
		}
		r.Wanted, r.Run, r.Files, r.At = false, ln.Run, r.Noted, toNano(ln.At)
		if err := l.leaveOpen(n, ln.At); err != nil {
			return err
		}
	}
	return l.putBaseline(n, r)
}

// leaveOpen takes the root's places from what waits or is held there: those
// files are in the baseline now. An uncertain item keeps its places.
func (l ledger) leaveOpen(root uint32, now time.Time) error {
	if l.m.Places[root] == 0 {
		return nil
	}
	return l.inPages(bucketPlaces, folderKey(root, ""), func(k []byte) error {
		p, _, err := l.placeAt(k)
		if err != nil {
			return err
		}
		it, err := l.item(p.Item)
		if err != nil || it.State != Waiting && (it.State != Held || it.Reason == Uncertain) {
			return err
		}
		return l.leave(it.ID, k, now)
	})
}

// BaselineFiles is how many files the root's baseline holds.
func (s *Store) BaselineFiles(root string) (n int, err error) {
	err = s.read(func(l ledger) error {
		_, r, err := l.baselineOf(root)
		n = r.Files
		return err
	})
	return n, err
}
