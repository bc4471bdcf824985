package bloxs

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptrace"
	"net/textproto"
	"sync"
	"sync/atomic"
	"time"
)

const (
	expectAbove = 1 << 20         // bytes of body from which we ask before sending
	expectIdle  = 5 * time.Second // a connection unused for so long may be dead
	closeGrace  = time.Second     // for the Body's Close once ctx has ended
)

// Sender adds files over one connection of its own, one file at a time. What
// it says of the connection (Moved, Flushed, Alive, WroteSinceGate) is for
// the gate and may be asked from any goroutine, also from within Body.Read.
//
// net/http sends the request's head before it reads a body that is not in
// memory, and copies the body to the connection unbuffered. So when Body.Read
// is called for the last time, everything that it returned before has been
// handed to the connection; TestBytesBeforeTheTailHaveLeft holds net/http to
// that.
type Sender struct {
	client    *Client
	transport *http.Transport
	current   atomic.Pointer[tracked] // the connection of the latest request
	gate      atomic.Pointer[gateMark]
	answering atomic.Bool // an answer to the latest request has begun to come
	lastUse   time.Time   // read and written by Send only, as the next
	noExpect  bool        // something on the way can't do with Expect
}

// gateMark is how much a connection had accepted when the gate opened.
type gateMark struct {
	conn    *tracked
	written int64
}

// Upload is one file on its way.
type Upload struct {
	Relation    string
	Kind        string // "reference" or "externalIdentifier"
	Person      string
	Token       string
	ContentType string // of the request, as Envelope gives it
	Length      int64  // of Body, to the byte
	Body        io.ReadCloser

	// Answered, if set, is called once when an answer's head has arrived,
	// and AnswerRead once it has been read, before Send waits for Body to be
	// closed. A Body whose Read is held at a gate must end then, else both would
	// wait for each other; and no earlier, since net/http closes the connection
	// of a body that fails, under whatever is still being read. When the
	// connection breaks there are no such calls, as net/http itself waits for
	// the Read: what a Read waits for must end with ctx or fail with the
	// connection, as Flushed does.
	Answered   func(status int)
	AnswerRead func()
}

// errNoConnection means that there is no connection to speak of yet.
var errNoConnection = errors.New("no connection to Bloxs")

// NewSender makes a Sender for one worker. It connects with the first Send.
func (c *Client) NewSender() *Sender {
	s := &Sender{client: c}
	s.transport = c.transport(s.dial)
	s.transport.MaxConnsPerHost = 1
	s.transport.MaxIdleConnsPerHost = 1
	return s
}

// Close closes the connection. No Send may be under way.
func (s *Sender) Close() { s.transport.CloseIdleConnections() }

// dial wraps the connection below TLS, so that every byte is counted.
func (s *Sender) dial(ctx context.Context, network, addr string) (net.Conn, error) {
	conn, err := s.client.cfg.Dial(ctx, network, addr)
	if err != nil {
		return nil, err
	}
	t := newTracked(conn)
	if t.raw != nil && !acknowledges(t.raw) {
		s.client.cfg.Log.Debug("this system does not tell what Bloxs has acknowledged, so more cut connections leave a file uncertain")
	}
	return t, nil
}

// Send makes one request and never a second. Whatever Bloxs answered is an
// Answer; an error means that no answer came, and wraps what net/http or the
// cause of ctx said. It returns once Body has been closed, so that the caller
// may touch the file again. The time limits are the caller's: it cancels ctx.
func (s *Sender) Send(ctx context.Context, u Upload) (*Answer, error) {
	body := &sentBody{ReadCloser: u.Body, closed: make(chan struct{})}
	if u.Length <= 0 {
		body.Close()
		return nil, errors.New("bloxs: an upload needs the length of its body")
	}
	req, err := s.request(u, body)
	if err != nil {
		body.Close()
		return nil, err
	}
	ctx = httptrace.WithClientTrace(ctx, s.trace())
	resp, err := s.transport.RoundTrip(req.WithContext(ctx))
	var answer *Answer
	if err == nil {
		if u.Answered != nil {
			u.Answered(resp.StatusCode)
		}
		answer, _ = s.client.readAnswer(OpUpload, resp)
		if u.AnswerRead != nil {
			u.AnswerRead()
		}
		s.noExpect = s.noExpect || resp.StatusCode == http.StatusExpectationFailed
	}
	body.awaitClose(ctx)
	s.lastUse = s.client.cfg.Now()
	if err != nil {
		return nil, fmt.Errorf("%s: %w", OpUpload, s.client.discreet(req, err))
	}
	return answer, nil
}

func (s *Sender) request(u Upload, body io.ReadCloser) (*http.Request, error) {
	c := s.client
	relation, err := relationOf(u.Relation)
	if err != nil {
		return nil, err
	}
	req, err := http.NewRequest(http.MethodPost, c.address(relation.AddFile, u.Kind, u.Person), nil)
	if err != nil {
		return nil, err
	}
	req.Body, req.ContentLength = body, u.Length // and no GetBody: nothing may send it again
	req.Header.Set("Authorization", "Bearer "+u.Token)
	req.Header.Set("Content-Type", u.ContentType)
	req.Header.Set("Accept", "application/json")
	c.setUserAgent(req)
	if !s.noExpect && !c.old.Load() && (u.Length > expectAbove || s.stale()) {
		req.Header.Set("Expect", "100-continue")
	}
	return req, nil
}

// stale tells whether the next request goes over a new connection, or over
// one that may have died without a word. A connection that is known to be
// dead is dropped, so that it costs no attempt.
func (s *Sender) stale() bool {
	conn := s.current.Load()
	if conn == nil {
		return true
	}
	if conn.alive() != nil {
		s.transport.CloseIdleConnections()
		return true
	}
	return s.client.cfg.Now().Sub(s.lastUse) >= expectIdle
}

// maxInterim is how many answers may say that the true one is still to come.
const maxInterim = 100

// trace follows one request.
func (s *Sender) trace() *httptrace.ClientTrace {
	s.answering.Store(false)
	interim := 0
	return &httptrace.ClientTrace{
		GotConn:              s.gotConn,
		GotFirstResponseByte: func() { s.answering.Store(true) },
		Got1xxResponse: func(int, textproto.MIMEHeader) error {
			s.answering.Store(false)
			if interim++; interim > maxInterim {
				return errors.New("too many answers that are none")
			}
			return nil
		},
	}
}

// gotConn finds our connection below TLS, also that of a TLS proxy.
func (s *Sender) gotConn(info httptrace.GotConnInfo) {
	conn := info.Conn
	for {
		switch c := conn.(type) {
		case *tracked:
			s.current.Store(c)
			return
		case *tls.Conn:
			conn = c.NetConn()
		default:
			return
		}
	}
}

// Moved counts the bytes that the current connection has read, and of those
// written what the peer has acknowledged (where the system can't tell: what
// was written). It changes exactly while something moves.
func (s *Sender) Moved() int64 {
	conn := s.current.Load()
	if conn == nil {
		return 0
	}
	return conn.moved()
}

// Flushed waits until the peer has acknowledged everything written to the
// current connection. An error says that it never will, or that ctx ended.
func (s *Sender) Flushed(ctx context.Context) error {
	conn := s.current.Load()
	if conn == nil {
		return errNoConnection
	}
	return conn.flushed(ctx)
}

// FlushedWithin is Flushed for those who have something to do meanwhile: it
// waits no longer than d, and says whether all was acknowledged by then.
func (s *Sender) FlushedWithin(ctx context.Context, d time.Duration) bool {
	ctx, cancel := context.WithTimeout(ctx, d)
	defer cancel()
	return s.Flushed(ctx) == nil
}

// Alive returns an error once the current connection is known to be of no use:
// the peer has closed or reset it, or we did.
func (s *Sender) Alive() error {
	conn := s.current.Load()
	if conn == nil {
		return errNoConnection
	}
	return conn.alive()
}

// Answering tells that an answer has begun to come. It may still turn out to be
// a 100 Continue: then it was none, and this is false again. One behind a 100
// Continue is told of by Answered alone. net/http keeps an answer without a
// body back for 50 ms while the request's own is being written, and sends that
// on, also where it was asked with Expect.
func (s *Sender) Answering() bool { return s.answering.Load() }

// MarkGate notes what the current connection has accepted so far.
func (s *Sender) MarkGate() {
	if conn := s.current.Load(); conn != nil {
		s.gate.Store(&gateMark{conn: conn, written: conn.written.Load()})
	}
}

// WroteSinceGate tells whether the connection has accepted, or may be about
// to accept, even one byte since MarkGate. If not, the request can't have
// been completed. Without a MarkGate the answer is true, the careful one.
func (s *Sender) WroteSinceGate() bool {
	mark := s.gate.Load()
	if mark == nil {
		return true
	}
	// In this order: a write that ends in between is in the second number.
	return mark.conn.writing.Load() > 0 || mark.conn.written.Load() > mark.written
}

// sentBody tells when net/http has let go of a body, which may be later than
// RoundTrip returns.
type sentBody struct {
	io.ReadCloser
	once   sync.Once
	closed chan struct{}
	err    error
}

func (b *sentBody) Close() error {
	b.once.Do(func() {
		b.err = b.ReadCloser.Close()
		close(b.closed)
	})
	return b.err
}

// awaitClose waits for Close; a ctx that ended ends the Read, and with it the
// wait, hence the grace.
func (b *sentBody) awaitClose(ctx context.Context) {
	select {
	case <-b.closed:
		return
	case <-ctx.Done():
	}
	timer := time.NewTimer(closeGrace)
	defer timer.Stop()
	select {
	case <-b.closed:
	case <-timer.C:
	}
}
