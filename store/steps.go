package store

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"time"
)

// Step is a line of the journal about one item, for people.
type Step struct {
	At     time.Time
	Op     string // as the journal has it
	FileID int64
	Cause  string
	Sent   bool // of a resolution
}

const (
	stepsNear = time.Minute // clocks are set, and a line is written a moment before or after its step counts
	stepsRead = 8 << 20     // bytes, around the begin and around the end of an item's way
)

// Steps finds an item's lines in the journal without reading all of it: lines
// stand in the order of their times, and the item says when its way began and
// when its state changed last. all is false where some may be missing, since
// the way was too long, a clock was set, or the journal was written anew.
func (s *Store) Steps(ctx context.Context, id ItemID) (steps []Step, all bool, err error) {
	it, err := s.Item(id)
	if err != nil {
		return nil, false, err
	}
	s.journal.mu.Lock()
	f, end := s.journal.f, s.journal.synced.End
	s.journal.mu.Unlock()
	from := offsetAt(f, end, it.FirstSeen.Add(-stepsNear))
	to := offsetAt(f, end, it.Changed.Add(stepsNear))
	all = to-from <= 2*stepsRead
	var found []line
	for _, part := range [][2]int64{{from, min(from+stepsRead, to)}, {max(to-stepsRead, from+stepsRead), to}} {
		if part[0] < part[1] && ctx.Err() == nil {
			found = append(found, linesOf(f, part[0], part[1], id)...)
		}
	}
	last := ""
	for _, ln := range found {
		steps = append(steps, Step{At: ln.At, Op: ln.Op, FileID: ln.FileID, Cause: ln.Cause, Sent: ln.Sent})
		last = ln.Op
	}
	told := last == opReceipt || last == opResolution || last == opForgotten
	return steps, all && ctx.Err() == nil && (it.State != Sent || told), nil
}

// offsetAt is the begin of the first line that is not before t, by halving.
func offsetAt(f *os.File, end int64, t time.Time) int64 {
	low, high := int64(0), end // lines that begin before low are earlier
	for low < high {
		mid := low + (high-low)/2
		at, next, ok := lineBehind(f, mid, end)
		if !ok || !at.Before(t) {
			high = mid
		} else {
			low = next
		}
	}
	return low
}

// lineBehind reads the time of the first line that begins at or behind from,
// and says where that one ends.
func lineBehind(f *os.File, from, end int64) (at time.Time, next int64, ok bool) {
	pos := max(from-1, 0)
	in := bufio.NewReaderSize(io.NewSectionReader(f, pos, end-pos), 4<<10)
	if from > 0 { // to the end of the line before
		skipped, err := in.ReadSlice('\n')
		for errors.Is(err, bufio.ErrBufferFull) {
			pos += int64(len(skipped))
			skipped, err = in.ReadSlice('\n')
		}
		if err != nil {
			return at, 0, false
		}
		pos += int64(len(skipped))
	}
	raw, err := in.ReadBytes('\n')
	if err != nil {
		return at, 0, false
	}
	ln, err := decodeLine(bytes.TrimSuffix(raw, []byte("\n")))
	return ln.At, pos + int64(len(raw)), err == nil
}

// linesOf reads the lines of one item between two places.
func linesOf(f *os.File, from, to int64, id ItemID) (found []line) {
	in := bufio.NewScanner(io.NewSectionReader(f, from, to-from))
	in.Buffer(make([]byte, 0, 64<<10), maxLine)
	mark := []byte(`"item":"` + string(id) + `"`)
	for in.Scan() {
		if !bytes.Contains(in.Bytes(), mark) {
			continue
		}
		if ln, err := decodeLine(in.Bytes()); err == nil && ln.Item == id {
			found = append(found, ln)
		}
	}
	return found
}
