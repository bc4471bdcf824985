package web_test

import (
	"context"
	"io"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"bloxdrop/internal/app"
	"bloxdrop/internal/bloxs/bloxstest"
	"bloxdrop/internal/config"
	"bloxdrop/internal/testfs"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// site is a running app with its page.
type site struct {
	*app.App
	t     *testing.T
	dir   string
	root  string
	log   *testfs.Log
	bloxs *bloxstest.Server
	base  *url.URL
	link  string
	end   func() error // the app, once
}

func newSite(t *testing.T, opts bloxstest.Options, more string) *site {
	t.Helper()
	dir := t.TempDir()
	s := &site{t: t, dir: dir, root: filepath.Join(dir, "scans"), log: &testfs.Log{}}
	bloxs, err := bloxstest.New(opts)
	s.must(err)
	s.must(bloxs.Start())
	s.bloxs = bloxs
	t.Cleanup(bloxs.Close)
	s.must(os.MkdirAll(s.root, 0o755))
	path := filepath.Join(dir, "config.toml")
	s.must(os.WriteFile(path, []byte(`[bloxs]
url = '`+bloxs.URL+`'
api_key = "key"
api_secret = "secret"
requests_per_minute = 0

[[watch]]
path = '`+s.root+`'
existing = "upload"
settle = "50ms"
rescan = "200ms"

[store]
dir = '`+filepath.Join(dir, "store")+`'

`+strings.ReplaceAll(more, "DIR", dir)), 0o600))
	s.open()
	return s
}

// open starts the app, which the test's end, or end, stops.
func (s *site) open() {
	s.t.Helper()
	c, err := config.Load(filepath.Join(s.dir, "config.toml"), config.Env{Getenv: func(string) string { return "" }})
	s.must(err)
	s.App, err = app.Open(s.t.Context(), app.Options{
		Config: c, Version: "test", DeepCheck: func(context.Context, string) error { return nil },
		Now: time.Now, Random: rand.Float64, Log: slog.New(slog.NewJSONHandler(s.log, nil)),
	})
	s.must(err)
	s.end = sync.OnceValue(s.Close)
	s.t.Cleanup(func() { s.must(s.end()) })
	s.must(s.Start(context.WithoutCancel(s.t.Context())))
	if s.link, err = s.OpenPage(s.t.Context(), "jan"); err != nil {
		return
	}
	s.base, err = url.Parse(s.link)
	s.must(err)
}

func (s *site) must(err error) {
	s.t.Helper()
	if err != nil {
		s.t.Fatal(err)
	}
}

// browser keeps cookies and follows no redirects.
func (s *site) browser() *http.Client {
	jar, err := cookiejar.New(nil)
	s.must(err)
	transport := &http.Transport{}
	s.t.Cleanup(transport.CloseIdleConnections)
	return &http.Client{Jar: jar, Transport: transport, Timeout: 30 * time.Second, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
}

// signedIn is a browser that has used a link.
func (s *site) signedIn() *http.Client {
	s.t.Helper()
	link, err := s.OpenPage(s.t.Context(), "jan")
	s.must(err)
	b := s.browser()
	if status, _ := s.ask(b, "GET", strings.TrimPrefix(link, "http://"+s.base.Host), nil); status != http.StatusSeeOther {
		s.t.Fatalf("the link answers %d", status)
	}
	return b
}

// ask sends a request that change may spoil.
func (s *site) ask(b *http.Client, method, path string, form url.Values, change ...func(*http.Request)) (status int, body string) {
	s.t.Helper()
	r, err := http.NewRequestWithContext(s.t.Context(), method, s.base.Scheme+"://"+s.base.Host+path, strings.NewReader(form.Encode()))
	s.must(err)
	if form != nil {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	for _, c := range change {
		c(r)
	}
	answer, err := b.Do(r)
	s.must(err)
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	s.must(err)
	return answer.StatusCode, string(text)
}

// write has a file there at once: on a busy machine a large one that is just
// being written may well look whole for longer than settle.
func (s *site) write(rel, content string) {
	s.t.Helper()
	path := filepath.Join(s.root, filepath.FromSlash(rel))
	s.must(os.MkdirAll(filepath.Dir(path), 0o755))
	s.must(os.WriteFile(path+".part", []byte(content), 0o644))
	s.must(os.Rename(path+".part", path))
}

// untilHeld waits for the held rows.
func (s *site) until(state string, n int) (items []string) {
	s.t.Helper()
	for deadline := time.Now().Add(30 * time.Second); ; {
		rows, err := s.Rows(state, "", 10)
		s.must(err)
		if len(rows.Rows) >= n {
			for _, r := range rows.Rows {
				items = append(items, r.Item)
			}
			return items
		}
		if time.Now().After(deadline) {
			s.t.Fatalf("%d are %s, not %d\n%s", len(rows.Rows), state, n, s.log)
		}
		queue, roots := s.Changed()
		select {
		case <-queue:
		case <-roots:
		case <-time.After(time.Second):
		}
	}
}
