package check

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"bloxdrop/internal/config"
	"bloxdrop/internal/control"
)

// certify writes a certificate that counts until then.
func certify(t *testing.T, dir string, until time.Time) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), DNSNames: []string{"page.example"}, NotBefore: until.Add(-24 * time.Hour), NotAfter: until}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	private, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	for name, block := range map[string]*pem.Block{"cert.pem": {Type: "CERTIFICATE", Bytes: der}, "key.pem": {Type: "PRIVATE KEY", Bytes: private}} {
		if err := os.WriteFile(filepath.Join(dir, name), pem.EncodeToMemory(block), 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

// TestPage: what would keep the page from being shown is known before the first start.
func TestPage(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	day := 24 * time.Hour
	for name, tt := range map[string]struct {
		listen   string
		password string
		lasts    time.Duration // of the certificate; 0: there is none
		runs     bool
		want     string
	}{
		"no page":              {"", "", 0, false, ""},
		"loopback":             {"127.0.0.1:0", "", 0, false, "ok the page can be shown"},
		"taken":                {taken.Addr().String(), "", 0, false, "warning the page can't be shown: listen"},
		"taken by the service": {taken.Addr().String(), "", 0, true, "ok the page can be shown"},
		"all there":            {"127.0.0.1:0", "correct horse", 90 * day, false, "ok the page can be shown"},
		"a short password":     {"127.0.0.1:0", "horse", 90 * day, false, "error the page can't be shown: web.password_file: the password is too short"},
		"expires":              {"127.0.0.1:0", "correct horse", 5 * day, false, "warning web.tls_cert expires on|ok the page can be shown"},
		"expired":              {"127.0.0.1:0", "correct horse", -day, false, "error web.tls_cert has expired on"},
	} {
		c, found := newChecker(t)
		dir := t.TempDir()
		c.Config.Web = config.Web{Listen: tt.listen}
		if tt.lasts != 0 {
			certify(t, dir, time.Now().Add(tt.lasts))
			c.Config.Web.TLSCert, c.Config.Web.TLSKey, c.Config.Web.PasswordFile = filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem"), filepath.Join(dir, "password")
			if err := os.WriteFile(c.Config.Web.PasswordFile, []byte(tt.password), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		if tt.runs {
			c.status = &control.Status{}
		}
		c.page()
		var got []string
		for _, f := range *found {
			got = append(got, strings.TrimSpace(string(f.Level))+" "+f.Text)
		}
		for i, want := range strings.Split(tt.want, "|") {
			if want == "" && len(got) == 0 {
				continue
			}
			if len(got) != len(strings.Split(tt.want, "|")) || !strings.HasPrefix(got[i], want) {
				t.Errorf("%s: %q, want %q", name, got, tt.want)
				break
			}
		}
	}
}
