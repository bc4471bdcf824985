package bloxs

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"bloxdrop/internal/bloxs/bloxstest"
)

func TestOneSignInForAll(t *testing.T) {
	server := newServer(t, bloxstest.Options{})
	hold := bloxstest.Hold()
	server.SignIns.Next(hold.Fault)
	c := newClient(t, config(t, server.URL))

	impatient, cancel := context.WithCancel(t.Context())
	first := make(chan error, 1)
	go func() { _, err := c.Token(impatient); first <- err }()
	<-hold.Reached()
	var all sync.WaitGroup
	for range 20 {
		all.Go(func() {
			if token, err := c.Token(testContext(t)); err != nil || token == "" {
				t.Errorf("%q, %v", token, err)
			}
		})
	}
	cancel() // who started the sign-in doesn't take it along
	if err := <-first; !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	hold.Release()
	all.Wait()
	if n := server.SignIns.Count(); n != 1 {
		t.Errorf("%d sign-ins", n)
	}
}

func TestRefusedSignInIsShared(t *testing.T) {
	server := newServer(t, bloxstest.Options{APIKey: "another"})
	hold := bloxstest.Hold()
	server.SignIns.Next(hold.Fault)
	c := newClient(t, config(t, server.URL))
	var all sync.WaitGroup
	for i := range 10 {
		if i == 1 {
			<-hold.Reached()
		}
		all.Go(func() {
			var refused *Error
			_, err := c.Token(testContext(t))
			if !errors.As(err, &refused) || refused.Op != OpSignIn || refused.Status != 400 ||
				!strings.Contains(err.Error(), "The token could not be created.") {
				t.Errorf("got %v", err)
			}
		})
	}
	waitFor(t, func() bool { c.tokens.mu.Lock(); defer c.tokens.mu.Unlock(); return c.tokens.flight != nil })
	waitForGoroutines(t, "bloxs.(*Client).join", 10)
	hold.Release()
	all.Wait()
	if n := server.SignIns.Count(); n != 1 {
		t.Errorf("%d sign-ins", n)
	}
}

// waitForGoroutines waits until n goroutines are in a function.
func waitForGoroutines(t *testing.T, function string, n int) {
	t.Helper()
	buf := make([]byte, 1<<20)
	waitFor(t, func() bool { return strings.Count(string(buf[:runtime.Stack(buf, true)]), function+"(") >= n })
}

func TestRenew(t *testing.T) {
	server := newServer(t, bloxstest.Options{})
	c := newClient(t, config(t, server.URL))
	ctx := testContext(t)
	bad, err := c.Token(ctx)
	if err != nil {
		t.Fatal(err)
	}
	server.ExpireTokens()
	var all sync.WaitGroup
	for range 10 {
		all.Go(func() {
			if good, err := c.Renew(ctx, bad); err != nil || good == bad {
				t.Errorf("%v", err)
			}
		})
	}
	all.Wait()
	if n := server.SignIns.Count(); n != 2 {
		t.Errorf("%d sign-ins", n)
	}
}

func TestFixedToken(t *testing.T) {
	cfg := config(t, "https://127.0.0.1:1")
	cfg.Token = "fixed-token"
	c := newClient(t, cfg)
	if token, err := c.Token(t.Context()); token != "fixed-token" || err != nil {
		t.Errorf("%q, %v", token, err)
	}
	var refused *Error
	if _, err := c.Renew(t.Context(), "fixed-token"); !errors.As(err, &refused) || !refused.FixedToken || refused.Status != 401 {
		t.Errorf("got %v", err)
	}
}

func TestEarlyRenewalThatFails(t *testing.T) {
	var mu sync.Mutex
	now := time.Now()
	clock := func() time.Time { mu.Lock(); defer mu.Unlock(); return now }
	pass := func(d time.Duration) { mu.Lock(); now = now.Add(d); mu.Unlock() }
	server := newServer(t, bloxstest.Options{TokenLife: time.Hour})
	cfg := config(t, server.URL)
	cfg.Now = clock
	c := newClient(t, cfg)
	token := func() string {
		t.Helper()
		token, err := c.Token(testContext(t))
		if err != nil {
			t.Fatal(err)
		}
		return token
	}
	old := token()
	pass(50 * time.Minute)
	if token() != old {
		t.Error("renewed far too early")
	}
	server.SignIns.Next(bloxstest.Status(503))
	pass(5 * time.Minute)
	if first, second := token(), token(); first != old || second != old || server.SignIns.Count() != 2 {
		t.Errorf("a token that is still good was dropped, or renewed %d times", server.SignIns.Count())
	}
	pass(2 * time.Minute)
	if token() == old || server.SignIns.Count() != 3 {
		t.Error("not renewed")
	}
	server.SignIns.Next(bloxstest.Status(503))
	pass(2 * time.Hour)
	if _, err := c.Token(testContext(t)); err == nil {
		t.Error("a token that has ended was handed out")
	}
}

func TestTokenFile(t *testing.T) {
	file := filepath.Join(t.TempDir(), "token")
	server := newServer(t, bloxstest.Options{})
	get := func(change func(*Config)) string {
		t.Helper()
		cfg := config(t, server.URL)
		cfg.TokenFile = file
		change(&cfg)
		token, err := newClient(t, cfg).Token(testContext(t))
		if err != nil {
			t.Fatal(err)
		}
		return token
	}
	signIns := func(want int) {
		t.Helper()
		if n := server.SignIns.Count(); n != want {
			t.Errorf("%d sign-ins, want %d", n, want)
		}
	}
	first := get(func(*Config) {})
	if get(func(*Config) {}) != first {
		t.Error("the kept token isn't used")
	}
	signIns(1)
	info, err := os.Stat(file)
	if err != nil || runtime.GOOS != "windows" && info.Mode().Perm() != 0o600 {
		t.Errorf("%v, %v", info, err)
	}
	raw, _ := os.ReadFile(file)
	if strings.Contains(string(raw), "the-api") || runtime.GOOS == "windows" && strings.Contains(string(raw), first) {
		t.Error("the token file shows a secret")
	}
	get(func(cfg *Config) { cfg.APIKey += "2" })
	signIns(2)
	get(func(cfg *Config) { cfg.Now = func() time.Time { return time.Now().Add(48 * time.Hour) } })
	signIns(3)
	if err := os.WriteFile(file, []byte("{"), 0o600); err != nil {
		t.Fatal(err)
	}
	get(func(*Config) {})
	signIns(4)
	if names, _ := filepath.Glob(file + "*"); len(names) != 1 {
		t.Errorf("left behind: %v", names)
	}
}

func TestTokenLife(t *testing.T) {
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	server := now.Add(-3 * time.Hour) // its clock is behind ours
	jwt := func(exp time.Time) string {
		claims := fmt.Sprintf(`{"exp":%d}`, exp.Unix())
		return "eyJhbGciOiJIUzI1NiJ9." + base64.RawURLEncoding.EncodeToString([]byte(claims)) + ".c2ln"
	}
	for name, tc := range map[string]struct {
		value, expiration string
		want              time.Duration
	}{
		"claim":           {jwt(server.Add(time.Hour)), server.Add(9 * time.Hour).Format(time.RFC3339), time.Hour},
		"RFC 3339":        {"opaque", server.Add(2 * time.Hour).Format(time.RFC3339), 2 * time.Hour},
		"ambiguous":       {"opaque", "01/10/2026 16:42:26", assumedLife},
		"nothing":         {"opaque", "", assumedLife},
		"over on arrival": {jwt(server.Add(-time.Hour)), "", assumedLife},
	} {
		got := newToken(tc.value, tc.expiration, now, server)
		if life := got.expires.Sub(now); life != tc.want {
			t.Errorf("%s: lives %v, want %v", name, life, tc.want)
		}
		if early := got.expires.Sub(got.renewAt); early != min(renewEarly, tc.want/10) {
			t.Errorf("%s: renewed %v early", name, early)
		}
	}
}

// A token is good whatever stands beside it.
func TestTokenBesideOtherThings(t *testing.T) {
	for _, body := range []string{`{"token":"good"}`, `{"token":"good","expiration":1764260000}`, `{"Token":"good","expiration":null,"user":{"id":1}}`} {
		server := newServer(t, bloxstest.Options{})
		server.SignIns.Next(bloxstest.WrongID(body))
		if got, err := newClient(t, config(t, server.URL)).Token(testContext(t)); got != "good" || err != nil {
			t.Errorf("%s: %q, %v", body, got, err)
		}
	}
}

func TestStrangeSignInAnswers(t *testing.T) {
	for name, tc := range map[string]struct {
		fault         bloxstest.Fault
		status        int
		html, invalid bool
	}{
		"no token":   {bloxstest.WrongID(`{"token":null}`), 200, false, true},
		"a number":   {bloxstest.WrongID(`5`), 200, false, true},
		"line break": {bloxstest.WrongID(`{"token":"a\r\nb"}`), 200, false, true},
		"login page": {bloxstest.LoginPage(), 200, true, false},
		"redirect":   {bloxstest.Redirect(), 302, false, false},
	} {
		server := newServer(t, bloxstest.Options{})
		server.SignIns.Next(tc.fault)
		var got *Error
		_, err := newClient(t, config(t, server.URL)).Token(testContext(t))
		if !errors.As(err, &got) || got.Status != tc.status || got.HTML != tc.html || got.Invalid != tc.invalid {
			t.Errorf("%s: %v", name, err)
		}
	}
	server := newServer(t, bloxstest.Options{})
	server.SignIns.Next(bloxstest.Reset())
	var answered *Error
	if _, err := newClient(t, config(t, server.URL)).Token(testContext(t)); err == nil || errors.As(err, &answered) {
		t.Errorf("a reset: %v", err)
	}
}
