// Package bloxstest is a simulated Bloxs: it signs in, looks up persons and
// takes files as Bloxs and its platform do, keeps a ledger of what it stored,
// and on command fails in every way that Bloxs, its platform and the
// gateways before it are known to. Tests and `bloxdrop demo` use it.
//
// It promises that a file is in the ledger (and, with a LedgerFile, on disk)
// before it is answered for, and that a body that ends before its length is
// never stored. It holds no content in memory unless told to, and must never
// import testing: the demo ships with it.
package bloxstest

import (
	"context"
	"io"
	"log"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"sync"
	"time"
)

// bodyLimit is the default of IIS and Kestrel.
const bodyLimit = 30_000_000

// Options says what this Bloxs is like. The zero value knows every person,
// takes any key and forgets everything when it is closed.
type Options struct {
	Persons       func(kind, id string) (Person, bool) // nil: everybody is known; see Directory
	Organisations func(kind, id string) (Person, bool) // likewise

	APIKey, APISecret string        // "": any but an empty one
	Token             string        // a fixed token that is good besides those it gives out
	TokenLife         time.Duration // 0: 24 h
	BodyLimit         int64         // 0: 30,000,000 bytes

	LedgerFile string // JSON lines, read by New; "" keeps the ledger in memory alone
	KeepBytes  bool   // the ledger keeps contents as well as hashes

	Now func() time.Time // nil: time.Now
	Log *slog.Logger     // nil: silent
}

// Server is a simulated Bloxs. It is an http.Handler; Start and Serve give it
// an address. Each kind of call has a Script that tells it to fail.
type Server struct {
	URL string // set by Start and Serve

	Uploads *Script
	LookUps *Script
	SignIns *Script

	opts   Options
	signal *signal
	ledger *ledger
	tokens tokens
	people people
	limits limiter
	copies sync.Pool // of buffers to read bodies with

	http     *http.Server
	done     chan struct{} // closed by Close
	once     sync.Once
	serving  sync.WaitGroup
	requests inFlight
}

// New makes a Server and reads its LedgerFile, if it has one.
func New(opts Options) (*Server, error) {
	if opts.Now == nil {
		opts.Now = time.Now
	}
	if opts.Log == nil {
		opts.Log = slog.New(slog.DiscardHandler)
	}
	if opts.TokenLife == 0 {
		opts.TokenLife = 24 * time.Hour
	}
	if opts.BodyLimit == 0 {
		opts.BodyLimit = bodyLimit
	}
	changed := newSignal()
	ledger, err := openLedger(opts.LedgerFile, changed)
	if err != nil {
		return nil, err
	}
	s := &Server{
		Uploads: newScript(changed), LookUps: newScript(changed), SignIns: newScript(changed),
		opts: opts, signal: changed, ledger: ledger, done: make(chan struct{}),
	}
	s.tokens.good = map[string]time.Time{}
	s.people.known = map[string]*Person{}
	s.copies.New = func() any { b := make([]byte, 32<<10); return &b }
	s.http = &http.Server{Handler: s, ErrorLog: log.New(io.Discard, "", 0), ReadHeaderTimeout: time.Minute}
	return s, nil
}

// Start serves on a free port of 127.0.0.1.
func (s *Server) Start() error {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	s.Serve(l)
	return nil
}

// Serve serves on l until Close. It returns at once.
func (s *Server) Serve(l net.Listener) {
	s.URL = "http://" + l.Addr().String()
	s.serving.Go(func() { _ = s.http.Serve(l) })
}

// Close cuts every connection, ends what is held, and waits for it.
func (s *Server) Close() {
	s.once.Do(func() {
		close(s.done)
		s.http.Close()
		s.serving.Wait()
		s.requests.wait()
		s.ledger.close()
	})
}

// ServeHTTP routes the calls as Bloxs does.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.requests.add(1)
	defer s.requests.add(-1)

	path := strings.TrimSuffix(r.URL.Path, "/")
	switch path {
	case "/api/v1/relations/persons", "/api/v1/relations/organisations":
		s.method(w, r, http.MethodGet, s.lookUp)
	case "/api/v1/relations/persons/files", "/api/v1/relations/organisations/files":
		s.method(w, r, http.MethodPost, s.upload)
	default:
		if !strings.EqualFold(path, "/Authorization") {
			s.pageNotFound(w)
			return
		}
		s.method(w, r, http.MethodPost, s.signIn)
	}
}

func (s *Server) method(w http.ResponseWriter, r *http.Request, method string, handle http.HandlerFunc) {
	if r.Method != method {
		w.Header().Set("Allow", method)
		w.WriteHeader(http.StatusMethodNotAllowed)
		return
	}
	handle(w, r)
}

// pageNotFound is what the platform says of an address that leads nowhere: a
// page, no problem object.
func (s *Server) pageNotFound(w http.ResponseWriter) { writeHTML(w, http.StatusNotFound) }

// relationOf is "persons" or "organisations".
func relationOf(r *http.Request) string {
	relation, _, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/api/v1/relations/"), "/")
	return relation
}

// identifier returns the one identifier of a request.
func identifier(r *http.Request) (kind, id string) {
	query := r.URL.Query()
	for _, kind := range []string{"reference", "externalIdentifier"} {
		if id := query.Get(kind); id != "" {
			return kind, id
		}
	}
	return "", ""
}

// Stored returns what was stored, in the order of storing.
func (s *Server) Stored() []File { return s.ledger.stored() }

// WaitStored waits until at least n files are stored.
func (s *Server) WaitStored(ctx context.Context, n int) error {
	return s.signal.wait(ctx, func() bool { return s.ledger.count() >= n })
}

// inFlight counts requests, so that Close can wait for them.
type inFlight struct {
	mu   sync.Mutex
	n    int
	idle chan struct{} // closed when n falls to 0, if somebody waits
}

func (f *inFlight) add(d int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.n += d
	if f.n == 0 && f.idle != nil {
		close(f.idle)
		f.idle = nil
	}
}

func (f *inFlight) wait() {
	f.mu.Lock()
	if f.n == 0 {
		f.mu.Unlock()
		return
	}
	if f.idle == nil {
		f.idle = make(chan struct{})
	}
	idle := f.idle
	f.mu.Unlock()
	<-idle
}

// signal wakes those who wait for something to become true.
type signal struct {
	mu sync.Mutex
	ch chan struct{} // nil while nobody waits
}

func newSignal() *signal { return &signal{} }

func (s *signal) raise() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.ch != nil {
		close(s.ch)
		s.ch = nil
	}
}

func (s *signal) wait(ctx context.Context, isTrue func() bool) error {
	for {
		s.mu.Lock()
		if s.ch == nil {
			s.ch = make(chan struct{})
		}
		ch := s.ch
		s.mu.Unlock()
		if isTrue() {
			return nil
		}
		select {
		case <-ch:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}
