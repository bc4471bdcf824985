package simulation

import (
	"bytes"
	"context"
	"errors"
	"math/rand/v2"
	"net"
	"sync"
	"time"
)

// network is the way to Bloxs. Each connection is a net.Pipe: what Write says
// was written has been read by the other side, unless the line has become a hole.
type network struct {
	w      *world
	accept chan net.Conn
	closed chan struct{}
	once   sync.Once

	mu    sync.Mutex
	lines map[*line]bool
	quiet bool
}

var (
	errRefused = errors.New("connection refused")
	errReset   = errors.New("connection reset by peer")
)

func newNetwork(w *world) *network {
	return &network{w: w, accept: make(chan net.Conn), closed: make(chan struct{}), lines: map[*line]bool{}}
}

// Accept, Close and Addr make it the listener of the simulated Bloxs.
func (n *network) Accept() (net.Conn, error) {
	select {
	case c := <-n.accept:
		return c, nil
	case <-n.closed:
		return nil, net.ErrClosed
	}
}

func (n *network) Close() error {
	n.once.Do(func() { close(n.closed) })
	return nil
}

func (n *network) Addr() net.Addr { return address{} }

type address struct{}

func (address) Network() string { return "pipe" }
func (address) String() string  { return "bloxs.test" }

// calm ends all trouble, also that which is still to come on open lines.
func (n *network) calm() {
	n.mu.Lock()
	n.quiet = true
	lines := n.lines
	n.lines = map[*line]bool{}
	n.mu.Unlock()
	for l := range lines {
		l.Close()
	}
}

// cut ends all lines of a process that has died.
func (n *network) cut(owner *life) {
	n.mu.Lock()
	var dead []*line
	for l := range n.lines {
		if l.owner == owner {
			dead = append(dead, l)
			delete(n.lines, l)
		}
	}
	n.mu.Unlock()
	for _, l := range dead {
		l.Close()
	}
}

func (n *network) dialer(owner *life) func(context.Context, string, string) (net.Conn, error) {
	return func(ctx context.Context, _, _ string) (net.Conn, error) {
		n.mu.Lock()
		quiet := n.quiet
		n.mu.Unlock()
		rnd := n.w.at("dial")
		trouble := !quiet && chance(rnd, n.w.plan.lineFault)
		if err := sleep(ctx, 3*time.Millisecond); err != nil {
			return nil, err
		}
		if trouble && chance(rnd, 15) {
			if chance(rnd, 50) {
				return nil, errRefused
			}
			return nil, errors.Join(sleep(ctx, 10*time.Second), errors.New("i/o timeout"))
		}
		if owner.dead.Load() {
			return nil, errReset
		}
		here, there := net.Pipe()
		l := &line{Conn: here, net: n, owner: owner, broken: make(chan struct{})}
		select {
		case n.accept <- there:
		case <-n.closed:
			return nil, errRefused
		case <-ctx.Done():
			return nil, ctx.Err()
		}
		n.mu.Lock()
		defer n.mu.Unlock()
		n.lines[l] = true
		return l, nil
	}
}

func sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// line is the process's end of a connection.
type line struct {
	net.Conn
	net    *network
	owner  *life
	broken chan struct{}
	once   sync.Once

	mu     sync.Mutex
	rnd    *rand.Rand // of the request on its way
	slow   time.Duration
	strike *strike
	hole   bool
	person string // of the request on its way
	name   string // of its file
	wrote  int
	read   int
	pieces int
}

// Close ends the line at both ends.
func (l *line) Close() error {
	l.once.Do(func() { close(l.broken) })
	return l.Conn.Close()
}

// pause lasts no longer than the line.
func (l *line) pause(d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-l.broken:
	}
}

func (l *line) isBroken() bool {
	select {
	case <-l.broken:
		return true
	default:
		return l.owner.dead.Load()
	}
}

// begin is told of each write, and decides what will happen to a request when
// its first one comes. It gives the time that the write takes.
func (l *line) begin(p []byte) time.Duration {
	l.mu.Lock()
	defer l.mu.Unlock()
	if method, _, _ := bytes.Cut(p, []byte(" ")); string(method) == "POST" || string(method) == "GET" {
		first, _, _ := bytes.Cut(p, []byte("\r\n"))
		l.rnd = l.net.w.at(string(first))
		l.person, l.name, l.pieces, l.wrote, l.read, l.slow, l.strike = personIn(p), "", 0, 0, 0, 0, nil
		if l.net.troubled(l.rnd) {
			l.strike = newStrike(l.rnd)
		}
		if chance(l.rnd, 10) {
			l.slow = 200 * time.Millisecond
		}
	}
	if _, rest, ok := bytes.Cut(p, []byte(`filename="`)); ok {
		name, _, _ := bytes.Cut(rest, []byte(`"`))
		l.name = string(name)
	}
	return time.Duration(l.rnd.Int64N(int64(5*time.Millisecond + l.slow)))
}

func (n *network) troubled(rnd *rand.Rand) bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	return !n.quiet && chance(rnd, n.w.plan.lineFault)
}

// next tells at which byte of p something happens, if it does.
func (l *line) next(p []byte, reading bool) (s *strike, at int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	s = l.strike
	if s == nil {
		return nil, 0
	}
	var ok bool
	if at, ok = s.hits(p, l.wrote, l.read, l.pieces, reading); !ok {
		return nil, 0
	}
	l.strike = nil
	return s, at
}

func personIn(head []byte) string {
	_, rest, _ := bytes.Cut(head, []byte("reference="))
	id, _, _ := bytes.Cut(rest, []byte(" "))
	return string(id)
}

func (l *line) Write(p []byte) (int, error) {
	l.pause(l.begin(p))
	if l.isBroken() {
		return 0, errReset
	}
	s, at := l.next(p, false)
	if s == nil {
		return l.deliver(p)
	}
	n, err := l.deliver(p[:at])
	if err != nil {
		return n, err
	}
	if n, err := l.happens(s, n, len(p)); n != at || err != nil {
		return n, err
	}
	n, err = l.deliver(p[at:])
	return at + n, err
}

func (l *line) deliver(p []byte) (int, error) {
	l.mu.Lock()
	hole := l.hole
	l.pieces++
	l.wrote += len(p)
	l.mu.Unlock()
	if hole {
		return len(p), nil
	}
	if len(p) == 0 {
		return 0, nil
	}
	return l.Conn.Write(p)
}

// happens lets something happen in mid-write, of which n bytes of all have
// gone out. Where it gives n and no error the rest goes on.
func (l *line) happens(s *strike, n, all int) (int, error) {
	w := l.net.w
	l.mu.Lock() // the next request may begin meanwhile
	person, name, rnd := l.person, l.name, rand.New(rand.NewPCG(l.rnd.Uint64(), l.rnd.Uint64()))
	l.mu.Unlock()
	w.tell("  line: %s (%s) after %d of %d bytes of a write, request of person %q", s.what, s.where, n, all, person)
	switch s.what {
	case resets:
		l.Close()
		return n, errReset
	case vanishes:
		l.mu.Lock()
		l.hole = true
		l.mu.Unlock()
		return all, nil
	case stalls:
		<-l.broken
		return n, errReset
	case hesitates:
		l.pause(s.pause)
	case dies:
		l.owner.die("in mid-request")
		return n, errReset
	case surprises:
		w.surprise(person, name, rnd)
	case fills:
		w.fill(rnd)
	case stops:
		select {
		case w.stopAsked <- struct{}{}:
		default:
		}
		if rnd.IntN(2) == 0 {
			l.pause(6 * time.Second)
		}
	}
	if l.isBroken() {
		return n, errReset
	}
	return n, nil
}

func (l *line) Read(p []byte) (int, error) {
	for {
		n, err := l.Conn.Read(p)
		if err != nil || l.isBroken() {
			return 0, errors.Join(errReset, err)
		}
		l.mu.Lock()
		hole := l.hole
		l.mu.Unlock()
		if hole {
			continue // the other side may talk on, and nobody hears it
		}
		s, at := l.next(p[:n], true)
		l.mu.Lock()
		l.read += n
		l.mu.Unlock()
		if s == nil {
			return n, nil
		}
		if _, err := l.happens(s, at, n); err != nil {
			return at, err
		}
		if s.what == vanishes {
			if at > 0 {
				return at, nil
			}
			continue
		}
		return n, nil
	}
}
