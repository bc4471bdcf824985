package bloxstest

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// caller speaks with a Server as a plain HTTP client.
type caller struct {
	t     *testing.T
	s     *Server
	http  *http.Client
	token string
}

func start(t *testing.T, opts Options) *caller {
	t.Helper()
	opts.Token = "fixed"
	s, err := New(opts)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Start(); err != nil {
		t.Fatal(err)
	}
	transport := &http.Transport{MaxIdleConnsPerHost: 8}
	t.Cleanup(s.Close)
	t.Cleanup(transport.CloseIdleConnections)
	return &caller{t: t, s: s, http: &http.Client{Transport: transport}, token: "fixed"}
}

// call returns status and body, or 0 and the error's text.
func (c *caller) call(method, path, contentType string, body io.Reader) (int, string) {
	req, err := http.NewRequest(method, c.s.URL+path, body)
	if err != nil {
		c.t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+c.token)
	req.Header.Set("Content-Type", contentType)
	resp, err := c.http.Do(req)
	if err != nil {
		return 0, err.Error()
	}
	defer resp.Body.Close()
	answer, err := io.ReadAll(resp.Body)
	if err != nil {
		return 0, err.Error()
	}
	return resp.StatusCode, string(answer)
}

func form(disposition, content string) string {
	return "--b\r\nContent-Disposition: " + disposition + "\r\nContent-Type: text/plain\r\n\r\n" + content + "\r\n--b--\r\n"
}

func (c *caller) upload(person, content string) (int, string) {
	return c.call("POST", "/api/v1/relations/persons/files?reference="+person, "multipart/form-data; boundary=b",
		strings.NewReader(form(`form-data; name="File"; filename="a.txt"`, content)))
}

func TestNamesAsTheyArrive(t *testing.T) {
	c := start(t, Options{})
	for disposition, want := range map[string]string{
		`form-data; name="File"; filename="a.txt"`:                                "a.txt",
		`form-data; name=file; filename="é.txt"`:                                  "é.txt",
		`form-data; name="File"; filename="a.txt"; filename*=UTF-8''b%C3%A9`:      "bé",
		`form-data; name="File"; filename*=UTF-8''c%20d; filename="a.txt"`:        "c d",
		`form-data; name="File"; filename="a\"b.txt"`:                             `a\"b.txt`,
		`form-data; name="File"; filename="=?utf-8?B?w6k=?=.txt"`:                 "é.txt",
		`form-data; filename="İ.txt"; name="File"`:                                "İ.txt",
		`form-data; name="File"; filename="=?utf-8?q?a?="; filename*=UTF-8''%3Db`: "=b",
	} {
		code, body := c.call("POST", "/api/v1/relations/persons/files?reference=1", "multipart/form-data; boundary=b", strings.NewReader(form(disposition, "x")))
		files := c.s.Stored()
		if code != 200 || len(files) == 0 || files[len(files)-1].Name != want {
			t.Errorf("%s: %d %s %+v", disposition, code, body, files[max(len(files)-1, 0):])
		}
	}
	for _, disposition := range []string{`form-data; name="Files"; filename="a"`, `form-data; name="File"`, `attachment; name="File"; filename="a"`} {
		code, body := c.call("POST", "/api/v1/relations/persons/files?reference=1", "multipart/form-data; boundary=b", strings.NewReader(form(disposition, "x")))
		if code != 400 || body != "No file was uploaded." {
			t.Errorf("%s: %d %s", disposition, code, body)
		}
	}
}

func TestRefusals(t *testing.T) {
	c := start(t, Options{Persons: Directory(map[string]Person{"1": {Name: "A"}}), BodyLimit: 1000, APIKey: "k", APISecret: "s"})
	code, body := c.upload("2", "x")
	var problem struct {
		Title, TraceID string
		Status         int
		Errors         map[string][]string
	}
	if err := json.Unmarshal([]byte(body), &problem); err != nil || code != 404 || problem.Status != 404 || problem.TraceID == "" || problem.Errors["reference"] == nil {
		t.Errorf("%d %s", code, body)
	}
	c.s.Know("2", Person{})
	c.s.Forget("1")
	got := map[string]int{}
	got["known now"], _ = c.upload("2", "x")
	got["forgotten"], _ = c.upload("1", "x")
	got["too large"], _ = c.upload("2", strings.Repeat("x", 2000))
	got["empty"], _ = c.upload("2", "")
	got["no multipart"], _ = c.call("POST", "/api/v1/relations/persons/files?reference=2", "text/plain", strings.NewReader("x"))
	got["no page"], _ = c.call("GET", "/api/v2", "", nil)
	got["wrong method"], _ = c.call("GET", "/api/v1/relations/persons/files", "", nil)
	got["wrong key"], _ = c.call("POST", "/Authorization", "application/json", strings.NewReader(`{"apiKey":"k","apiSecret":"t"}`))
	_, answer := c.call("POST", "/Authorization", "application/json", strings.NewReader(`{"apiKey":"k","apiSecret":"s"}`))
	var in struct{ Token, Expiration string }
	if err := json.Unmarshal([]byte(answer), &in); err != nil || in.Expiration == "" {
		t.Errorf("%s", answer)
	}
	c.token = in.Token
	got["signed in"], _ = c.upload("2", "x")
	c.s.ExpireTokens()
	got["expired"], _ = c.upload("2", "x")
	for name, want := range map[string]int{"known now": 200, "forgotten": 404, "too large": 413, "empty": 400, "no multipart": 400, "no page": 404,
		"wrong method": 405, "wrong key": 400, "signed in": 200, "expired": 401} {
		if got[name] != want {
			t.Errorf("%s: %d, want %d", name, got[name], want)
		}
	}
	if n := len(c.s.Stored()); n != 2 {
		t.Errorf("%d stored", n)
	}
}

// A body that ends before its length is never stored, even if all of its
// parts have come.
func TestShortBody(t *testing.T) {
	c := start(t, Options{})
	body := form(`form-data; name="File"; filename="a.txt"`, strings.Repeat("x", 5000))
	for _, sent := range []int{1, 100, len(body) - 1, len(body)} {
		conn, err := net.Dial("tcp", strings.TrimPrefix(c.s.URL, "http://"))
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprintf(conn, "POST /api/v1/relations/persons/files?reference=1 HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer fixed\r\n"+
			"Content-Type: multipart/form-data; boundary=b\r\nContent-Length: %d\r\n\r\n%s", len(body)+1, body[:sent])
		conn.(*net.TCPConn).CloseWrite()
		io.Copy(io.Discard, conn) // until the server is done with it
		conn.Close()
	}
	if n := len(c.s.Stored()); n != 0 {
		t.Errorf("%d stored", n)
	}
}

// The simulated Bloxs may be killed and started again.
func TestLedgerFile(t *testing.T) {
	file := filepath.Join(t.TempDir(), "bloxs.jsonl")
	c := start(t, Options{LedgerFile: file})
	c.s.Uploads.Next(OK(), ResetAfterStoring())
	c.upload("1", "first")
	c.upload("2", "second")
	sum := sha256.Sum256([]byte("second"))
	before := c.s.Stored()
	if len(before) != 2 || before[1].SHA256 != hex.EncodeToString(sum[:]) || before[1].Size != 6 {
		t.Fatalf("%+v", before)
	}
	c.s.Close()
	f, err := os.OpenFile(file, os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	f.WriteString(`{"id":1003,"person":"` + strings.Repeat("cut off ", 100))
	f.Close()

	c = start(t, Options{LedgerFile: file})
	after := c.s.Stored()
	if len(after) != 2 || after[1].SHA256 != before[1].SHA256 || !after[1].At.Equal(before[1].At) {
		t.Errorf("%+v", after)
	}
	if _, id := c.upload("3", "third"); id != "1003" {
		t.Errorf("ID %s", id)
	}
	c.s.Close()
	if n := len(start(t, Options{LedgerFile: file}).s.Stored()); n != 3 {
		t.Errorf("%d files after the third start", n)
	}
	if err := os.WriteFile(file, []byte("nonsense\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := New(Options{LedgerFile: file}); err == nil {
		t.Error("a damaged ledger passes")
	}
}

func TestLimitWindow(t *testing.T) {
	now := time.Now()
	c := start(t, Options{Now: func() time.Time { return now }})
	c.s.LimitWindow(Limit{Writes: 5, Others: 3, RetryAfter: true})
	codes := func() (got []int) {
		for range 3 {
			code, _ := c.upload("1", "x")
			got = append(got, code)
		}
		code, _ := c.call("GET", "/api/v1/relations/persons?reference=1", "", nil)
		return append(got, code)
	}
	for _, step := range []struct {
		pass time.Duration
		want string
	}{{0, "[200 200 429 429]"}, {59 * time.Second, "[429 429 429 429]"}, {time.Second, "[200 200 429 429]"}} {
		now = now.Add(step.pass)
		if got := fmt.Sprint(codes()); got != step.want {
			t.Errorf("after %v: %s, want %s", step.pass, got, step.want)
		}
	}
	c.s.LimitWindow(Limit{})
	if code, _ := c.upload("1", "x"); code != 200 {
		t.Errorf("without a limit: %d", code)
	}
}

func TestScriptAndSignals(t *testing.T) {
	c := start(t, Options{KeepBytes: true})
	c.s.Uploads.Always(Status(500))
	c.s.Uploads.Next(Status(503), OK())
	c.s.Uploads.For("7", EmptyStatus(403))
	var got []int
	for _, person := range []string{"1", "7", "1", "1"} {
		code, _ := c.upload(person, "x")
		got = append(got, code)
	}
	if fmt.Sprint(got) != "[503 403 200 500]" {
		t.Errorf("%v", got)
	}
	c.s.Uploads.Clear()

	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	hold := Hold()
	c.s.Uploads.Next(hold.Fault.At(100))
	done := make(chan int)
	go func() { code, _ := c.upload("1", strings.Repeat("y", 1000)); done <- code }()
	if err := c.s.Uploads.WaitBegun(ctx, 5); err != nil {
		t.Fatal(err)
	}
	<-hold.Reached()
	if n := len(c.s.Stored()); n != 1 {
		t.Errorf("%d stored while held", n)
	}
	hold.Release()
	if err := c.s.WaitStored(ctx, 2); err != nil {
		t.Fatal(err)
	}
	if code := <-done; code != 200 || string(c.s.Stored()[1].Bytes) != strings.Repeat("y", 1000) {
		t.Errorf("%d, %d bytes", code, c.s.Stored()[1].Size)
	}
	cause := errors.New("enough")
	ended, end := context.WithCancelCause(ctx)
	end(cause)
	if err := c.s.WaitStored(ended, 3); err != cause {
		t.Errorf("got %v", err)
	}

	// Close ends what is held.
	c.s.Uploads.Next(Hold().Fault)
	go func() { code, _ := c.upload("1", "z"); done <- code }()
	if err := c.s.Uploads.WaitBegun(ctx, 6); err != nil {
		t.Fatal(err)
	}
	c.s.Close()
	<-done
}

// It must not be the brake of the tests that use it.
func TestManyAtOnce(t *testing.T) {
	c := start(t, Options{LedgerFile: filepath.Join(t.TempDir(), "bloxs.jsonl")})
	const workers, each = 8, 100
	began := time.Now()
	var all sync.WaitGroup
	for worker := range workers {
		all.Go(func() {
			for i := range each {
				if code, body := c.upload("1", fmt.Sprintf("%d-%d", worker, i)); code != 200 {
					t.Errorf("%d %s", code, body)
				}
			}
		})
	}
	all.Wait()
	t.Logf("%.0f uploads a second with a synced ledger", workers*each/time.Since(began).Seconds())
	seen := map[int64]bool{}
	for _, f := range c.s.Stored() {
		seen[f.ID] = true
	}
	if len(seen) != workers*each {
		t.Errorf("%d IDs", len(seen))
	}
}

func FuzzReceive(f *testing.F) {
	f.Add("multipart/form-data; boundary=b", []byte(form(`form-data; name="File"; filename="a"`, "x")))
	f.Add("multipart/form-data", []byte("--"))
	f.Add(`multipart/form-data; boundary="b"`, []byte("--b\r\nContent-Disposition: form-data; name=file; filename=\"\\\r\n\r\n\r\n--b--"))
	s, err := New(Options{KeepBytes: true})
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, contentType string, body []byte) {
		file, err := s.receive(contentType, bytes.NewReader(body))
		if err == nil && (file.Size == 0 || int64(len(file.Bytes)) != file.Size || !bytes.Contains(body, file.Bytes)) {
			t.Errorf("%+v", file)
		}
	})
}
