package control

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"reflect"
	"runtime"
	"strings"
	"testing"
)

// TestGuard hears only who has read control.json, and no web page.
func TestGuard(t *testing.T) {
	d := &desk{}
	_, at := serve(t, d)
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	ask := func(change func(r *http.Request)) int {
		t.Helper()
		r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "http://"+at.Address+"/pause", strings.NewReader("{}"))
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Authorization", "Bearer "+at.Token)
		change(r)
		resp, err := client.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		return resp.StatusCode
	}
	for name, change := range map[string]func(r *http.Request){
		"no token":              func(r *http.Request) { r.Header.Del("Authorization") },
		"wrong token":           func(r *http.Request) { r.Header.Set("Authorization", "Bearer x") },
		"token without Bearer":  func(r *http.Request) { r.Header.Set("Authorization", at.Token) },
		"beginning of a token":  func(r *http.Request) { r.Header.Set("Authorization", "Bearer "+at.Token[:10]) },
		"rebound name":          func(r *http.Request) { r.Host = "evil.example" },
		"rebound name and port": func(r *http.Request) { r.Host = strings.Replace(at.Address, "127.0.0.1", "localhost", 1) },
		"a web page":            func(r *http.Request) { r.Header.Set("Origin", "http://"+at.Address) },
		"a sandboxed page":      func(r *http.Request) { r.Header.Set("Origin", "null") },
		"a link":                func(r *http.Request) { r.Method = http.MethodGet },
	} {
		if code := ask(change); code != http.StatusForbidden || len(d.asked) > 0 {
			t.Errorf("%s: %d, and the desk heard %v", name, code, d.asked)
		}
	}
	if code := ask(func(*http.Request) {}); code != http.StatusOK || len(d.asked) != 1 {
		t.Errorf("the right one: %d, and the desk heard %v", code, d.asked)
	}
}

// TestAddress is for the service's own account, and a new token at each start.
func TestAddress(t *testing.T) {
	dir, at := serve(t, &desk{})
	_, other := serve(t, &desk{})
	if !strings.HasPrefix(at.Address, "127.0.0.1:") || at.PID != os.Getpid() || len(at.Token) < 20 || at.Token == other.Token {
		t.Errorf("%+v, %+v", at, other)
	}
	fi, err := os.Stat(filepath.Join(dir, fileName))
	if err != nil || runtime.GOOS != "windows" && fi.Mode().Perm() != 0o600 {
		t.Errorf("%v %v", fi, err)
	}
}

// TestSameAnswers puts each question to the desk itself and through a client.
func TestSameAnswers(t *testing.T) {
	d := &desk{entries: 1000}
	dir, _ := serve(t, d)
	c := dial(t, dir)
	for _, d.fails = range []error{nil, errDesk} {
		for i, question := range []func(Desk) (any, error){
			func(d Desk) (any, error) { return d.Status(t.Context()) },
			func(d Desk) (any, error) { return d.Explain(t.Context(), "/r/a b\n\"ü") },
			func(d Desk) (any, error) { return d.Retry(t.Context(), []string{"/a", "/b"}, false) },
			func(d Desk) (any, error) { return d.Retry(t.Context(), []string{}, true) },
			func(d Desk) (any, error) { return d.Forget(t.Context(), "ü 1") },
			func(d Desk) (any, error) {
				return d.Resolve(t.Context(), Resolution{Target: "x", Sent: true, FileID: 1 << 60})
			},
			func(d Desk) (any, error) { return d.Confirm(t.Context(), "/r") },
			func(d Desk) (any, error) { return d.Send(t.Context(), "/r/ü", true) },
			func(d Desk) (any, error) { return d.Pause(t.Context()) },
			func(d Desk) (any, error) { return d.Resume(t.Context()) },
			func(d Desk) (any, error) { return d.Adopt(t.Context(), "/r ü", "skip") },
			func(d Desk) (any, error) { return d.OpenPage(t.Context(), `OFFICE\jan`) },
			func(d Desk) (any, error) {
				var list []Entry
				err := d.List(t.Context(), Selection{State: "held", Person: "1001"}, func(e Entry) error { list = append(list, e); return nil })
				return list, err
			},
		} {
			d.asked = nil
			want, wantErr := question(d)
			got, err := question(c)
			if len(d.asked) != 2 || d.asked[0] != d.asked[1] {
				t.Errorf("question %d: %v", i, d.asked)
			}
			switch {
			case wantErr == nil && (err != nil || !reflect.DeepEqual(got, want)):
				t.Errorf("question %d: %+v, %v; want %+v", i, got, err, want)
			case wantErr != nil && (err == nil || err.Error() != wantErr.Error()):
				t.Errorf("question %d: %v, want %v", i, err, wantErr)
			}
		}
	}
}

// TestListEndsEarly where who asks has seen enough.
func TestListEndsEarly(t *testing.T) {
	dir, _ := serve(t, &desk{entries: 100_000})
	n := 0
	err := dial(t, dir).List(t.Context(), Selection{}, func(Entry) error {
		if n++; n == 10 {
			return errDesk
		}
		return nil
	})
	if !errors.Is(err, errDesk) || n != 10 {
		t.Errorf("%d entries, %v", n, err)
	}
}

// stranger answers in a service's place, and says where that is.
func stranger(t *testing.T, answer http.HandlerFunc) (dir string) {
	t.Helper()
	s := httptest.NewServer(answer)
	t.Cleanup(s.Close)
	dir = t.TempDir()
	text := fmt.Sprintf(`{"address":%q,"token":"x","pid":1}`, strings.TrimPrefix(s.URL, "http://"))
	if err := os.WriteFile(filepath.Join(dir, fileName), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return dir
}

// proves answers a hello as who knows the token.
func proves(w http.ResponseWriter, r *http.Request, token string) {
	var q question
	if err := json.NewDecoder(r.Body).Decode(&q); err == nil {
		_ = json.NewEncoder(w).Encode(answer{Said: proof(token, q.Nonce)})
	}
}

// TestStrangerLearnsNothing: whoever has the address of a service that was
// killed is told no token, is not taken for it, and one proof is for one nonce.
func TestStrangerLearnsNothing(t *testing.T) {
	told := make(chan string, 1)
	real := proof("x", "former")
	for name, says := range map[string]http.HandlerFunc{
		"who knows another token": func(w http.ResponseWriter, r *http.Request) { proves(w, r, "y") },
		"who knows a proof":       func(w http.ResponseWriter, _ *http.Request) { _ = json.NewEncoder(w).Encode(answer{Said: real}) },
		"who says our name":       func(w http.ResponseWriter, _ *http.Request) { _ = json.NewEncoder(w).Encode(answer{Said: "bloxdrop"}) },
	} {
		c, err := Dial(t.Context(), stranger(t, func(w http.ResponseWriter, r *http.Request) {
			told <- r.Header.Get("Authorization")
			says(w, r)
		}))
		if !errors.Is(err, ErrNobody) {
			t.Errorf("%s: %v", name, err)
			c.Close()
		}
		if token := <-told; token != "" {
			t.Errorf("%s is told %q", name, token)
		}
	}
}

// TestListBreaksOff is noticed: half a list must not pass for a whole one.
func TestListBreaksOff(t *testing.T) {
	for name, text := range map[string]string{
		"behind an entry": `{"entry":{"item":"1"}}` + "\n",
		"in an entry":     `{"entry":{"item":"1"}}` + "\n" + `{"entry":{"it`,
		"at once":         "",
	} {
		dir := stranger(t, func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path == "/hello" {
				proves(w, r, "x")
				return
			}
			_, _ = io.WriteString(w, text)
		})
		if err := dial(t, dir).List(t.Context(), Selection{}, func(Entry) error { return nil }); !errors.Is(err, io.ErrUnexpectedEOF) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestAnothersService: who may not ask is told who may.
func TestAnothersService(t *testing.T) {
	err := notFound(&fs.PathError{Op: "open", Path: "/var/lib/bloxdrop/control.json", Err: fs.ErrPermission})
	if !errors.Is(err, fs.ErrPermission) || !strings.Contains(err.Error(), "with sudo") {
		t.Error(err)
	}
}

// TestNobody tells a service that isn't there from one that fails.
func TestNobody(t *testing.T) {
	write := func(text string) string {
		dir := t.TempDir()
		if err := os.WriteFile(filepath.Join(dir, fileName), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return dir
	}
	for name, dir := range map[string]string{
		"no file":           t.TempDir(),
		"no folder":         filepath.Join(t.TempDir(), "none"),
		"half a file":       write(`{"address":"127`),
		"nobody listens":    write(`{"address":"127.0.0.1:1","token":"x"}`),
		"somebody else":     stranger(t, func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "<html>") }),
		"no service of us":  stranger(t, func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusForbidden) }),
		"an empty answer":   stranger(t, func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "{}") }),
		"an answer cut off": stranger(t, func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }),
	} {
		c, err := Dial(t.Context(), dir)
		if !errors.Is(err, ErrNobody) {
			t.Errorf("%s: %v", name, err)
		}
		if c != nil {
			c.Close()
		}
	}
}

// slow makes a backup until it is told to end.
type slow struct {
	desk
	began, ended chan struct{}
}

func (s *slow) Backup(ctx context.Context, _ io.Writer) error {
	close(s.began)
	<-ctx.Done()
	close(s.ended)
	return ctx.Err()
}

// A backup in the making ends when the service stops, and when nobody waits for
// it any more: as long as it reads, the ledger can't be closed.
func TestWhatIsBeingAnsweredEnds(t *testing.T) {
	for name, end := range map[string]func(s *Server, gone context.CancelFunc) error{
		"stopped":  func(s *Server, _ context.CancelFunc) error { return s.Close() },
		"one goes": func(_ *Server, gone context.CancelFunc) error { gone(); return nil },
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			d := &slow{began: make(chan struct{}), ended: make(chan struct{})}
			s, err := Serve(dir, d, slog.New(slog.DiscardHandler))
			if err != nil {
				t.Fatal(err)
			}
			ctx, gone := context.WithCancel(t.Context())
			asked := make(chan error, 1)
			client := dial(t, dir)
			go func() { asked <- client.Backup(ctx, io.Discard) }()
			<-d.began
			if err := end(s, gone); err != nil {
				t.Error(err)
			}
			<-d.ended
			if err := <-asked; err == nil {
				t.Error("a backup that was broken off counts as one")
			}
			gone()
			if name != "stopped" {
				if err := s.Close(); err != nil {
					t.Error(err)
				}
			}
		})
	}
}

// TestTellOnAFullDisk: where nothing new can be written, what a killed service
// has left is written over.
func TestTellOnAFullDisk(t *testing.T) {
	path := filepath.Join(t.TempDir(), fileName)
	stale := address{Address: "127.0.0.1:1", Token: strings.Repeat("old", 50)}
	if err := errors.Join(writeAddress(path, stale), os.MkdirAll(path+".new/in the way", 0o700)); err != nil {
		t.Fatal(err)
	}
	want := address{Address: "127.0.0.1:2", Token: "new"}
	if err := writeAddress(path, want); err != nil {
		t.Fatal(err)
	}
	var got address
	b, err := os.ReadFile(path)
	if err := errors.Join(err, json.Unmarshal(b, &got)); err != nil || got != want {
		t.Errorf("%s: %v", b, err)
	}
	if err := errors.Join(os.Remove(path)); err != nil {
		t.Fatal(err)
	}
	if err := writeAddress(path, want); err == nil {
		t.Error("it was told nowhere")
	}
}
