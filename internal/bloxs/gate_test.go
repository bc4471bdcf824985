package bloxs

import (
	"bufio"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"

	"bloxdrop/internal/bloxs/bloxstest"
)

// The gate rests on this behaviour of net/http: while the last Read of the
// body is held, everything before it has gone to the other side.
func TestBytesBeforeTheTailHaveLeft(t *testing.T) {
	tail := []byte("--end")
	for _, secure := range []bool{false, true} {
		for _, size := range []int{10, 3 << 10, 4096, 40 << 10, 2 << 20} {
			t.Run(fmt.Sprintf("tls=%v/%d", secure, size), func(t *testing.T) {
				ctx := testContext(t)
				server := newCounter(t, secure, size-len(tail))
				cfg := config(t, server.url)
				cfg.Token, cfg.RootCAs = "fixed-token", server.roots
				s := newSender(t, newClient(t, cfg))

				var wroteBefore bool
				gate := func() error {
					select {
					case <-server.reached:
					case <-ctx.Done():
						return errors.New("the server has not received all but the tail")
					}
					if err := errors.Join(s.Flushed(ctx), s.Alive()); err != nil {
						return err
					}
					s.MarkGate()
					wroteBefore = s.WroteSinceGate()
					return nil
				}
				a, err := s.Send(ctx, Upload{
					Relation: "persons", Kind: "reference", Person: "1", Token: "fixed-token", ContentType: "text/plain",
					Length: int64(size), Body: &gatedBody{rest: make([]byte, size-len(tail)), tail: tail, gate: gate},
				})
				if err != nil {
					t.Fatal(err)
				}
				if a.FileID != 7 || wroteBefore || !s.WroteSinceGate() {
					t.Errorf("file ID %d, wrote before the tail %v, after it %v", a.FileID, wroteBefore, s.WroteSinceGate())
				}
			})
		}
	}
}

// counter is a server that tells when it has received n bytes of a body.
type counter struct {
	url     string
	roots   *x509.CertPool
	reached chan struct{}
}

func newCounter(t *testing.T, secure bool, n int) *counter {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	c := &counter{url: "http://" + l.Addr().String(), reached: make(chan struct{})}
	if secure {
		c.url = "https://" + l.Addr().String()
		var cert tls.Certificate
		cert, c.roots = testCertificate()
		l = tls.NewListener(l, &tls.Config{Certificates: []tls.Certificate{cert}})
	}
	var served sync.WaitGroup
	served.Go(func() {
		conn, err := l.Accept()
		if err != nil {
			return
		}
		defer conn.Close()
		r := bufio.NewReaderSize(conn, 16)
		req, err := http.ReadRequest(r)
		if err != nil {
			t.Error(err)
			return
		}
		if req.Header.Get("Expect") != "" {
			fmt.Fprint(conn, "HTTP/1.1 100 Continue\r\n\r\n")
		}
		if _, err := io.CopyN(io.Discard, req.Body, int64(n)); err != nil {
			t.Error(err)
			return
		}
		close(c.reached)
		if _, err := io.Copy(io.Discard, req.Body); err == nil {
			fmt.Fprint(conn, "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n7")
		}
	})
	t.Cleanup(func() { l.Close(); served.Wait() })
	return c
}

// testCertificate borrows net/http/httptest's certificate for 127.0.0.1.
func testCertificate() (tls.Certificate, *x509.CertPool) {
	s := httptest.NewTLSServer(nil)
	defer s.Close()
	roots := x509.NewCertPool()
	roots.AddCert(s.Certificate())
	return s.TLS.Certificates[0], roots
}

// A connection that dies while the gate is shut is noticed before it opens,
// and the request certainly isn't stored.
func TestGateSeesADeadConnection(t *testing.T) {
	for _, f := range []bloxstest.Fault{bloxstest.ResetBefore(40 << 10), bloxstest.CloseWithoutAnswer().At(40 << 10)} {
		server := newServer(t, bloxstest.Options{Token: "fixed-token"})
		cfg := config(t, server.URL)
		cfg.Token = "fixed-token"
		s := newSender(t, newClient(t, cfg))
		server.Uploads.Next(f)

		ctx := testContext(t)
		var flushed error
		_, err := s.Send(ctx, gated(cfg.Token, make([]byte, 40<<10), func() error {
			for flushed == nil && ctx.Err() == nil { // the cut is on its way
				flushed = s.Flushed(ctx)
			}
			return flushed
		}))
		if err == nil || flushed == nil || ctx.Err() != nil {
			t.Errorf("Send: %v, Flushed: %v, ctx: %v", err, flushed, ctx.Err())
		}
		if n := len(server.Stored()); n != 0 {
			t.Errorf("%d files stored", n)
		}
	}
}

// An answer that comes while the Read is held is announced, so that the gate
// can shut; Send returns only when the body was closed.
func TestEarlyAnswerIsAnnounced(t *testing.T) {
	server := newServer(t, bloxstest.Options{Token: "fixed-token"})
	cfg := config(t, server.URL)
	cfg.Token = "fixed-token"
	s := newSender(t, newClient(t, cfg))
	server.Uploads.Next(bloxstest.Status(503).At(100))

	answered := make(chan int, 1)
	var got int
	shut := errors.New("the gate is shut")
	ctx := testContext(t)
	u := gated(cfg.Token, make([]byte, 5000), func() error {
		select {
		case got = <-answered:
		case <-ctx.Done():
		}
		return shut
	})
	body := &closeWatch{ReadCloser: u.Body}
	u.Body, u.Answered = body, func(status int) { answered <- status }
	a, err := s.Send(ctx, u)
	if err != nil || a.Status != 503 || !a.IsProblem || got != 503 {
		t.Fatalf("%+v, %v, announced %d", a, err, got)
	}
	if !body.closed {
		t.Error("Send returned before the body was closed")
	}
}

type closeWatch struct {
	io.ReadCloser
	closed bool // no lock: the race detector is to see whether Send waits
}

func (c *closeWatch) Close() error {
	c.closed = true
	return c.ReadCloser.Close()
}

// The cause of a cancelled ctx comes back, and the held Read ends with it.
func TestCauseComesBack(t *testing.T) {
	server := newServer(t, bloxstest.Options{Token: "fixed-token"})
	cfg := config(t, server.URL)
	cfg.Token = "fixed-token"
	s := newSender(t, newClient(t, cfg))
	stop := errors.New("stopping")
	ctx, cancel := context.WithCancelCause(testContext(t))
	_, err := s.Send(ctx, gated(cfg.Token, make([]byte, 5000), func() error {
		cancel(stop)
		<-ctx.Done()
		return context.Cause(ctx)
	}))
	if !errors.Is(err, stop) {
		t.Errorf("got %v", err)
	}
	if n := len(server.Stored()); n != 0 {
		t.Errorf("%d files stored", n)
	}
}
