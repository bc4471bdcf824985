package uploader

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"bloxdrop/queue"
	"bloxdrop/store"
)

// raw lets talk speak for the server once the head of an upload has come.
func raw(t *testing.T, talk func(conn net.Conn, length int64)) http.HandlerFunc {
	return func(w http.ResponseWriter, req *http.Request) {
		conn, _, err := w.(http.Hijacker).Hijack()
		if err != nil {
			t.Error(err)
			return
		}
		defer conn.Close()
		talk(conn, req.ContentLength)
	}
}

// TestAnsweredBeforeTheBody: who answers at once, and keeps the connection,
// gets nothing more, and its answer came before the gate. net/http would send
// it the whole body, and tell of the answer only behind that.
func TestAnsweredBeforeTheBody(t *testing.T) {
	for status, want := range map[int]queue.Class{502: queue.Transient, 504: queue.Transient, 503: queue.Transient, 413: queue.Rejected, 200: queue.Uncertain} {
		for _, size := range []int{1000, 3 << 20} {
			var got atomic.Int64
			r := newRig(t, raw(t, func(conn net.Conn, _ int64) {
				fmt.Fprintf(conn, "HTTP/1.1 %d X\r\nContent-Length: 0\r\n\r\n", status)
				n, _ := io.Copy(io.Discard, conn)
				got.Store(n)
			}))
			r.q.openGate = func(*queue.Job, store.Place) error {
				t.Errorf("%d, %d bytes: a gate opened behind the answer", status, size)
				return nil
			}
			r.start()
			if o := r.send(r.file("1234/a.bin", bytes.Repeat([]byte{7}, size))); o.Class != want || o.Status != status {
				t.Errorf("%d, %d bytes: %+v, want %s", status, size, o, want)
			}
			r.stop()
			if n := got.Load(); n > 0 {
				t.Errorf("%d, %d bytes: %d of the body came", status, size, n)
			}
		}
	}
}

// TestAnsweredAndGone: an answer counts also where the connection is closed
// right behind it.
func TestAnsweredAndGone(t *testing.T) {
	for _, words := range []string{"", strings.Repeat("no macros. ", 10_000)} {
		r := newRig(t, raw(t, func(conn net.Conn, _ int64) {
			fmt.Fprintf(conn, "HTTP/1.1 422 X\r\nContent-Type: text/plain\r\nContent-Length: %d\r\n\r\n%s", len(words), words)
		}))
		r.start()
		for _, size := range []int{1000, 3 << 20} {
			if o := r.send(r.file("1234/a.bin", bytes.Repeat([]byte{7}, size))); o.Class != queue.Rejected || len(words) > 0 && !strings.Contains(o.Detail, "no macros") {
				t.Errorf("%d bytes: %+v", size, o)
			}
		}
	}
}

// TestAnAnswerThatTakesItsTime keeps no worker, however slowly its head comes.
func TestAnAnswerThatTakesItsTime(t *testing.T) {
	t.Parallel()
	r := newRig(t, raw(t, func(conn net.Conn, length int64) {
		const answer = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n77"
		fmt.Fprint(conn, answer[:5])
		if _, err := io.CopyN(io.Discard, conn, length); err != nil {
			t.Error(err)
		}
		fmt.Fprint(conn, answer[5:])
	}))
	r.start()
	if o := r.send(r.file("1234/a.bin", bytes.Repeat([]byte{7}, 5000))); o.Class != queue.Delivered {
		t.Errorf("%+v", o)
	}
}

// noticed tells when the worker has seen an answer begin.
type noticed struct {
	wire
	once sync.Once
	seen chan struct{}
}

func (n *noticed) Answering() bool {
	is := n.wire.Answering()
	if is {
		n.once.Do(func() { close(n.seen) })
	}
	return is
}

// Flushed holds the gate until an answer has begun, if none has before.
func (n *noticed) Flushed(ctx context.Context) error {
	for !n.wire.Answering() {
		select {
		case <-n.seen:
			return n.wire.Flushed(ctx)
		case <-time.After(time.Millisecond):
		}
	}
	return n.wire.Flushed(ctx)
}

// TestInterimAnswers are no answers, however late they come, and the body
// waits only until that shows.
func TestInterimAnswers(t *testing.T) {
	t.Parallel()
	for name, interim := range map[string]string{
		"100, late": "HTTP/1.1 100 Continue\r\n\r\n", "102 and 103": "HTTP/1.1 102 Processing\r\n\r\nHTTP/1.1 103 Early Hints\r\n\r\n",
	} {
		seen := make(chan struct{})
		r := newRig(t, raw(t, func(conn net.Conn, length int64) {
			// The body comes without a 100 Continue: it was waited for long enough.
			if _, err := io.CopyN(io.Discard, conn, 1); err != nil {
				t.Error(err)
			}
			fmt.Fprint(conn, interim[:5])
			<-seen
			fmt.Fprint(conn, interim[5:])
			if _, err := io.CopyN(io.Discard, conn, length-1); err != nil {
				t.Errorf("%s: %v", name, err)
			}
			fmt.Fprint(conn, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n77")
		}))
		r.wires = func(w wire) wire { return &noticed{wire: w, seen: seen} }
		r.start()
		if o := r.send(r.file("1234/a.bin", bytes.Repeat([]byte{7}, 5000))); o.Class != queue.Delivered {
			t.Errorf("%s: %+v", name, o)
		}
	}
}
