// Package web is the status page: server-rendered, live, in the office's
// language, and the place at which monitoring asks.
//
// It promises that nobody sees a name who has not signed in, that no other
// site's page and no name of another machine can make a browser speak with it,
// that each action is recorded with who asked for it, and that whoever looks
// keeps no upload waiting: it reads in short pages, at most once a second for
// all who watch.
//
// It must never decide what happens to a file, put a name into a text that it
// has not escaped, or keep the service from running: where its port can't be
// had it says so and tries again.
package web

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"time"

	"golang.org/x/net/netutil"

	"bloxdrop/internal/control"
	"bloxdrop/internal/words"
)

// App is what the page reads and acts through: the same app that commands ask.
type App interface {
	control.Desk
	Rows(state, after string, n int) (control.Rows, error)
	Held(n int) (control.Held, error)
	RetryItems(items []string) (int, error)
	Hours(since time.Time) ([]control.Hour, error)
	Flights() ([]control.Flight, error)
	Pace() (control.Pace, error)
	Search(ctx context.Context, text, after string) (control.Found, error)
	FilesOf(p control.Person) ([]control.Row, error)
	Story(ctx context.Context, item string) (control.Story, error)
	Warnings() []control.Warning
	Changed() (queue, roots <-chan struct{})
}

// Options is what a Server needs. Open may be empty.
type Options struct {
	App          App
	Listen       string
	TLSCert      string // with TLSKey: HTTPS
	TLSKey       string
	PasswordFile string // "": only links of `bloxdrop open` let anybody in
	Words        *words.Words
	Open         map[string]http.Handler // by pattern: answers without a token, so without names
	Now          func() time.Time
	Log          *slog.Logger
}

// Server is the page. Make it with Serve.
type Server struct {
	opts     Options
	http     *http.Server
	pages    *pages
	sessions *sessions
	guesses  *guesses
	shown    shown
	deeds    deeds
	cert     *certificate // nil: no TLS
	end      context.CancelFunc
	ended    sync.WaitGroup

	mu      sync.Mutex
	address string // that it has, "" while it has none
	trouble string // why it has none
	watched int    // streams that are open
}

const (
	readHeaderIn = 5 * time.Second
	readIn       = 20 * time.Second
	writeIn      = 30 * time.Second
	idleFor      = 2 * time.Minute
	largestHead  = 16 << 10
	largestForm  = 1 << 20
	listenAgain  = 10 * time.Second

	// Each connection costs a descriptor and memory, which uploads need more:
	// whoever comes when there are so many waits until one has gone.
	connectionsMost = 256
)

// Serve begins to answer, as soon as it can have its port. An error says that
// it never could: the certificate or the password can't be used.
func Serve(opts Options) (*Server, error) {
	s := &Server{opts: opts, sessions: newSessions(opts.Now), guesses: newGuesses(opts.Now)}
	var err error
	if s.pages, err = parsePages(opts.Words); err != nil {
		return nil, err
	}
	if s.cert, err = files(opts); err != nil {
		return nil, err
	}
	if err := s.mayListen(); err != nil {
		return nil, err
	}
	ctx, end := context.WithCancel(context.Background())
	s.end = end
	s.http = &http.Server{
		Handler:     s.handler(),
		BaseContext: func(net.Listener) context.Context { return ctx },
		ReadTimeout: readIn, ReadHeaderTimeout: readHeaderIn, WriteTimeout: writeIn, IdleTimeout: idleFor,
		MaxHeaderBytes: largestHead,
		ErrorLog:       slog.NewLogLogger(opts.Log.Handler(), slog.LevelDebug),
	}
	l, err := s.listen()
	if err != nil {
		s.opts.Log.Warn("the page can't be shown, trying again; files are sent all the same", "listen", opts.Listen, "err", err)
		s.ended.Go(func() { s.listenLater(ctx) })
		return s, nil
	}
	s.ended.Go(func() { s.serve(l) })
	return s, nil
}

// Check says why the page could not be shown with these files, and until when
// its certificate counts; zero: it has none. It takes no port.
func Check(opts Options) (until time.Time, err error) {
	cert, err := files(opts)
	if cert != nil && cert.is.Leaf != nil {
		until = cert.is.Leaf.NotAfter
	}
	return until, err
}

// files reads what the config names; nil: no certificate.
func files(opts Options) (cert *certificate, err error) {
	if opts.TLSCert != "" {
		if cert, err = newCertificate(opts.TLSCert, opts.TLSKey, opts.Now); err != nil {
			return nil, fmt.Errorf("web.tls_cert: %w", err)
		}
	}
	if opts.PasswordFile != "" {
		if _, err := readPassword(opts.PasswordFile); err != nil {
			return cert, fmt.Errorf("web.password_file: %w", err)
		}
	}
	return cert, nil
}

// mayListen holds what config has checked: beyond this machine only with TLS
// and a password.
func (s *Server) mayListen() error {
	host, _, err := net.SplitHostPort(s.opts.Listen)
	if err != nil {
		return err
	}
	if !isLoopback(host) && (s.cert == nil || s.opts.PasswordFile == "") {
		return fmt.Errorf("web.listen: %s can be reached from other machines: it needs tls_cert, tls_key and password_file", s.opts.Listen)
	}
	return nil
}

func (s *Server) listen() (net.Listener, error) {
	l, err := net.Listen("tcp", s.opts.Listen)
	s.mu.Lock()
	defer s.mu.Unlock()
	if err != nil {
		s.trouble = err.Error()
		return nil, err
	}
	s.trouble, s.address = "", l.Addr().String()
	l = netutil.LimitListener(l, connectionsMost)
	if s.cert != nil {
		l = tls.NewListener(l, &tls.Config{MinVersion: tls.VersionTLS12, GetCertificate: s.cert.get, NextProtos: []string{"h2", "http/1.1"}})
	}
	return l, nil
}

func (s *Server) listenLater(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-time.After(listenAgain):
		}
		if l, err := s.listen(); err == nil {
			s.serve(l)
			return
		}
	}
}

func (s *Server) serve(l net.Listener) {
	s.opts.Log.Info("the page can be opened with `bloxdrop open`", "address", s.url(""))
	if err := s.http.Serve(l); !errors.Is(err, http.ErrServerClosed) {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.address, s.trouble = "", err.Error()
		s.opts.Log.Error("the page is no longer shown", "err", err)
	}
}

// Trouble is why the page can't be shown, "" where it can.
func (s *Server) Trouble() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.trouble
}

// Close ends it at once, with all who watch.
func (s *Server) Close() error {
	s.end()
	err := s.http.Close()
	s.ended.Wait()
	return err
}

// Link is an address that signs one browser in as who, once and soon.
func (s *Server) Link(who string) (string, error) {
	if why := s.Trouble(); why != "" {
		return "", fmt.Errorf("the page can't be shown: %s; see web.listen", why)
	}
	return s.url("/enter?token=" + s.sessions.link(who)), nil
}

// url is the page's address as this machine's browser takes it.
func (s *Server) url(path string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	scheme, host := "http", s.address
	if s.cert != nil {
		scheme = "https"
		host = s.cert.address(host)
	}
	return scheme + "://" + host + path
}
