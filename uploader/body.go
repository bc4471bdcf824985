package uploader

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"hash"
	"io"
	"sync"
	"sync/atomic"
	"time"

	"bloxdrop/internal/failpoint"
	"bloxdrop/queue"
	"bloxdrop/store"
)

// body is the multipart body as it is streamed: head, the file, and, only once
// pass lets it, the tail. It is read by one goroutine, the Transport's.
type body struct {
	head, tail []byte
	file       io.Reader
	size       int64        // of the file, as offered
	left       int64        // of it, not yet read
	sent       atomic.Int64 // of it, for who watches
	hash       hash.Hash
	gate       *gate
	arrived    func(within time.Duration) bool // whether all that was read is acknowledged
	nudges     []time.Duration                 // that are left
	answered   func() error                    // why no more may leave: an answer has come
	pass       func() error                    // through the gate
	passed     bool
	err        error // what every further Read returns

	once   sync.Once
	closed chan struct{}
}

func newBody(head []byte, file io.Reader, size int64, tail []byte, g *gate, arrived func(time.Duration) bool, answered, pass func() error) *body {
	return &body{
		head: head, file: file, size: size, left: size, tail: tail, gate: g, arrived: arrived, nudges: nudges(), answered: answered, pass: pass,
		hash: sha256.New(), closed: make(chan struct{}),
	}
}

// Len is the Content-Length.
func (b *body) Len() int64 { return int64(len(b.head)) + b.size + int64(len(b.tail)) }

// Read hands out the next bytes. An error ends the body before its
// Content-Length, and what ends so is never stored.
func (b *body) Read(p []byte) (int, error) {
	if b.err != nil || len(p) == 0 {
		return 0, b.err
	}
	n, err := b.next(p)
	if err != nil && !b.passed {
		b.gate.shut(err)
	}
	b.err = err
	return n, err
}

func (b *body) next(p []byte) (int, error) {
	if !b.passed {
		if err := b.answered(); err != nil {
			return 0, err
		}
	}
	if len(b.head) > 0 {
		n := copy(p, b.head)
		b.head = b.head[n:]
		return n, nil
	}
	if b.left > 0 {
		return b.readFile(p)
	}
	if !b.passed {
		if b.nudge() {
			p[0], b.tail = b.tail[0], b.tail[1:]
			return 1, nil
		}
		if err := b.pass(); err != nil {
			return 0, err
		}
		b.passed = true
	}
	if len(b.tail) == 0 {
		failpoint.At("tail sent")
		return 0, io.EOF
	}
	n := copy(p, b.tail)
	b.tail = b.tail[n:]
	return n, nil
}

// nudges are how long the peer's acknowledgement is waited for before one more
// byte of the closing boundary goes out. A kernel puts an acknowledgement off
// by 40 ms or more where there is little to acknowledge, and sends it at once
// with every second packet: so a byte asks for it. They are far fewer than the
// boundary has, so what lies behind the gate is never nothing.
func nudges() []time.Duration {
	const ms = time.Millisecond
	return []time.Duration{0, ms / 10, ms / 5, ms / 2, 2 * ms, 4 * ms, 8 * ms, 16 * ms, 32 * ms}
}

// nudge says whether another byte is to ask for an acknowledgement.
func (b *body) nudge() bool {
	if len(b.nudges) == 0 || b.arrived(b.nudges[0]) {
		b.nudges = nil
		return false
	}
	b.nudges = b.nudges[1:]
	return true
}

func (b *body) readFile(p []byte) (int, error) {
	n, err := b.file.Read(p[:min(int64(len(p)), b.left)])
	b.hash.Write(p[:n])
	b.left -= int64(n)
	b.sent.Add(int64(n))
	if n > 0 {
		return n, nil // an error with it comes again
	}
	if errors.Is(err, io.EOF) {
		return 0, doubtful("the file became shorter while it was being sent")
	}
	return 0, unreadable(err)
}

// whole checks that exactly the item's bytes went out and that no more follow.
func (b *body) whole(item store.Item) error {
	var one [1]byte
	n, err := b.file.Read(one[:])
	switch {
	case n > 0:
		return doubtful("the file grew while it was being sent")
	case err != nil && !errors.Is(err, io.EOF):
		return unreadable(err)
	case b.size != item.Size || store.Digest(b.hash.Sum(nil)) != item.SHA256:
		return doubtful("the file's content changed after it was read the first time")
	}
	return nil
}

// Close tells that the Transport is done with the body, the write of its last
// bytes included.
func (b *body) Close() error {
	b.once.Do(func() { close(b.closed) })
	return nil
}

// unreadable is the verdict on a file that can't be read, unless there is one.
func unreadable(err error) error {
	if v, ok := errors.AsType[*verdict](err); ok {
		return v
	}
	return &verdict{class: queue.Transient, detail: fmt.Sprintf("the file can't be read: %v", err)}
}
