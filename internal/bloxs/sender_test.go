package bloxs

import (
	"bufio"
	"bytes"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/iotest"
	"time"

	"bloxdrop/internal/bloxs/bloxstest"
)

func TestUploadArrivesAsItWas(t *testing.T) {
	server := newServer(t, bloxstest.Options{})
	c := newClient(t, config(t, server.URL))
	s := newSender(t, c)
	content := make([]byte, 3<<20)
	rand.Read(content)
	sum := sha256.Sum256(content)
	for _, name := range []string{"scan 1.pdf", `Überweisung "groß" 100%.pdf`, "=?utf-8?q?a?=.txt"} {
		a, err := upload(t, c, s, "12 34+5&é", name, content)
		if err != nil {
			t.Fatal(err)
		}
		files := server.Stored()
		got := files[len(files)-1]
		if got.Name != name || got.Person != "12 34+5&é" || got.Kind != "reference" || got.ContentType != "application/pdf" ||
			got.SHA256 != hex.EncodeToString(sum[:]) || a.FileID != got.ID || a.Status != 200 {
			t.Errorf("stored %+v, answer %+v", got, a)
		}
	}
	if n := server.SignIns.Count(); n != 1 {
		t.Errorf("%d sign-ins", n)
	}
}

func TestFaults(t *testing.T) {
	for name, tc := range map[string]struct {
		fault  bloxstest.Fault
		want   Answer // Op and words aside
		err    bool
		words  string // part of the sentence
		stored int
	}{
		"500 problem":      {fault: bloxstest.Status(500), want: Answer{Status: 500, IsProblem: true}, words: "Internal Server Error (traceId 00-"},
		"503 empty":        {fault: bloxstest.EmptyStatus(503), want: Answer{Status: 503}, words: "503 Service Unavailable"},
		"early 413":        {fault: bloxstest.EmptyStatus(413).Early(), want: Answer{Status: 413}, words: "413"},
		"404 page":         {fault: bloxstest.HTML(404), want: Answer{Status: 404, HTML: true}, words: "web page"},
		"login page":       {fault: bloxstest.LoginPage(), want: Answer{Status: 200, HTML: true}, words: "web page"},
		"redirect":         {fault: bloxstest.Redirect(), want: Answer{Status: 302, Location: "/Account/Login"}, words: "a redirect to /Account/Login"},
		"429 seconds":      {fault: bloxstest.TooMany("7"), want: Answer{Status: 429, RetryAfter: 7 * time.Second}},
		"429":              {fault: bloxstest.TooMany(""), want: Answer{Status: 429}},
		"unknown as 400":   {fault: bloxstest.UnknownAs400(), want: Answer{Status: 400, IsProblem: true}, words: "The value '1234' is not valid."},
		"502 after":        {fault: bloxstest.StoreThen(bloxstest.HTML(502)), want: Answer{Status: 502, HTML: true}, stored: 1},
		"reset":            {fault: bloxstest.Reset(), err: true},
		"reset before":     {fault: bloxstest.ResetBefore(0), err: true},
		"reset at":         {fault: bloxstest.ResetBefore(500), err: true},
		"reset after":      {fault: bloxstest.ResetAfterStoring(), err: true, stored: 1},
		"closed":           {fault: bloxstest.CloseWithoutAnswer(), err: true},
		"ID 0":             {fault: bloxstest.WrongID("0"), want: Answer{Status: 200}, stored: 1},
		"ID -1":            {fault: bloxstest.WrongID("-1"), want: Answer{Status: 200}, stored: 1},
		"ID in quotes":     {fault: bloxstest.WrongID(`"12"`), want: Answer{Status: 200}, stored: 1},
		"ID 1.5":           {fault: bloxstest.WrongID("1.5"), want: Answer{Status: 200}, stored: 1},
		"ID null":          {fault: bloxstest.WrongID("null"), want: Answer{Status: 200}, stored: 1},
		"ID and white":     {fault: bloxstest.WrongID(" 12\n"), want: Answer{Status: 200, FileID: 12}, stored: 1},
		"slow":             {fault: bloxstest.SlowAnswer(50 * time.Millisecond), want: Answer{Status: 200, FileID: 1001}, stored: 1},
		"endless ID":       {fault: bloxstest.WrongID("5" + strings.Repeat(" ", maxAnswer)), want: Answer{Status: 200}, stored: 1},
		"none":             {fault: bloxstest.OK(), want: Answer{Status: 200, FileID: 1001}, stored: 1},
		"unknown, by HTML": {fault: bloxstest.HTML(404).Early(), want: Answer{Status: 404, HTML: true}},
	} {
		t.Run(name, func(t *testing.T) {
			server := newServer(t, bloxstest.Options{})
			c := newClient(t, config(t, server.URL))
			server.Uploads.Next(tc.fault)
			a, err := upload(t, c, newSender(t, c), "1234", "a.pdf", make([]byte, 40<<10))
			if n := len(server.Stored()); n != tc.stored || server.Uploads.Count() != 1 {
				t.Errorf("%d stored, %d requests", n, server.Uploads.Count())
			}
			if tc.err {
				if err == nil {
					t.Errorf("answer %+v", a)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if words := a.AsError().Error(); !strings.Contains(words, tc.words) {
				t.Errorf("words %q, want %q in them", words, tc.words)
			} else if said := Said(words, a.Problem.TraceID); strings.Contains(said, "answered") || strings.Contains(said, "traceId") || strings.Contains(said, fmt.Sprint(a.Status)) ||
				(said == "") != (a.Problem.Text() == "") {
				t.Errorf("of %q this is said to an office: %q", words, said)
			}
			got := Answer{Status: a.Status, FileID: a.FileID, IsProblem: a.IsProblem, HTML: a.HTML, RetryAfter: a.RetryAfter, Location: a.Location}
			tc.want.Problem = Problem{}
			if got.Status != tc.want.Status || got.FileID != tc.want.FileID || got.IsProblem != tc.want.IsProblem ||
				got.HTML != tc.want.HTML || got.RetryAfter != tc.want.RetryAfter || got.Location != tc.want.Location {
				t.Errorf("got  %+v\nwant %+v", got, tc.want)
			}
		})
	}
}

func TestTruncatedAnswer(t *testing.T) {
	server := newServer(t, bloxstest.Options{})
	c := newClient(t, config(t, server.URL))
	server.Uploads.Next(bloxstest.TruncatedAnswer())
	a, err := upload(t, c, newSender(t, c), "1234", "a.pdf", []byte("x"))
	if err != nil || a.Status != 200 || a.FileID != 0 || !errors.Is(a.BodyErr, io.ErrUnexpectedEOF) {
		t.Errorf("%+v, %v", a, err)
	}
}

// A refusal because of the size comes through although the body is large,
// and none of the body leaves.
func TestEarlyRefusalOfALargeBody(t *testing.T) {
	server := newServer(t, bloxstest.Options{BodyLimit: 1000})
	c := newClient(t, config(t, server.URL))
	s := newSender(t, c)
	for range 10 {
		a, err := upload(t, c, s, "1234", "a.pdf", make([]byte, 8<<20))
		if err != nil || a.Status != 413 {
			t.Fatalf("%+v, %v", a, err)
		}
		if moved := s.Moved(); moved > 4096 {
			t.Errorf("%d bytes moved", moved)
		}
	}
}

// Expect goes with the first request on a connection, after 5 s of silence
// and with large bodies, and with no other.
func TestExpect(t *testing.T) {
	var mu sync.Mutex
	var seen []bool
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		seen = append(seen, r.Header.Get("Expect") == "100-continue")
		mu.Unlock()
		io.Copy(io.Discard, r.Body)
		io.WriteString(w, "5")
	}))
	defer server.Close()
	cfg := config(t, server.URL)
	cfg.Token = "fixed-token"
	now := time.Now()
	cfg.Now = func() time.Time { return now }
	c := newClient(t, cfg)
	s := newSender(t, c)
	send := func(size int) {
		t.Helper()
		if a, err := upload(t, c, s, "1", "a", make([]byte, size)); err != nil || a.FileID != 5 {
			t.Fatalf("%+v, %v", a, err)
		}
	}
	send(10)      // new connection
	send(10)      // used just now
	send(2 << 20) // large
	now = now.Add(4 * time.Second)
	send(10)
	now = now.Add(6 * time.Second)
	send(10) // unused for 6 s
	server.CloseClientConnections()
	waitFor(t, func() bool { return s.Alive() != nil })
	send(10) // a new connection again, without an attempt lost
	want := []bool{true, false, true, false, true, true}
	if mu.Lock(); len(seen) != len(want) {
		t.Fatalf("got %v", seen)
	}
	for i := range want {
		if seen[i] != want[i] {
			t.Errorf("request %d: Expect %v, want %v", i, seen[i], want[i])
		}
	}
	mu.Unlock()
}

// HTTP/1.0 knows no Expect: who asked all the same would wait a second for
// nothing, with each file, since each has a new connection there.
func TestNoExpectForHTTP10(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	asked := make(chan bool, 4)
	var served sync.WaitGroup
	served.Go(func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			req, err := http.ReadRequest(bufio.NewReader(conn))
			if err == nil {
				asked <- req.Header.Get("Expect") != ""
				_, err = io.Copy(io.Discard, req.Body)
			}
			if err == nil {
				_, err = io.WriteString(conn, "HTTP/1.0 200 OK\r\n\r\n5")
			}
			if err = errors.Join(err, conn.Close()); err != nil {
				t.Error(err)
			}
		}
	})
	t.Cleanup(func() { l.Close(); served.Wait() })
	cfg := config(t, "http://"+l.Addr().String())
	cfg.Token = "fixed-token"
	c := newClient(t, cfg)
	for i, want := range []bool{true, false, false} { // the third by another worker
		if a, err := upload(t, c, newSender(t, c), "1", "a", make([]byte, 10)); err != nil || a.FileID != 5 {
			t.Fatalf("%+v, %v", a, err)
		}
		if is := <-asked; is != want {
			t.Errorf("upload %d: Expect %v, want %v", i, is, want)
		}
	}
}

// A body whose Read fails, as that of a file which changed, is never stored.
func TestBrokenBodyIsNotStored(t *testing.T) {
	server := newServer(t, bloxstest.Options{Token: "fixed-token"})
	cfg := config(t, server.URL)
	cfg.Token = "fixed-token"
	s := newSender(t, newClient(t, cfg))
	stale := errors.New("the file changed")
	for name, end := range map[string]io.Reader{"failed": iotest.ErrReader(stale), "short": strings.NewReader("")} {
		head, _, contentType := Envelope("a", "")
		u := newUpload(cfg.Token, "1", "a", nil)
		u.Length, u.ContentType = 100_000, contentType
		u.Body = io.NopCloser(io.MultiReader(bytes.NewReader(head), bytes.NewReader(make([]byte, 5000)), end))
		a, err := s.Send(testContext(t), u)
		if err == nil || name == "failed" && !errors.Is(err, stale) {
			t.Errorf("%s: %+v, %v", name, a, err)
		}
	}
	if n := len(server.Stored()); n != 0 {
		t.Errorf("%d files stored", n)
	}
}

func TestNoSecretIsShown(t *testing.T) {
	cfg := config(t, "https://x.bloxs.io")
	cfg.Token = "fixed-token"
	c := newClient(t, cfg)
	req := &http.Request{Header: http.Header{"Authorization": {"Bearer token-in-use"}}}
	resp := &http.Response{Request: req, StatusCode: 400, Header: http.Header{"Content-Type": {"application/json"}, "Location": {"/x/the-api-key?token=1"}},
		Body: io.NopCloser(strings.NewReader(`{"title":"key the-api-key is bad","errors":{"the-api-secret":["fixed-token token-in-use ` + strings.Repeat("-", 426) + `token-in-use"]}}`))}
	a, _ := c.readAnswer(OpSignIn, resp)
	for _, text := range []string{a.AsError().Error(), a.Problem.Text(), a.Location} {
		for _, secret := range []string{"the-api-key", "the-api-secret", "fixed-token", "token=1", "token-in", "-tok"} {
			if strings.Contains(text, secret) {
				t.Errorf("%q shows %q", text, secret)
			}
		}
	}
	if !strings.Contains(a.Problem.Text(), "key *** is bad") {
		t.Errorf("got %q", a.Problem.Text())
	}
}

// waitFor waits for something that only the kernel knows of.
func waitFor(t *testing.T, isTrue func() bool) {
	t.Helper()
	for deadline := time.Now().Add(10 * time.Second); !isTrue(); time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("it never became true")
		}
	}
}

// TestNothingRepeatsAnUpload: net/http sends a request once more by itself where
// it can make its body anew, or is told that this does no harm.
func TestNothingRepeatsAnUpload(t *testing.T) {
	s := newSender(t, newClient(t, config(t, "http://127.0.0.1:9")))
	u := newUpload("token", "1234", "a.pdf", []byte("a"))
	req, err := s.request(u, u.Body)
	if err != nil {
		t.Fatal(err)
	}
	if req.GetBody != nil || req.Method != http.MethodPost {
		t.Errorf("%s, and its body can be made anew: %v", req.Method, req.GetBody != nil)
	}
	for name := range req.Header {
		if strings.Contains(strings.ToLower(name), "idempoten") {
			t.Errorf("%s tells net/http that it may send it again", name)
		}
	}
}

// TestOneRequestOneConnection: a server that would speak HTTP/2, by which the gate
// could not tell whose bytes have left, is spoken to by HTTP/1.1. And a web
// page is no receipt, whatever stands in it.
func TestOneRequestOneConnection(t *testing.T) {
	var proto atomic.Value
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		proto.Store(r.Proto)
		_, _ = io.Copy(io.Discard, r.Body)
		w.Header().Set("Content-Type", "text/html")
		_, _ = io.WriteString(w, "4711")
	}))
	server.EnableHTTP2 = true
	server.StartTLS()
	defer server.Close()
	cfg := config(t, server.URL)
	cfg.Token = "token"
	cfg.RootCAs = x509.NewCertPool()
	cfg.RootCAs.AddCert(server.Certificate())
	c := newClient(t, cfg)
	a, err := upload(t, c, newSender(t, c), "1234", "a.pdf", []byte("a"))
	if err != nil || a.FileID != 0 || !a.HTML {
		t.Errorf("%+v %v", a, err)
	}
	if got := proto.Load(); got != "HTTP/1.1" {
		t.Errorf("it is spoken to by %v", got)
	}
}
