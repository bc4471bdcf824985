//go:build linux || windows

package bloxs

import (
	"context"
	"errors"
	"io"
	"net"
	"os"
	"testing"
	"time"
)

// tcpPair is a tracked connection and its other side.
func tcpPair(t *testing.T) (*tracked, *net.TCPConn) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	near, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	far, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { near.Close(); far.Close() })
	return newTracked(near), far.(*net.TCPConn)
}

// What the kernel took but the peer didn't is neither flushed nor moved.
func TestParkedBytesAreNotFlushed(t *testing.T) {
	near, far := tcpPair(t)
	if !acknowledges(near.raw) {
		t.Skip("this system (Wine) does not tell what the peer has acknowledged")
	}
	near.SetWriteDeadline(time.Now().Add(100 * time.Millisecond)) // the peer doesn't read: this fills all buffers
	n, err := near.Write(make([]byte, 64<<20))
	if !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Fatalf("wrote %d, %v", n, err)
	}
	if err := near.alive(); err != nil {
		t.Errorf("a time-out broke the connection: %v", err)
	}
	if moved := near.moved(); moved >= int64(n) {
		t.Errorf("%d bytes moved of %d", moved, n)
	}
	late := errors.New("late")
	ctx, cancel := context.WithTimeoutCause(testContext(t), 20*time.Millisecond, late)
	defer cancel()
	if err := near.flushed(ctx); !errors.Is(err, late) {
		t.Errorf("flushed: %v", err)
	}

	done := make(chan error, 1)
	go func() { done <- near.flushed(testContext(t)) }()
	if _, err := io.CopyN(io.Discard, far, int64(n)); err != nil {
		t.Fatal(err)
	}
	if err := <-done; err != nil {
		t.Error(err)
	}
	if moved := near.moved(); moved != int64(n) {
		t.Errorf("%d bytes moved of %d", moved, n)
	}
}

// A peer that closes or resets is seen without a Read, also with bytes parked.
func TestDeadPeerIsSeen(t *testing.T) {
	if near, _ := tcpPair(t); !acknowledges(near.raw) {
		t.Skip("this system (Wine) does not tell of a connection's end before it is used")
	}
	for _, tc := range []struct {
		name  string
		reset bool
		park  int
	}{{"closed", false, 0}, {"reset", true, 0}, {"reset with bytes parked", true, 64 << 20}} {
		t.Run(tc.name, func(t *testing.T) {
			near, far := tcpPair(t)
			if err := near.alive(); err != nil {
				t.Fatal(err)
			}
			near.SetWriteDeadline(time.Now().Add(50 * time.Millisecond))
			near.Write(make([]byte, tc.park))
			if tc.reset {
				far.SetLinger(0)
			}
			far.Close()
			waitFor(t, func() bool { return near.alive() != nil })
			if err := near.flushed(testContext(t)); err == nil || errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("flushed: %v", err)
			}
		})
	}
}

func TestOwnCloseIsAnError(t *testing.T) {
	near, _ := tcpPair(t)
	near.Close()
	if near.alive() == nil || near.flushed(t.Context()) == nil {
		t.Error("a closed connection passes for a good one")
	}
}

// A connection without a socket has nothing between it and its peer.
func TestPipeIsFlushed(t *testing.T) {
	a, b := net.Pipe()
	near := newTracked(a)
	go io.Copy(io.Discard, b)
	if _, err := near.Write(make([]byte, 100)); err != nil {
		t.Fatal(err)
	}
	if err := near.flushed(t.Context()); err != nil || near.moved() != 100 {
		t.Errorf("flushed: %v, moved: %d", err, near.moved())
	}
	b.Close()
	if _, err := near.Write([]byte{1}); err == nil || near.alive() == nil || near.flushed(t.Context()) == nil {
		t.Error("a broken pipe passes for a good one")
	}
	a.Close()
}

// The gate's mark tells a final write that took nothing from one that did.
func TestWroteSinceGate(t *testing.T) {
	near, far := tcpPair(t)
	s := &Sender{}
	if !s.WroteSinceGate() {
		t.Error("without a mark the careful answer is yes")
	}
	s.current.Store(near)
	near.Write([]byte("before"))
	s.MarkGate()
	if s.WroteSinceGate() {
		t.Error("nothing was written since")
	}
	if !acknowledges(near.raw) {
		t.Skip("this system (Wine) does not tell of a connection's end before it is used")
	}
	far.SetLinger(0)
	far.Close()
	waitFor(t, func() bool { return near.alive() != nil })
	if n, err := near.Write([]byte("tail")); n != 0 || err == nil || s.WroteSinceGate() {
		t.Errorf("a write of %d bytes (%v) counts as %v", n, err, s.WroteSinceGate())
	}

	near, _ = tcpPair(t)
	s.current.Store(near)
	s.MarkGate()
	near.Write([]byte("t"))
	if !s.WroteSinceGate() {
		t.Error("one byte was written")
	}
}
