package e2e

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"bloxdrop/internal/bloxs/bloxstest"
)

// TestConfigRefused changes one thing of a good config at a time: exit code
// 2, the line, a remedy, and nothing touched.
func TestConfigRefused(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		old, new string // in the config; %ROOT and %DIR stand for the office's
		line     string // of which the number must be said
		words    []string
	}{
		"unknown key":             {`settle =`, `setle =`, `setle =`, []string{"setle"}},
		"unknown table":           {`[upload]`, `[uplaod]`, `[uplaod]`, []string{"uplaod"}},
		"bare duration":           {`settle = "300ms"`, `settle = 30`, `settle = 30`, []string{"unit", `"30s"`}},
		"bare size":               {`[store]`, "max_size = 1000\n\n[store]", `max_size = 1000`, []string{"unit"}},
		"duration without a unit": {`settle = "300ms"`, `settle = "30"`, `settle = "30"`, []string{"unit"}},
		"no existing":             {"existing = \"upload\"\n", "", `[[watch]]`, []string{"existing", `"upload"`, `"skip"`}},
		"wrong existing":          {`existing = "upload"`, `existing = "yes"`, `existing = "yes"`, []string{`"upload"`, `"skip"`}},
		"http":                    {`url = "http://127.0.0.1`, `url = "http://bloxs.example.com"` + "\n" + `#`, `url =`, []string{"https"}},
		"no url":                  {`url =`, `# url =`, `[bloxs]`, []string{"url", "bloxs.io"}},
		"missing secret":          {`api_secret = "secret"`, `api_secret_file = "%DIR/none"`, `api_secret_file`, []string{"%DIR/none", "make the file"}},
		"secret a folder":         {`api_secret = "secret"`, `api_secret_file = "%DIR"`, `api_secret_file`, []string{"%DIR"}},
		"no secret":               {`api_secret = "secret"`, ``, `[bloxs]`, []string{"api_secret"}},
		"nested roots":            {"[upload]", "[[watch]]\npath = \"%ROOT/sub\"\nexisting = \"upload\"\n\n[upload]", `path = "%ROOT/sub"`, []string{"inside", "remove one"}},
		"roots twice":             {"[upload]", "[[watch]]\npath = \"%ROOT/\"\nexisting = \"upload\"\n\n[upload]", `path = "%ROOT/"`, []string{"already", "remove one"}},
		"store inside a root":     {`dir = "%DIR/store"`, `dir = "%ROOT/store"`, `dir =`, []string{"inside the root", "outside every root"}},
		"root inside the store":   {`dir = "%DIR/store"`, `dir = "%DIR"`, `dir =`, []string{"own"}},
		"relative path":           {`dir = "%DIR/store"`, `dir = "store"`, `dir =`, []string{"absolute"}},
		"bad layout":              {"existing = \"upload\"", "existing = \"upload\"\nlayout = \"{name}\"", `layout =`, []string{"{reference}"}},
		"no TOML":                 {`[upload]`, `[upload`, `[upload`, nil},
		"negative":                {`settle = "300ms"`, `settle = "-3s"`, `settle = "-3s"`, nil},
		"open page":               {`listen = ""`, `listen = "0.0.0.0:8373"`, `listen`, []string{"tls_cert"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			o := newOffice(t, bloxstest.Options{})
			fill := strings.NewReplacer("%ROOT", filepath.ToSlash(o.root), "%DIR", filepath.ToSlash(o.dir)).Replace
			before := o.text()
			text := strings.Replace(before, fill(c.old), fill(c.new), 1)
			if text == before {
				t.Fatalf("%q does not stand in the config", c.old)
			}
			o.must(os.WriteFile(o.config, []byte(text), 0o600))
			o.write("1001/a.txt", "a")
			line := strings.Count(text[:strings.Index(text, fill(c.line))], "\n") + 1
			for _, args := range [][]string{{"run"}, {"run", "--once"}, {"status"}, {"explain", o.root}} {
				s := o.ask(args...)
				if s.code != 2 || s.out != "" {
					t.Errorf("%v: exit code %d: %s", args, s.code, s.out)
				}
				o.says(s.err, fmt.Sprintf("%s:%d:", o.config, line))
				for _, w := range c.words {
					if strings.HasPrefix(w, "%") {
						w = filepath.FromSlash(fill(w))
					}
					o.says(s.err, w)
				}
				if strings.Contains(s.err, `"secret"`) || strings.Contains(s.err, "panic") {
					t.Errorf("%v says %s", args, s.err)
				}
			}
			o.untouched()
		})
	}
}

// text is the config as it stands.
func (o *office) text() string {
	o.t.Helper()
	b, err := os.ReadFile(o.config)
	o.must(err)
	return string(b)
}

// untouched checks that no run has left anything behind or asked anybody.
func (o *office) untouched() {
	o.t.Helper()
	for dir, want := range map[string][]string{o.dir: {"config.toml", "scans"}, o.root: {"1001"}, filepath.Join(o.root, "1001"): {"a.txt"}} {
		entries, err := os.ReadDir(dir)
		o.must(err)
		var names []string
		for _, e := range entries {
			names = append(names, e.Name())
		}
		if strings.Join(names, ", ") != strings.Join(want, ", ") {
			o.t.Errorf("%s holds %v", dir, names)
		}
	}
	if n := o.requests(); n > 0 {
		o.t.Errorf("%d requests", n)
	}
}

// TestConfigAllAtOnce tells every problem in one go.
func TestConfigAllAtOnce(t *testing.T) {
	t.Parallel()
	o := newOffice(t, bloxstest.Options{}, `settle = "300ms"`, `settle = 30`, `existing = "upload"`, `existing = "perhaps"`, `retry_min = "100ms"`, `retry_mni = "1s"`)
	s := o.ask("run")
	if s.code != 2 {
		t.Errorf("exit code %d", s.code)
	}
	o.says(s.err, "settle", "perhaps", "retry_mni")
}

// TestSecretsFromOutside takes the key from a file and from the environment.
func TestSecretsFromOutside(t *testing.T) {
	o := newOffice(t, bloxstest.Options{APIKey: "key", APISecret: "s3cr3t"}, `api_key = "key"`, ``, `api_secret = "secret"`, `api_secret_file = "@SECRET"`)
	file := filepath.Join(o.dir, "secret")
	o.must(os.WriteFile(file, []byte("s3cr3t\n"), 0o600))
	o.must(os.WriteFile(o.config, []byte(strings.Replace(o.text(), `"@SECRET"`, strconv.Quote(file), 1)), 0o600))
	t.Setenv("BLOXDROP_API_KEY", "key")
	o.write("1001/a.txt", "a")
	o.start()
	o.untilSent(1)
	o.stop()
	for _, where := range []string{o.log.String(), o.run("status", "--json"), o.run("list", "--json")} {
		if strings.Contains(where, "s3cr3t") {
			t.Errorf("the secret is shown: %s", where)
		}
	}
}
