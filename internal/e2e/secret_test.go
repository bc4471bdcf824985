package e2e

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"bloxdrop/internal/bloxs/bloxstest"
)

// TestSetSecret stores key and secret, and lets the daemon sign in with them.
func TestSetSecret(t *testing.T) {
	t.Parallel()
	o := newOffice(t, bloxstest.Options{}, `api_key = "key"`, "", `api_secret = "secret"`, "")
	advice := o.setSecret("api_key", "\xff\xfek\x00e\x00y\x00\r\x00\n\x00", 0) // as PowerShell's > writes
	line := `api_key_file = '` + filepath.Join(o.dir, "api_key.secret") + `'`
	if !strings.Contains(advice, line) {
		t.Fatalf("it doesn't say what to write into the config:\n%s", advice)
	}
	o.configure(`api_key = "key"`, line, `api_secret = "secret"`, `api_secret_file = '`+filepath.Join(o.dir, "elsewhere", "secret")+`'`)
	if out, code := o.try("run"); code != 2 || !strings.Contains(out, "api_secret_file") || strings.Contains(out, "api_key") {
		t.Errorf("run before api_secret is stored: exit code %d\n%s", code, out)
	}
	o.setSecret("api_secret", "wrong", 0)
	o.setSecret("api_secret", "\uFEFFsecret\n", 0) // in its place, as PowerShell pipes it
	o.write("1001 - Jansen/a.txt", "content")
	o.start()
	o.untilSent(1)
	o.stop()

	for _, file := range []string{filepath.Join(o.dir, "api_key.secret"), filepath.Join(o.dir, "elsewhere", "secret")} {
		data, err := os.ReadFile(file)
		o.must(err)
		info, err := os.Stat(file)
		o.must(err)
		if runtime.GOOS == "windows" {
			if !bytes.HasPrefix(data, []byte("bloxdrop-dpapi-1:")) || bytes.Contains(data, []byte("secret\n")) {
				t.Errorf("%s is not encrypted: %q", file, data)
			}
		} else if info.Mode().Perm() != 0o600 {
			t.Errorf("%s has the mode %v", file, info.Mode())
		}
	}
}

// TestSetSecretRefuses says why, stores nothing, and never shows what it was given.
func TestSetSecretRefuses(t *testing.T) {
	t.Parallel()
	o := newOffice(t, bloxstest.Options{})
	for name, c := range map[string]struct{ key, given, want string }{
		"one that stands in the config": {"api_key", "Pssst1", "stands in"},
		"nothing":                       {"token", " \n", "is empty"},
		"two lines":                     {"token", "Pssst1\nPssst2", "one line"},
		"too much":                      {"token", strings.Repeat("Pssst", 2_000_000), "too long"},
		"another key":                   {"password", "Pssst1", "set-secret"},
	} {
		t.Run(name, func(t *testing.T) {
			if out := o.setSecret(c.key, c.given, 2); !strings.Contains(out, c.want) || strings.Contains(out, "Pssst") {
				t.Errorf("it says:\n%s", out)
			}
		})
	}
	if _, err := os.Stat(filepath.Join(o.dir, "token.secret")); err == nil {
		t.Error("something was stored")
	}
	file := filepath.Join(o.dir, "token.secret")
	o.must(os.WriteFile(file, []byte("bloxdrop-dpapi-1:AAAA"), 0o600))
	o.configure(`api_key = "key"`, `token_file = '`+file+`'`, `api_secret = "secret"`, "")
	if out, code := o.try("run"); code != 2 || !strings.Contains(out, "set-secret token") {
		t.Errorf("another computer's secret: exit code %d\n%s", code, out)
	}
}

func (o *office) setSecret(key, given string, want int) string {
	o.t.Helper()
	cmd := exec.Command(o.program, "set-secret", key, "--config", o.config)
	cmd.Stdin = strings.NewReader(given)
	out, err := cmd.CombinedOutput()
	if code := cmd.ProcessState.ExitCode(); code != want {
		o.t.Errorf("set-secret %s: exit code %d, %v\n%s", key, code, err, out)
	}
	return string(out)
}
