package e2e

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"math/big"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"bloxdrop/internal/bloxs/bloxstest"
	"bloxdrop/internal/control"
	"bloxdrop/internal/testfs"
)

// branch is an office in a machine of its own. Its Bloxs is out here, reached
// over TLS: no power cut in the branch touches it, and its ledger, synced before
// it answers, shares no disk whose syncs could hide one that is missing there.
type branch struct {
	*office
	m *testfs.Machine
}

// slowly lets a test of machines have patience, as it runs alone.
func slowly(t testing.TB) {
	was := patience
	patience = 15 * time.Minute
	t.Cleanup(func() { patience = was })
}

// newBranch puts a program into a machine, and starts nothing. Roots are all of
// the config's [[watch]].
func newBranch(t testing.TB, image, program, roots string) *branch {
	t.Helper()
	dir := t.TempDir()
	o := &office{t: t, dir: dir, config: "/etc/bloxdrop/config.toml", log: &testfs.Log{}}
	o.must(os.Mkdir(o.storeDir(), 0o700))
	bloxs, err := bloxstest.New(bloxstest.Options{LedgerFile: filepath.Join(dir, "bloxs.jsonl")})
	o.must(err)
	o.bloxs = bloxs
	t.Cleanup(bloxs.Close)
	b := &branch{o, testfs.Boot(t, image)}
	cert, pair := b.certificate()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	o.must(err)
	bloxs.Serve(tls.NewListener(listener, &tls.Config{Certificates: []tls.Certificate{pair}}))

	b.m.Run("mkdir -p /etc/bloxdrop")
	b.install("/usr/local/bin/bloxdrop", program)
	b.file("/etc/bloxdrop/ca.pem", string(cert))
	b.file(o.config, fmt.Sprintf(`[bloxs]
url = "https://%s:%d"
ca_file = "/etc/bloxdrop/ca.pem"
api_key = "key"
api_secret = "secret"
requests_per_minute = 0
%s
[upload]
workers = %d
retry_min = "100ms"
retry_max = "5s"

[store]
dir = "/var/lib/bloxdrop"

[log]
file = "/var/log/bloxdrop.log"
`, b.m.Host, listener.Addr().(*net.TCPAddr).Port, roots, killWorkers))
	b.m.Run("chmod 600 /etc/bloxdrop/config.toml && sync")
	o.asks = b.m.Program("/usr/local/bin/bloxdrop")
	t.Cleanup(func() {
		if t.Failed() {
			out, err := b.m.Try(context.Background(), nil, "tail -n 60 /var/log/bloxdrop.log")
			t.Log(out, err)
		}
	})
	return b
}

func (b *branch) install(to, program string) {
	b.t.Helper()
	b.m.Put(to, program)
	b.m.Run("chmod 755", to)
}

func (b *branch) file(path, text string) {
	b.t.Helper()
	_, err := b.m.Try(b.t.Context(), strings.NewReader(text), "cat >"+path)
	b.must(err)
}

func (b *branch) launch() {
	b.t.Helper()
	b.m.Run("setsid -f bloxdrop run </dev/null >/dev/null 2>&1")
}

// begin starts the program, and waits until it answers.
func (b *branch) begin() {
	b.t.Helper()
	b.launch()
	b.until("running", func(st control.Status) bool { return st.State != control.Stopped })
}

// fetchJournal lets steps read the machine's journal.
func (b *branch) fetchJournal() []step {
	b.t.Helper()
	b.m.Get("/var/lib/bloxdrop/journal.jsonl", filepath.Join(b.storeDir(), "journal.jsonl"))
	return b.steps()
}

// comesToRest waits until all that is there has been looked at, by the machine's
// clock, and nothing is under way any more. With a damaged store, which is a
// fault, that would never come.
func (b *branch) comesToRest() (rests bool) {
	b.t.Helper()
	since, err := time.Parse(time.RFC3339, strings.TrimSpace(b.m.Run("sleep 1; date -u +%Y-%m-%dT%H:%M:%SZ")))
	b.must(err)
	rests = true
	b.until("at rest", func(st control.Status) bool {
		for _, p := range st.Pauses {
			if p.Cause == "damaged" {
				b.t.Errorf("%s", p.Remedy)
				rests = false
				return true
			}
		}
		for _, r := range st.Roots {
			if at, err := time.Parse(time.RFC3339, r.LastRescan); err != nil || !r.Online || !at.After(since) {
				return false
			}
		}
		return st.Settling+st.Waiting+st.Sending == 0
	})
	return rests
}

// certificate is one for our loopback as machines see it.
func (b *branch) certificate() ([]byte, tls.Certificate) {
	b.t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	b.must(err)
	form := &x509.Certificate{SerialNumber: big.NewInt(1), NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(24 * time.Hour),
		IPAddresses: []net.IP{net.ParseIP(b.m.Host)}, IsCA: true, BasicConstraintsValid: true}
	der, err := x509.CreateCertificate(rand.Reader, form, form, &key.PublicKey, key)
	b.must(err)
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}
}

// static builds the program for a machine that may have another C library, with
// more arguments of go build.
func static(t testing.TB, name string, more ...string) string {
	t.Helper()
	path := filepath.Join(built, name)
	cmd := exec.Command("go", append(append([]string{"build", "-o", path}, more...), "bloxdrop")...)
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	return path
}
