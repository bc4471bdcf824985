package web_test

import (
	"net/http"
	"net/url"
	"regexp"
	"runtime"
	"strings"
	"testing"

	"bloxdrop/internal/bloxs/bloxstest"
)

const onLoopback = "[web]\nlisten = \"127.0.0.1:0\"\n"

func nobody() bloxstest.Options { return bloxstest.Options{Persons: bloxstest.Directory(nil)} }

// pages are what shows names, or does something.
func pages(item string) map[string]string {
	return map[string]string{
		"/": "GET", "/live": "GET", "/search?q=jansen": "GET", "/list/held": "GET", "/list/sent": "GET", "/file/" + item: "GET",
		"/nothing": "GET", "/do/retry": "POST", "/do/pause": "POST", "/sign-out": "POST",
	}
}

// TestNobodyWithoutAToken: a missing, a made up, a used and an ended token show
// no name and do nothing.
func TestNobodyWithoutAToken(t *testing.T) {
	t.Parallel()
	s := newSite(t, nobody(), onLoopback)
	s.write("1001 - Jansen/Payslip.txt", "x")
	item := s.until("held", 1)[0]
	ended := s.signedIn()
	if status, text := s.ask(ended, "GET", "/", nil); status != http.StatusOK || !strings.Contains(text, "Payslip") {
		t.Fatalf("signed in, the page is %d:\n%s", status, text)
	}
	used := s.browser()
	link := strings.TrimPrefix(s.link, "http://"+s.base.Host)
	if status, _ := s.ask(used, "HEAD", link, nil); status != http.StatusNoContent {
		t.Errorf("who only looks at a link gets %d", status)
	}
	if status, _ := s.ask(s.browser(), "GET", link, nil); status != http.StatusSeeOther {
		t.Errorf("a link answers %d", status)
	}
	if status, _ := s.ask(used, "GET", link, nil); status != http.StatusForbidden {
		t.Errorf("a used link answers %d", status)
	}
	if status, _ := s.ask(ended, "POST", "/sign-out", url.Values{}); status != http.StatusSeeOther {
		t.Errorf("signing out answers %d", status)
	}
	madeUp := func(r *http.Request) {
		r.AddCookie(&http.Cookie{Name: "bloxdrop-" + s.base.Port(), Value: "AAAAAAAAAAAAAAAAAAAAAAAAAA"})
	}
	for path, method := range pages(item) {
		for name, b := range map[string]*http.Client{"no": s.browser(), "a used": used, "an ended": ended} {
			if status, text := s.ask(b, method, path, nil); status != http.StatusUnauthorized || strings.Contains(text, "Payslip") || strings.Contains(text, "1001") {
				t.Errorf("%s %s with %s token is %d:\n%s", method, path, name, status, text)
			}
		}
		if status, _ := s.ask(s.browser(), method, path, nil, madeUp); status != http.StatusUnauthorized {
			t.Errorf("%s %s with a made up token is %d", method, path, status)
		}
	}
	if st, err := s.Status(t.Context()); err != nil || len(st.Pauses) > 0 {
		t.Errorf("%+v, %v", st.Pauses, err)
	}
	if strings.Contains(s.log.String(), s.base.Query().Get("token")) {
		t.Error("the log has a token")
	}
}

// TestOtherHosts: a name that an attacker has made to point at this machine,
// and every other one that isn't the page's, is refused, signed in or not.
func TestOtherHosts(t *testing.T) {
	t.Parallel()
	s := newSite(t, nobody(), onLoopback)
	s.write("1001 - Jansen/Payslip.txt", "x")
	item := s.until("held", 1)[0]
	b := s.signedIn()
	port := s.base.Port()
	for _, host := range []string{
		"rebound.example:" + port, "rebound.example", "127.0.0.1.rebound.example:" + port, "127.0.0.1", "127.0.0.1:1", "localhost", "localhost:80",
		"localhost." + ":" + port, "0.0.0.0:" + port, "192.168.1.9:" + port, "[::2]:" + port, "127.0.0.1:" + port + ":" + port, "x@127.0.0.1:" + port,
	} {
		for path, method := range pages(item) {
			status, text := s.ask(b, method, path, nil, func(r *http.Request) { r.Host = host })
			if status != http.StatusMisdirectedRequest && status != http.StatusBadRequest || strings.Contains(text, "Payslip") {
				t.Errorf("%s %s as %s is %d:\n%s", method, path, host, status, text)
			}
		}
	}
	for _, host := range []string{"localhost:" + port, "LOCALHOST:" + port, "[::1]:" + port, "127.0.0.1:" + port} {
		if status, _ := s.ask(b, "GET", "/", nil, func(r *http.Request) { r.Host = host }); status != http.StatusOK && status != http.StatusUnauthorized { // Go's cookies are the other name's
			t.Errorf("as %s the page is %d", host, status)
		}
	}
}

// TestOtherSites: what a page of another site, or another port, can make the
// browser send with the cookie does nothing.
func TestOtherSites(t *testing.T) {
	t.Parallel()
	s := newSite(t, nobody(), onLoopback)
	b := s.signedIn()
	for name, headers := range map[string]map[string]string{
		"another site":          {"Sec-Fetch-Site": "cross-site", "Origin": "https://evil.example"},
		"another port":          {"Sec-Fetch-Site": "same-site", "Origin": "http://127.0.0.1:1"},
		"an old browser":        {"Origin": "https://evil.example"},
		"nowhere, says it":      {"Origin": "null"},
		"the same, it pretends": {"Sec-Fetch-Site": "cross-site", "Origin": "http://" + s.base.Host},
	} {
		for _, path := range []string{"/do/pause", "/do/retry", "/sign-out", "/sign-in"} {
			status, _ := s.ask(b, "POST", path, url.Values{"item": {"000000000000000000000000"}}, func(r *http.Request) {
				for k, v := range headers {
					r.Header.Set(k, v)
				}
			})
			if status != http.StatusForbidden {
				t.Errorf("%s from %s is %d", path, name, status)
			}
		}
	}
	for _, path := range []string{"/do/pause", "/do/resume"} { // an action is no link either
		if status, _ := s.ask(b, "GET", path, nil); status != http.StatusMethodNotAllowed && status != http.StatusNotFound {
			t.Errorf("GET %s is %d", path, status)
		}
	}
	if st, err := s.Status(t.Context()); err != nil || len(st.Pauses) > 0 {
		t.Fatalf("sending is paused by another site: %+v %v", st.Pauses, err)
	}
	own := func(r *http.Request) {
		r.Header.Set("Sec-Fetch-Site", "same-origin")
		r.Header.Set("Origin", "http://"+s.base.Host)
	}
	if status, _ := s.ask(b, "POST", "/do/pause", url.Values{}, own); status != http.StatusSeeOther {
		t.Errorf("the page's own click is %d", status)
	}
	if st, err := s.Status(t.Context()); err != nil || len(st.Pauses) != 1 {
		t.Errorf("%+v %v", st.Pauses, err)
	}
	if log := s.log.String(); !regexp.MustCompile(`"action":"pause","who":"jan","from":"127`).MatchString(log) {
		t.Errorf("the log does not say who paused:\n%s", log)
	}
}

// TestCookieAndHeaders: what a browser is told.
func TestCookieAndHeaders(t *testing.T) {
	t.Parallel()
	s := newSite(t, nobody(), onLoopback)
	answer, err := s.browser().Get(s.link)
	s.must(err)
	s.must(answer.Body.Close())
	cookie := answer.Header.Get("Set-Cookie")
	for _, want := range []string{"HttpOnly", "SameSite=Strict", "Path=/"} {
		if !strings.Contains(cookie, want) {
			t.Errorf("the cookie is %q, without %s", cookie, want)
		}
	}
	for _, bad := range []string{"Max-Age", "Expires"} { // it is here that it is told how long
		if strings.Contains(cookie, bad) {
			t.Errorf("the cookie is %q, with %s", cookie, bad)
		}
	}
	answer, err = s.browser().Get(s.base.Scheme + "://" + s.base.Host + "/")
	s.must(err)
	s.must(answer.Body.Close())
	policy := answer.Header.Get("Content-Security-Policy")
	if !strings.HasPrefix(policy, "default-src 'none'") || strings.Contains(policy, "unsafe") || !strings.Contains(policy, "frame-ancestors 'none'") || !strings.Contains(policy, "base-uri 'none'") {
		t.Errorf("the policy is %q", policy)
	}
	for name, want := range map[string]string{"X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer", "Cache-Control": "no-store", "X-Frame-Options": "DENY"} {
		if got := answer.Header.Get(name); got != want {
			t.Errorf("%s is %q", name, got)
		}
	}
}

// TestNamesAreHarmless: whoever can write into the share chooses the names.
func TestNamesAreHarmless(t *testing.T) {
	t.Parallel()
	if runtime.GOOS == "windows" {
		t.Skip("there are no such names on Windows")
	}
	s := newSite(t, nobody(), onLoopback)
	script, turned := `<script>alert('x')</script>"'><img src=x onerror=alert(1)>.txt`, "invoice\u202etxt.exe"
	script = strings.ReplaceAll(script, "/", "\u2215")
	s.write("1001 - <b>Jansen/"+script, "x")
	s.write("1001 - <b>Jansen/"+turned, "y")
	s.write("1001 - <b>Jansen/\x1b]0;x\a\xff.txt", "z")
	s.write("<script>loose.txt", "w")
	items := s.until("held", 3)
	b := s.signedIn()
	paths := []string{"/", "/list/held", "/list/unmatched", "/search?q=%3Cscript%3E", `/search?q="onmouseover="x`}
	for _, it := range items {
		paths = append(paths, "/file/"+it)
	}
	found := 0
	for _, path := range paths {
		status, text := s.ask(b, "GET", path, nil)
		if status != http.StatusOK {
			t.Errorf("%s is %d", path, status)
		}
		found += strings.Count(text, "&lt;script&gt;")
		for _, bad := range []string{"<script>", "<b>", "<img src=x", `"onmouseover="`, "\u202e", "\x1b", "\a", "\xff"} {
			if strings.Contains(text, bad) {
				t.Errorf("%s holds %q:\n%s", path, bad, text)
			}
		}
	}
	if found == 0 {
		t.Error("no page shows the name at all")
	}
}

// TestOddAddresses: what nobody links to is not found, and breaks nothing.
func TestOddAddresses(t *testing.T) {
	t.Parallel()
	s := newSite(t, nobody(), onLoopback)
	b := s.signedIn()
	for _, path := range []string{
		"/list/sent?after=x", "/list/sent?after=0", "/search?q=x&after=zz", "/list/secret", "/file/..%2f..%2fetc", "/file/000000000000000000000000",
		"/file/00000000", "/assets/../web.go", "/assets/nothing", "/assets/", "/do/", "//evil.example/", "/sign-in/x",
	} {
		if status, text := s.ask(b, "GET", path, nil); status < 300 || status >= 500 || strings.Contains(text, "package web") {
			t.Errorf("%s is %d", path, status)
		}
	}
	for _, path := range []string{"/list/sent?after=53", "/list/sent?after=ff", "/list/held?after=00", "/search?q=x&after=ffffffffffffffffffffffff", "/search?person=x&kind=y", "/search?q=%ff%00"} {
		if status, _ := s.ask(b, "GET", path, nil); status != http.StatusOK {
			t.Errorf("%s is %d", path, status)
		}
	}
	item := "000000000000000000000000"
	for action, form := range map[string]url.Values{
		"nothing": {}, "retry": {}, "sent": {"item": {item, item}}, "resend": {"item": {"../../etc"}}, "confirm": {"item": {s.root}}, "pause": {"item": {item}},
	} {
		if status, _ := s.ask(b, "POST", "/do/"+action, form); status != http.StatusSeeOther {
			t.Errorf("%s is %d", action, status)
		}
		if _, text := s.ask(b, "GET", "/", nil); !strings.Contains(text, "That could not be done.") {
			t.Errorf("%s was done", action)
		}
	}
	if status, _ := s.ask(b, "POST", "/do/retry", url.Values{"item": {strings.Repeat("0", 2<<20)}}); status != http.StatusBadRequest {
		t.Errorf("a form of 2 MB is %d", status)
	}
}
