// Package bloxs speaks with Bloxs: it signs in, looks up a person and adds a
// file to a person's record.
//
// It promises that a request is sent once and never replayed, neither by this
// package nor by net/http; that an answer is reported as it came, with
// Bloxs's own words and never with more than a bounded part of it; and that a
// file ID is only what an answer says in so many digits. It never decides
// what an answer means for a file (that is uploader's), never retries, never
// follows a redirect, and never puts a secret into an error or a log line.
package bloxs

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// Bounds for what one call may take. Uploads have their own: see Sender.
const (
	dialTimeout   = 10 * time.Second
	tlsTimeout    = 10 * time.Second
	callTimeout   = 30 * time.Second // a whole sign-in or look-up
	idleTimeout   = 90 * time.Second
	maxAnswer     = 1 << 20 // bytes read of any answer; a person may have much to say
	maxAnswerHead = 64 << 10
)

// Config is what a Client needs to know.
type Config struct {
	URL       string // https://customer.bloxs.io
	APIKey    string
	APISecret string
	Token     string // a fixed bearer token instead of the pair

	RootCAs *x509.CertPool                        // nil: the system's
	Proxy   func(*http.Request) (*url.URL, error) // nil: the environment's

	// TokenFile keeps the sign-in token between starts, because Bloxs allows
	// an environment few sign-ins. "" keeps it nowhere.
	TokenFile string
	// TokenFileOnlyRead leaves the file as it is, also after a sign-in.
	TokenFileOnlyRead bool

	Dial      func(ctx context.Context, network, addr string) (net.Conn, error) // nil: a net.Dialer with a time-out of 10 s
	Now       func() time.Time
	Log       *slog.Logger
	UserAgent string
}

// LogValue keeps the secrets out of every log.
func (Config) LogValue() slog.Value { return slog.StringValue("***") }

// String keeps the secrets out of every formatted message.
func (Config) String() string { return "***" }

// GoString does the same for %#v.
func (Config) GoString() string { return "***" }

// Client signs in and looks up persons; its Senders add files. It is safe for
// concurrent use.
type Client struct {
	cfg    Config
	base   string // the address without a slash at its end
	calls  *http.Transport
	secret *strings.Replacer
	tokens tokens
	skew   atomic.Pointer[time.Duration]
	old    atomic.Bool // the latest answer was one of HTTP/1.0, which knows no Expect

	ctx  context.Context // ends with Close; a sign-in is nobody's own, so it hangs on this
	stop context.CancelFunc
	wg   sync.WaitGroup
}

// New checks the address and reads the token kept in TokenFile, if any. It
// makes no connection.
func New(cfg Config) (*Client, error) {
	base, err := checkURL(cfg.URL)
	if err != nil {
		return nil, err
	}
	if cfg.Now == nil || cfg.Log == nil {
		return nil, errors.New("bloxs: Config needs Now and Log")
	}
	if cfg.Proxy == nil {
		cfg.Proxy = http.ProxyFromEnvironment
	}
	if cfg.Dial == nil {
		cfg.Dial = (&net.Dialer{Timeout: dialTimeout}).DialContext
	}
	c := &Client{cfg: cfg, base: base, secret: redactor(cfg.APIKey, cfg.APISecret, cfg.Token)}
	c.ctx, c.stop = context.WithCancel(context.Background())
	c.calls = c.transport(cfg.Dial)
	c.tokens.current = c.loadToken()
	return c, nil
}

// Close ends a sign-in that may be under way and the idle connections.
func (c *Client) Close() {
	c.stop()
	c.wg.Wait()
	c.calls.CloseIdleConnections()
}

func checkURL(raw string) (string, error) {
	u, err := url.Parse(strings.TrimSpace(raw))
	if err != nil {
		return "", fmt.Errorf("the address of Bloxs can't be read: %w", err)
	}
	if (u.Scheme != "https" && u.Scheme != "http") || u.Host == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "" {
		return "", errors.New("the address of Bloxs must look like https://customer.bloxs.io")
	}
	return strings.TrimRight(u.String(), "/"), nil
}

// transport makes what both kinds of connections share: HTTP/1.1 only, so
// that one request is one connection's, and nothing that repeats requests.
func (c *Client) transport(dial func(context.Context, string, string) (net.Conn, error)) *http.Transport {
	var protocols http.Protocols
	protocols.SetHTTP1(true)
	return &http.Transport{
		Proxy:                  c.cfg.Proxy,
		DialContext:            dial,
		TLSClientConfig:        &tls.Config{MinVersion: tls.VersionTLS12, RootCAs: c.cfg.RootCAs},
		TLSHandshakeTimeout:    tlsTimeout,
		Protocols:              &protocols,
		DisableCompression:     true,
		IdleConnTimeout:        idleTimeout,
		MaxResponseHeaderBytes: maxAnswerHead,
		ExpectContinueTimeout:  time.Second,
	}
}

// call makes one small request and reads its whole answer. The Transport is
// used without http.Client, which would follow redirects and put the address
// with its query into every error.
func (c *Client) call(ctx context.Context, op string, req *http.Request) (*Answer, []byte, error) {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	req.Header.Set("Accept", "application/json")
	c.setUserAgent(req)
	resp, err := c.calls.RoundTrip(req.WithContext(ctx))
	if err != nil {
		return nil, nil, fmt.Errorf("%s: %w", op, c.discreet(req, err))
	}
	if at, err := http.ParseTime(resp.Header.Get("Date")); err == nil {
		ahead := at.Sub(c.cfg.Now())
		c.skew.Store(&ahead)
	}
	a, body := c.readAnswer(op, resp)
	if a.BodyErr != nil {
		return nil, nil, fmt.Errorf("%s: the answer broke off: %w", op, a.BodyErr)
	}
	return a, body, nil
}

// Skew is how far Bloxs's clock is ahead of ours, to a second or two, as the
// latest answer to a sign-in or look-up shows; known is false before one has.
func (c *Client) Skew() (ahead time.Duration, known bool) {
	if s := c.skew.Load(); s != nil {
		return *s, true
	}
	return 0, false
}

func (c *Client) setUserAgent(req *http.Request) {
	if c.cfg.UserAgent != "" {
		req.Header.Set("User-Agent", c.cfg.UserAgent)
	}
}

// hideFor returns what takes our secrets out of the answer to a request,
// should Bloxs ever repeat them.
func (c *Client) hideFor(req *http.Request) func(string) string {
	if req == nil {
		return c.secret.Replace
	}
	inUse := redactor(strings.TrimPrefix(req.Header.Get("Authorization"), "Bearer "))
	return func(s string) string { return inUse.Replace(c.secret.Replace(s)) }
}

// discreet is an error of net/http, which quotes what it could not read of an
// answer, without our secrets in it.
func (c *Client) discreet(req *http.Request, err error) error {
	text := c.hideFor(req)(err.Error())
	if text == err.Error() {
		return err
	}
	return &discreetError{text, err}
}

type discreetError struct {
	text string
	err  error
}

func (e *discreetError) Error() string { return e.text }
func (e *discreetError) Unwrap() error { return e.err }

func redactor(secrets ...string) *strings.Replacer {
	var pairs []string
	for _, s := range secrets {
		if len(s) >= 4 { // shorter ones would blot out ordinary words
			pairs = append(pairs, s, "***")
		}
	}
	return strings.NewReplacer(pairs...)
}

// readBounded reads at most maxAnswer bytes; whole says that there was no more.
func readBounded(r io.Reader) (body []byte, whole bool, err error) {
	body, err = io.ReadAll(io.LimitReader(r, maxAnswer+1))
	if len(body) > maxAnswer {
		return body[:maxAnswer], false, err
	}
	return body, err == nil, err
}
