package bloxs

import (
	"bytes"
	"context"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"testing"
	"time"

	"bloxdrop/internal/bloxs/bloxstest"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// config is a Config for a test against url.
func config(t *testing.T, url string) Config {
	t.Helper()
	return Config{
		URL: url, APIKey: "the-api-key", APISecret: "the-api-secret",
		Proxy: noProxy, Now: time.Now, Log: slog.New(slog.DiscardHandler), UserAgent: "bloxdrop/test",
	}
}

func noProxy(*http.Request) (*url.URL, error) { return nil, nil }

func newServer(t *testing.T, opts bloxstest.Options) *bloxstest.Server {
	t.Helper()
	s, err := bloxstest.New(opts)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	return s
}

func newClient(t *testing.T, cfg Config) *Client {
	t.Helper()
	c, err := New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return c
}

func newSender(t *testing.T, c *Client) *Sender {
	t.Helper()
	s := c.NewSender()
	t.Cleanup(s.Close)
	return s
}

// testContext ends a test that would hang.
func testContext(t *testing.T) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	t.Cleanup(cancel)
	return ctx
}

// upload sends content as it is and returns what Send returns.
func upload(t *testing.T, c *Client, s *Sender, person, name string, content []byte) (*Answer, error) {
	t.Helper()
	ctx := testContext(t)
	token, err := c.Token(ctx)
	if err != nil {
		t.Fatal(err)
	}
	u := newUpload(token, person, name, content)
	return s.Send(ctx, u)
}

func newUpload(token, person, name string, content []byte) Upload {
	head, tail, contentType := Envelope(name, "application/pdf")
	return Upload{
		Relation: "persons", Kind: "reference", Person: person, Token: token, ContentType: contentType,
		Length: int64(len(head) + len(content) + len(tail)),
		Body:   io.NopCloser(io.MultiReader(bytes.NewReader(head), bytes.NewReader(content), bytes.NewReader(tail))),
	}
}

// gatedBody is a body as uploader's: its last Read waits for the gate.
type gatedBody struct {
	rest []byte
	tail []byte
	gate func() error
	open bool
}

func (b *gatedBody) Read(p []byte) (int, error) {
	if len(b.rest) > 0 {
		n := copy(p, b.rest)
		b.rest = b.rest[n:]
		return n, nil
	}
	if !b.open {
		if err := b.gate(); err != nil {
			return 0, err
		}
		b.open = true
	}
	if len(b.tail) == 0 {
		return 0, io.EOF
	}
	n := copy(p, b.tail)
	b.tail = b.tail[n:]
	return n, nil
}

func (*gatedBody) Close() error { return nil }

// gated is newUpload with a gate before the closing boundary.
func gated(token string, content []byte, gate func() error) Upload {
	u := newUpload(token, "1234", "a.pdf", nil)
	head, tail, contentType := Envelope("a.pdf", "application/pdf")
	u.ContentType = contentType
	u.Length = int64(len(head) + len(content) + len(tail))
	u.Body = &gatedBody{rest: append(head, content...), tail: tail, gate: gate}
	return u
}
