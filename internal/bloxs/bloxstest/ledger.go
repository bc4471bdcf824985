package bloxstest

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"slices"
	"sync"
	"time"
)

// firstID is where file IDs begin.
const firstID = 1001

// File is one file that was stored.
type File struct {
	ID          int64     `json:"id"`
	Relation    string    `json:"relation"`
	Kind        string    `json:"kind"` // of the identifier
	Person      string    `json:"person"`
	Name        string    `json:"name"`
	ContentType string    `json:"content_type"`
	SHA256      string    `json:"sha256"` // in hex
	Size        int64     `json:"size"`
	At          time.Time `json:"at"`
	Bytes       []byte    `json:"-"` // with Options.KeepBytes
}

// ledger is what was stored, in memory and, if it has a file, on disk.
type ledger struct {
	changed *signal

	mu      sync.Mutex
	files   []File
	lastID  int64
	out     *os.File // nil: memory alone
	written int      // lines

	syncing sync.Mutex
	synced  int // lines
}

// openLedger reads the lines of an earlier run. A last line that was cut off
// by a kill was never answered for and goes.
func openLedger(path string, changed *signal) (*ledger, error) {
	l := &ledger{changed: changed, lastID: firstID - 1}
	if path == "" {
		return l, nil
	}
	out, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, err
	}
	size, err := l.read(bufio.NewReader(out))
	if err == nil {
		err = out.Truncate(size)
	}
	if err == nil {
		_, err = out.Seek(size, io.SeekStart)
	}
	if err != nil {
		out.Close()
		return nil, fmt.Errorf("ledger of the simulated Bloxs %s: %w", path, err)
	}
	l.out = out
	return l, nil
}

func (l *ledger) read(r *bufio.Reader) (size int64, err error) {
	for {
		line, err := r.ReadBytes('\n')
		if err == io.EOF {
			return size, nil
		}
		if err != nil {
			return 0, err
		}
		var f File
		if err := json.Unmarshal(line, &f); err != nil {
			return 0, err
		}
		size += int64(len(line))
		l.files = append(l.files, f)
		l.lastID = max(l.lastID, f.ID)
	}
}

// store gives a file its ID. When it returns the file is remembered.
func (l *ledger) store(f File) (int64, error) {
	l.mu.Lock()
	l.lastID++
	f.ID = l.lastID
	line, err := l.append(f)
	l.mu.Unlock()
	if err == nil {
		err = l.sync(line)
	}
	if err != nil {
		return 0, err
	}
	l.mu.Lock()
	l.files = append(l.files, f)
	l.mu.Unlock()
	l.changed.raise()
	return f.ID, nil
}

func (l *ledger) append(f File) (line int, err error) {
	if l.out == nil {
		return 0, nil
	}
	var buf bytes.Buffer
	if err := json.NewEncoder(&buf).Encode(f); err != nil {
		return 0, err
	}
	if _, err := l.out.Write(buf.Bytes()); err != nil {
		return 0, err
	}
	l.written++
	return l.written, nil
}

// sync makes a line durable; whoever comes meanwhile shares the next sync.
func (l *ledger) sync(line int) error {
	if l.out == nil {
		return nil
	}
	l.syncing.Lock()
	defer l.syncing.Unlock()
	if l.synced >= line {
		return nil
	}
	l.mu.Lock()
	written := l.written
	l.mu.Unlock()
	if err := l.out.Sync(); err != nil {
		return err
	}
	l.synced = written
	return nil
}

func (l *ledger) stored() []File {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Clone(l.files)
}

func (l *ledger) count() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.files)
}

func (l *ledger) close() {
	if l.out != nil {
		l.out.Close()
	}
}
