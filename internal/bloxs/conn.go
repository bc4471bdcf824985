package bloxs

import (
	"context"
	"errors"
	"net"
	"sync/atomic"
	"syscall"
	"time"
)

// Bounds of the wait between two looks at a socket's queue.
const (
	flushPollMin = 20 * time.Microsecond
	flushPollMax = 2 * time.Millisecond
)

var (
	errConnClosed = errors.New("the connection is closed")
	errPeerClosed = errors.New("the connection was closed by the other side")
)

// tracked counts what a connection has taken and remembers how it ended. It
// deliberately has no ReadFrom: every byte passes Write.
type tracked struct {
	net.Conn
	raw     syscall.RawConn // nil if there is no socket, as with net.Pipe
	written atomic.Int64
	read    atomic.Int64
	writing atomic.Int32 // writes under way
	broken  atomic.Pointer[error]
}

func newTracked(conn net.Conn) *tracked {
	t := &tracked{Conn: conn}
	if sc, ok := conn.(syscall.Conn); ok {
		if raw, err := sc.SyscallConn(); err == nil {
			t.raw = raw
		}
	}
	return t
}

func (t *tracked) Write(p []byte) (int, error) {
	t.writing.Add(1)
	n, err := t.Conn.Write(p)
	t.written.Add(int64(n))
	t.writing.Add(-1)
	t.note(err)
	return n, err
}

func (t *tracked) Read(p []byte) (int, error) {
	n, err := t.Conn.Read(p)
	t.read.Add(int64(n))
	t.note(err)
	return n, err
}

func (t *tracked) Close() error {
	t.note(errConnClosed)
	return t.Conn.Close()
}

// note remembers the first error. A time-out is none: net/http sets deadlines
// in the past to get a Read back.
func (t *tracked) note(err error) {
	var timeout net.Error
	if err == nil || errors.As(err, &timeout) && timeout.Timeout() {
		return
	}
	t.broken.CompareAndSwap(nil, &err)
}

func (t *tracked) alive() error {
	if err := t.broken.Load(); err != nil {
		return *err
	}
	if t.raw == nil {
		return nil
	}
	return established(t.raw)
}

func (t *tracked) moved() int64 {
	written := t.written.Load()
	n := written + t.read.Load()
	if t.raw != nil {
		if queued, err := unacknowledged(t.raw, written); err == nil {
			n -= queued
		}
	}
	return n
}

// flushed looks often at first, as a near peer acknowledges within
// microseconds, and seldom later. A dead socket may keep bytes in its queue
// for ever, so each look asks for its state as well.
func (t *tracked) flushed(ctx context.Context) error {
	for wait := flushPollMin; ; wait = min(2*wait, flushPollMax) {
		if err := t.alive(); err != nil {
			return err
		}
		if t.raw == nil {
			return nil // no socket, no queue
		}
		queued, err := unacknowledged(t.raw, t.written.Load())
		if err != nil || queued == 0 {
			return err
		}
		if err := pause(ctx, wait); err != nil {
			return err
		}
	}
}

func pause(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}
