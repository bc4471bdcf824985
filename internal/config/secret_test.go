package config

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
)

func TestSecretIsNeverShown(t *testing.T) {
	s := NewSecret("S3CR3T")
	var out bytes.Buffer
	config := struct {
		Key  Secret
		Keys []Secret
	}{s, []Secret{s}}
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
		fmt.Fprintf(&out, verb+verb, s, config)
		fmt.Fprintf(&out, verb, &config)
	}
	for _, h := range []slog.Handler{slog.NewTextHandler(&out, nil), slog.NewJSONHandler(&out, nil)} {
		slog.New(h).Info("x", "secret", s, "config", config)
	}
	if err := json.NewEncoder(&out).Encode(config); err != nil {
		t.Fatal(err)
	}
	if shown := out.String(); strings.Contains(shown, "S3C") || strings.Contains(shown, fmt.Sprintf("%x", "S3C")) || !strings.Contains(shown, hidden) {
		t.Errorf("shown: %s", shown)
	}
	if s.Reveal() != "S3CR3T" || !s.IsSet() || NewSecret("").IsSet() {
		t.Error("the secret is not kept")
	}
}

// TestSecretOrder takes the places where a secret may be away, the first ones first.
func TestSecretOrder(t *testing.T) {
	dir := t.TempDir()
	file := write(t, "key", "\uFEFF from-file \r\n", 0o600)
	if err := os.WriteFile(filepath.Join(dir, "api_key"), []byte("from-credentials\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	inline, named := `api_key = " from-config "`, "api_key_file = '"+file+"'"
	text := func(lines ...string) string {
		return strings.Replace(sound, `api_key = "k"`, strings.Join(lines, "\n"), 1)
	}
	credentials, variable := "CREDENTIALS_DIRECTORY="+dir, "BLOXDROP_API_KEY= from-env "
	tests := []struct {
		text      string
		variables []string
		want      string
	}{
		{text(inline, named), []string{credentials, variable}, "from-config"},
		{text(`api_key = ""`, named), []string{credentials, variable}, "from-file"},
		{text(), []string{credentials, variable}, "from-credentials"},
		{text(), []string{"CREDENTIALS_DIRECTORY=" + t.TempDir(), variable}, "from-env"},
		{text(), []string{variable}, "from-env"},
	}
	for _, tt := range tests {
		c := mustLoad(t, tt.text, tt.variables...)
		if got := c.Bloxs.APIKey.Reveal(); got != tt.want || len(c.Warnings) > 0 {
			t.Errorf("got %q, want %q; warnings %q", got, tt.want, c.Warnings)
		}
	}
}

func TestTokenInsteadOfPair(t *testing.T) {
	text := strings.NewReplacer(`api_key = "k"`, "", `api_secret = "s"`, "").Replace(sound)
	if c := mustLoad(t, text, "BLOXDROP_TOKEN=t"); c.Bloxs.Token.Reveal() != "t" {
		t.Errorf("got %q", c.Bloxs.Token.Reveal())
	}
	if got := problems(t, text, "BLOXDROP_API_KEY=k"); len(got) != 1 || !strings.Contains(got[0], `no "api_secret"`) {
		t.Errorf("got %q", got)
	}
}

func TestUnreadableSecrets(t *testing.T) {
	empty := write(t, "empty", " \n", 0o600)
	lines := write(t, "lines", "one\ntwo", 0o600)
	large := write(t, "large", strings.Repeat("x", maxFile+1), 0o600)
	none := filepath.Join(t.TempDir(), "none")
	tests := []struct{ file, want string }{
		{none, none + ": "},
		{none, "config.toml:3:16: bloxs.api_key_file: the secret can't be read: "},
		{filepath.Dir(none), "is a folder, not a file; make the file, and let bloxdrop's account read it"},
		{large, "is larger than 1 MiB"},
		{empty, "bloxs.api_key_file: " + empty + " is empty; put the secret into it"},
		{lines, lines + " holds a line break or another control character"},
		{"S3CR3T", "bloxs.api_key_file: the value is not an absolute path; write it from the top, such as"},
	}
	for _, tt := range tests {
		got := problems(t, strings.Replace(sound, `api_key = "k"`, "api_key_file = '"+tt.file+"'", 1))
		if len(got) != 1 || !strings.Contains(got[0], tt.want) || strings.Contains(got[0], "S3CR3T") {
			t.Errorf("got %q, want %q", got, tt.want)
		}
	}
	credentials := t.TempDir()
	if err := os.Mkdir(filepath.Join(credentials, "api_key"), 0o700); err != nil {
		t.Fatal(err)
	}
	got := problems(t, strings.Replace(sound, `api_key = "k"`, "", 1), "CREDENTIALS_DIRECTORY="+credentials)
	if len(got) != 1 || !strings.Contains(got[0], "check LoadCredential in the service's unit") {
		t.Errorf("got %q", got)
	}
}

func TestWarningsOfModes(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("Windows has no such modes")
	}
	open := write(t, "config.toml", sound, 0o640)
	c, err := Load(open, env())
	if err != nil {
		t.Fatal(err)
	}
	want := open + ": it holds secrets and can be read by other accounts (mode 0640); run: chmod 600 " + open
	if len(c.Warnings) != 1 || c.Warnings[0] != want {
		t.Errorf("got %q, want %q", c.Warnings, want)
	}

	key := write(t, "key", "k", 0o604)
	text := strings.NewReplacer(`api_key = "k"`, "api_key_file = '"+key+"'", `api_secret = "s"`, "").Replace(sound)
	c, err = Load(write(t, "config.toml", text, 0o644), env("BLOXDROP_API_SECRET=s"))
	if err != nil {
		t.Fatal(err)
	}
	if len(c.Warnings) != 1 || !strings.Contains(c.Warnings[0], ":3:16: bloxs.api_key_file: "+key+" can be read by other accounts (mode 0604)") {
		t.Errorf("got %q", c.Warnings)
	}

	password := write(t, "password", "correct horse battery", 0o640)
	c, err = Load(write(t, "config.toml", sound+"\n[web]\npassword_file = '"+password+"'\n", 0o600), env())
	if err != nil {
		t.Fatal(err)
	}
	if len(c.Warnings) != 1 || !strings.Contains(c.Warnings[0], "web.password_file: "+password+" can be read by other accounts (mode 0640)") {
		t.Errorf("got %q", c.Warnings)
	}
}

// TestAsking lets an administrator ask whose account can't read the service's
// secrets. What is wrong with them all the same is said.
func TestAsking(t *testing.T) {
	dir := t.TempDir()
	for name, c := range map[string]struct {
		bloxs string
		want  string // in the error, "" for none
	}{
		"all in the service's own places": {"", ""},
		"half of it":                      {`api_key = "k"`, "api_secret"},
		"a file that is not there":        {fmt.Sprintf("token_file = '%s/none'", dir), "make the file"},
	} {
		t.Run(name, func(t *testing.T) {
			file := filepath.Join(dir, strings.ReplaceAll(name, " ", "-")+".toml")
			text := fmt.Sprintf("[bloxs]\nurl = \"https://x.bloxs.io\"\n%s\n[[watch]]\npath = '%s/scans'\nexisting = \"upload\"\n[store]\ndir = '%s/store'\n", c.bloxs, dir, dir)
			if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
			_, err := Load(file, Env{Getenv: func(string) string { return "" }, Asking: true})
			if c.want == "" && err != nil || c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)) {
				t.Errorf("%v", err)
			}
		})
	}
}
