package store

import (
	"fmt"
	"os"
	"sync"
)

// journal is the append-only file. Lines are numbered and buffered by append,
// in the order of the ledger's transitions; wait returns when they are on the
// disk, and whoever waits at the same moment shares one sync.
type journal struct {
	mu      sync.Mutex
	settled *sync.Cond
	f       *os.File
	buf     []byte   // appended, not yet written
	end     position // of the last appended line
	synced  position // of the last line that is on the disk
	syncing bool
	err     error // why nothing can be written; ends with reset
	syncs   int64
}

func newJournal(f *os.File, end position) *journal {
	j := &journal{f: f, end: end, synced: end}
	j.settled = sync.NewCond(&j.mu)
	return j
}

// append numbers a line and puts it behind the others. It is not yet durable.
func (j *journal) append(l line) (position, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.err != nil {
		return position{}, j.err
	}
	l.Seq = j.end.Seq + 1
	b, err := encodeLine(l)
	if err != nil {
		return position{}, err
	}
	j.buf = append(j.buf, b...)
	j.end = position{Seq: l.Seq, Start: j.end.End, End: j.end.End + int64(len(b))}
	return j.end, nil
}

// wait returns when the line at pos is on the disk. The first to come writes
// and syncs for all that have appended by then.
func (j *journal) wait(pos position) error {
	j.mu.Lock()
	defer j.mu.Unlock()
	for {
		switch {
		case j.err != nil:
			return j.err
		case j.synced.Seq >= pos.Seq:
			return nil
		case j.syncing:
			j.settled.Wait()
		default:
			j.syncAll()
		}
	}
}

// syncAll is called with the lock held and lets it go while the disk works.
func (j *journal) syncAll() {
	j.syncing = true
	buf, end, from := j.buf, j.end, j.synced.End
	j.buf = nil
	j.mu.Unlock()

	_, err := j.f.WriteAt(buf, from)
	if err == nil {
		err = j.f.Sync()
	}

	j.mu.Lock()
	j.syncing = false
	j.syncs++
	if err != nil {
		j.err = fmt.Errorf("write %s: %w", j.f.Name(), err)
	} else {
		j.synced = end
	}
	j.settled.Broadcast()
}

// durable is the position up to which everything is on the disk.
func (j *journal) durable() position {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.synced
}

// failure is why nothing can be written, nil while all is well.
func (j *journal) failure() error {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.err
}

// reset forgets what could not be written, cuts off what a failed write may
// have left, and makes the journal usable again. The lines that failed were
// never acknowledged.
func (j *journal) reset() error {
	j.mu.Lock()
	defer j.mu.Unlock()
	for j.syncing {
		j.settled.Wait()
	}
	if err := j.f.Truncate(j.synced.End); err != nil {
		return fmt.Errorf("cut %s back: %w", j.f.Name(), err)
	}
	if err := j.f.Sync(); err != nil {
		return fmt.Errorf("sync %s: %w", j.f.Name(), err)
	}
	j.buf, j.end, j.err = nil, j.synced, nil
	return nil
}

func (j *journal) close() error { return j.f.Close() }
