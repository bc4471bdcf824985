package store

import (
	"errors"
	"fmt"
	"os"
	"sync"

	"bloxdrop/internal/failpoint"
)

// journal is the append-only file. Lines are numbered and gathered by append,
// in the order of the ledger's transitions; wait returns when they are on the
// disk, and whoever waits at the same moment shares one sync.
type journal struct {
	mu      sync.Mutex
	settled *sync.Cond
	f       *os.File
	open    *lines   // appended, not yet written
	end     position // of the last appended line
	synced  position // of the last line that is on the disk
	syncing bool
	err     error // why nothing can be written; ends with mend
	syncs   int64
}

// lines are written and synced together, and so have one fate.
type lines struct {
	buf  []byte
	done bool
	err  error // once done: why they are not on the disk
}

// errCut is the fate of lines that another's failure took along.
var errCut = errors.New("the step was undone with another that could not be written")

func newJournal(f *os.File, end position) *journal {
	j := &journal{f: f, open: &lines{}, end: end, synced: end}
	j.settled = sync.NewCond(&j.mu)
	return j
}

// append numbers a line and puts it behind the others. It is not yet durable.
func (j *journal) append(l line) (*lines, position, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.err != nil {
		return nil, position{}, j.err
	}
	l.Seq = j.end.Seq + 1
	b, err := encodeLine(l)
	if err != nil {
		return nil, position{}, err
	}
	j.open.buf = append(j.open.buf, b...)
	j.end = j.end.behind(l.Seq, b)
	return j.open, j.end, nil
}

// wait returns when these lines are on the disk, or never will be.
func (j *journal) wait(ls *lines) error {
	j.mu.Lock()
	defer j.mu.Unlock()
	for !ls.done && j.err == nil {
		j.work()
	}
	if ls.done {
		return ls.err
	}
	return j.err
}

// flush returns when all lines so far are on the disk.
func (j *journal) flush() error {
	j.mu.Lock()
	defer j.mu.Unlock()
	for end := j.end; j.synced.Seq < end.Seq; {
		if j.err != nil {
			return j.err
		}
		j.work()
	}
	return nil
}

// work waits for the sync that runs; where none does, it writes and syncs
// whatever has been appended by now. The lock is let go meanwhile.
func (j *journal) work() {
	if j.syncing {
		j.settled.Wait()
		return
	}
	j.syncing = true
	ls, end, from := j.open, j.end, j.synced.End
	j.open = &lines{}
	j.mu.Unlock()

	err := j.present()
	if err == nil {
		failpoint.At("journal write")
		_, err = j.f.WriteAt(ls.buf, from)
	}
	if err == nil {
		failpoint.At("journal sync")
		err = j.f.Sync()
	}
	failpoint.At("journal synced")

	j.mu.Lock()
	j.syncing = false
	j.syncs++
	if err != nil {
		j.err = fmt.Errorf("write %s: %w", j.f.Name(), err)
	} else {
		j.synced = end
	}
	ls.done, ls.err = true, j.err
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

// cut gives up all lines that are not on the disk, and takes no more until
// mend. Whoever waits for one of them learns that it was lost.
func (j *journal) cut() {
	j.mu.Lock()
	defer j.mu.Unlock()
	for j.syncing {
		j.settled.Wait()
	}
	if j.err == nil {
		j.err = errCut
	}
	j.open.done, j.open.err = true, j.err
	j.open, j.end = &lines{}, j.synced
	j.settled.Broadcast()
}

// mend takes away what a failed write may have left behind the last durable
// line, and makes the journal usable again.
func (j *journal) mend() error {
	j.mu.Lock()
	defer j.mu.Unlock()
	if err := j.present(); err != nil {
		return err
	}
	if err := j.f.Truncate(j.synced.End); err != nil {
		return fmt.Errorf("cut %s back: %w", j.f.Name(), err)
	}
	if err := j.f.Sync(); err != nil {
		return fmt.Errorf("sync %s: %w", j.f.Name(), err)
	}
	j.err = nil
	return nil
}

// present checks that the file still has its name: lines in one that was
// removed would be gone at the next start.
func (j *journal) present() error {
	open, err := j.f.Stat()
	if err != nil {
		return err
	}
	named, err := os.Stat(j.f.Name())
	if err != nil || !os.SameFile(open, named) {
		return fmt.Errorf("%s was taken away while in use: put it back, or stop bloxdrop and restore store.dir from a backup", j.f.Name())
	}
	return nil
}

// turnTo goes over to another file, in which everything up to end is durable.
// Nothing may be waiting to be written.
func (j *journal) turnTo(f *os.File, end position) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.f, j.end, j.synced = f, end, end
}

func (j *journal) close() error { return j.f.Close() }
