package web_test

import (
	"bufio"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"bloxdrop/internal/bloxs/bloxstest"
	"bloxdrop/internal/web"
	"bloxdrop/internal/words"
)

// certify writes a certificate for these names, and gives who trusts it.
func certify(t *testing.T, dir string, names ...string) *x509.CertPool {
	t.Helper()
	must := func(err error) {
		if err != nil {
			t.Fatal(err)
		}
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	must(err)
	template := &x509.Certificate{
		SerialNumber: big.NewInt(time.Now().UnixNano()), Subject: pkix.Name{CommonName: "page"}, DNSNames: names,
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), IsCA: true, BasicConstraintsValid: true,
		KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	must(err)
	private, err := x509.MarshalPKCS8PrivateKey(key)
	must(err)
	must(os.WriteFile(filepath.Join(dir, "cert.pem"), pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), 0o600))
	must(os.WriteFile(filepath.Join(dir, "key.pem"), pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: private}), 0o600))
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}))
	return pool
}

// TestBeyondThisMachine: with TLS and a password others may look, under the
// names of the certificate; a wrong password is slowed down.
func TestBeyondThisMachine(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	pool := certify(t, dir, "page.example")
	if err := os.WriteFile(filepath.Join(dir, "password"), []byte("correct horse battery\r\nnot this\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	in := func(name string) string { return "'" + filepath.Join(dir, name) + "'" }
	s := newSite(t, nobody(), "[web]\nlisten = \"0.0.0.0:0\"\ntls_cert = "+in("cert.pem")+"\ntls_key = "+in("key.pem")+"\npassword_file = "+in("password")+"\n")
	if s.base.Scheme != "https" || s.base.Hostname() != "page.example" {
		t.Fatalf("the link is %s", s.base)
	}
	b := s.browser()
	b.Transport = &http.Transport{TLSClientConfig: &tls.Config{RootCAs: pool, ServerName: "page.example"}, ForceAttemptHTTP2: true,
		DialContext: func(ctx context.Context, network, _ string) (net.Conn, error) {
			return new(net.Dialer).DialContext(ctx, network, "127.0.0.1:"+s.base.Port())
		}}
	t.Cleanup(b.CloseIdleConnections)
	for _, host := range []string{"127.0.0.1:" + s.base.Port(), "other.example:" + s.base.Port(), "page.example"} {
		if status, _ := s.ask(b, "GET", "/", nil, func(r *http.Request) { r.Host = host }); status != http.StatusMisdirectedRequest {
			t.Errorf("as %s the page is %d", host, status)
		}
	}
	if status, text := s.ask(b, "GET", "/", nil); status != http.StatusUnauthorized || !strings.Contains(text, `type="password"`) {
		t.Errorf("the page is %d: %s", status, text)
	}
	try := func(password string) int {
		status, _ := s.ask(b, "POST", "/sign-in", url.Values{"name": {"Piet\r\n<b>"}, "password": {password}})
		return status
	}
	for _, wrong := range []string{"", "correct horse", "correct horse battery\r", "not this"} {
		if status := try(wrong); status != http.StatusForbidden {
			t.Errorf("%q is answered with %d", wrong, status)
		}
	}
	if status := try("correct horse battery"); status != http.StatusSeeOther {
		t.Fatalf("the password is answered with %d", status)
	}
	if status, text := s.ask(b, "GET", "/", nil); status != http.StatusOK || !strings.Contains(text, "Piet") || strings.Contains(text, "<b>") {
		t.Errorf("signed in, the page is %d: %s", status, text)
	}
	for range 5 {
		try("wrong again")
	}
	if status := try("correct horse battery"); status != http.StatusTooManyRequests {
		t.Errorf("after five wrong ones the next is answered with %d", status)
	}
	if log := s.log.String(); strings.Contains(log, "battery") || strings.Contains(log, "wrong again") || !strings.Contains(log, "wrong password") {
		t.Errorf("the log is\n%s", log)
	}
	answer, err := http.Get("http://127.0.0.1:" + s.base.Port() + "/")
	if err == nil {
		answer.Body.Close()
		if answer.StatusCode == http.StatusOK {
			t.Error("it answers without TLS")
		}
	}
	http.DefaultClient.CloseIdleConnections()
}

// TestWhatIsRefused: an address for others without all three, a short
// password, a certificate that can't be read. Files are sent all the same.
func TestWhatIsRefused(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	certify(t, dir, "page.example")
	at := func(name string) string { return filepath.Join(dir, name) }
	if err := os.WriteFile(at("short"), []byte("short"), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, o := range map[string]web.Options{
		"all interfaces": {Listen: ":0"}, "every address": {Listen: "0.0.0.0:0"}, "an address": {Listen: "192.0.2.1:8373"},
		"no password":    {Listen: "0.0.0.0:0", TLSCert: at("cert.pem"), TLSKey: at("key.pem")},
		"no TLS":         {Listen: "0.0.0.0:0", PasswordFile: at("cert.pem")},
		"short password": {Listen: "127.0.0.1:0", PasswordFile: at("short")},
		"no certificate": {Listen: "127.0.0.1:0", TLSCert: at("short"), TLSKey: at("key.pem")},
	} {
		o.Words, o.Now = words.In("en"), time.Now
		if s, err := web.Serve(o); err == nil {
			t.Errorf("%s is served", name)
			_ = s.Close()
		}
	}
	s := newSite(t, nobody(), "[web]\nlisten = \"127.0.0.1:0\"\npassword_file = '"+at("short")+"'\n")
	s.write("1001/x.txt", "x")
	s.until("held", 1) // it works on
	st, err := s.Status(t.Context())
	if err != nil || len(st.Notes) != 1 || !strings.Contains(st.Notes[0], "too short") {
		t.Errorf("%q %v", st.Notes, err)
	}
}

// TestPortIsTaken: sending goes on, log and status say why there is no page.
func TestPortIsTaken(t *testing.T) {
	t.Parallel()
	other, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close()
	s := newSite(t, nobody(), "[web]\nlisten = \""+other.Addr().String()+"\"\n")
	s.write("1001/x.txt", "x")
	s.until("held", 1)
	st, err := s.Status(t.Context())
	if err != nil || len(st.Notes) != 1 || !strings.Contains(st.Notes[0], "the page can't be shown") {
		t.Errorf("%q %v", st.Notes, err)
	}
	if !strings.Contains(s.log.String(), "the page can't be shown, trying again") {
		t.Errorf("the log is\n%s", s.log)
	}
	if _, err := s.OpenPage(t.Context(), "jan"); err == nil {
		t.Error("a page that can't be shown is opened")
	}
}

// TestLive: what changes is sent, and the stream ends with the service at once.
func TestLive(t *testing.T) {
	t.Parallel()
	s := newSite(t, nobody(), onLoopback)
	b := s.signedIn()
	answer, err := b.Get(s.base.Scheme + "://" + s.base.Host + "/live")
	s.must(err)
	defer answer.Body.Close()
	if kind := answer.Header.Get("Content-Type"); kind != "text/event-stream" {
		t.Fatalf("it is %s", kind)
	}
	s.write("1001 - Jansen/Payslip.txt", "x")
	in := bufio.NewScanner(answer.Body)
	in.Buffer(nil, 1<<20)
	seen := map[string]bool{}
	for in.Scan() && !seen["needs"] {
		for _, part := range []string{"headline", "numbers", "charts", "roots"} {
			seen[part] = seen[part] || strings.Contains(in.Text(), `"part":"`+part+`"`)
		}
		seen["needs"] = strings.Contains(in.Text(), `"part":"needs"`) && strings.Contains(in.Text(), "Payslip.txt")
	}
	if len(seen) != 5 || !seen["needs"] || !seen["headline"] {
		t.Errorf("it has sent %v, then: %v", seen, in.Err())
	}
	began := time.Now()
	closed := make(chan error, 1)
	go func() { closed <- s.end() }()
	for in.Scan() {
	}
	if err := <-closed; err != nil || time.Since(began) > 4*time.Second {
		t.Errorf("the stop takes %s with somebody watching: %v", time.Since(began), err)
	}
}

// TestOnItsWay: how far a file is, while its bytes leave.
func TestOnItsWay(t *testing.T) {
	t.Parallel()
	held := bloxstest.Hold()
	var opts bloxstest.Options
	s := newSite(t, opts, onLoopback)
	defer held.Release()
	s.bloxs.Uploads.Next(held.Fault.At(1 << 20))
	s.write("1001/Plan.txt", strings.Repeat("x", 20<<20))
	select {
	case <-held.Reached():
	case <-time.After(30 * time.Second):
		t.Fatalf("no upload has begun:\n%s", s.log)
	}
	b := s.signedIn()
	for deadline := time.Now().Add(30 * time.Second); ; {
		_, text := s.ask(b, "GET", "/", nil)
		if strings.Contains(text, "<progress") && strings.Contains(text, "/ 21.0 MB") && strings.Contains(text, "Plan.txt") {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("the page does not say how far it is:\n%s", text)
		}
		time.Sleep(100 * time.Millisecond) // the view is made anew each second
	}
}

// TestDamaged: with nothing left that can be trusted the page still says so.
func TestDamaged(t *testing.T) {
	t.Parallel()
	s := newSite(t, nobody(), onLoopback)
	s.must(s.end())
	for _, name := range []string{"ledger.db", "journal.jsonl"} {
		s.must(os.WriteFile(filepath.Join(s.dir, "store", name), []byte("damaged"), 0o600))
	}
	s.open()
	b := s.signedIn()
	status, text := s.ask(b, "GET", "/", nil)
	if status != http.StatusOK || !strings.Contains(text, "memory is damaged, so nothing is sent") {
		t.Errorf("the page is %d:\n%s", status, text)
	}
	for _, unknown := range []string{"in Bloxs in all", "Delivered in", "Watched folders", "Nothing has been sent yet", `id="pause"`} {
		if strings.Contains(text, unknown) {
			t.Errorf("the page says %q, which nobody knows:\n%s", unknown, text)
		}
	}
	for _, path := range []string{"/list/sent", "/search?q=x"} {
		if status, text := s.ask(b, "GET", path, nil); status != http.StatusOK && status != http.StatusInternalServerError || !strings.Contains(text, "</html>") {
			t.Errorf("%s is %d: %s", path, status, text)
		}
	}
	if _, text := s.ask(b, "GET", "/readyz", nil); text != "not ready\n- paused: damaged\n" {
		t.Errorf("%s", text)
	}
	_, text = s.ask(b, "GET", "/metrics", nil)
	for _, unknown := range []string{"bloxdrop_items{", "bloxdrop_root_online{"} {
		if strings.Contains(text, unknown) || !strings.Contains(text, `bloxdrop_paused{cause="damaged"} 1`) {
			t.Errorf("the metrics have %s", unknown)
		}
	}
}
