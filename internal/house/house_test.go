// Package house holds the rules of the house that a compiler does not: who may
// import whom, which package has which outside dependency, and how long a file
// may be.
package house

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
)

// mayImport is the DAG: for each package the packages of ours that it may import.
var mayImport = map[string][]string{
	"":                         {"internal/cli"},
	"store":                    {"internal/wholefile", "internal/failpoint"},
	"queue":                    {"store", "internal/failpoint"},
	"internal/pulse":           {},
	"internal/await":           {},
	"watcher":                  {"internal/pulse", "internal/await", "store", "internal/layout", "internal/failpoint"},
	"uploader":                 {"internal/pulse", "store", "queue", "internal/bloxs", "internal/failpoint"},
	"internal/archive":         {"store", "internal/await", "internal/below", "internal/failpoint"},
	"internal/below":           {},
	"internal/notice":          {"store", "internal/await", "queue", "watcher", "internal/below", "internal/layout", "internal/words", "internal/wholefile", "internal/failpoint"},
	"internal/bloxs":           {"internal/sealed", "internal/wholefile"},
	"internal/bloxs/bloxstest": {},
	"internal/layout":          {},
	"internal/config":          {"internal/alert", "internal/layout", "internal/bloxs", "internal/sealed"},
	"internal/control":         {"internal/wholefile"},
	"internal/app":             {"internal/pulse", "store", "queue", "watcher", "uploader", "internal/archive", "internal/notice", "internal/layout", "internal/bloxs", "internal/config", "internal/control", "internal/failpoint", "internal/web", "internal/words", "internal/metrics", "internal/alert"},
	"internal/web":             {"internal/control", "internal/sealed", "internal/words"},
	"internal/words":           {},
	"internal/metrics":         {},
	"internal/alert":           {"internal/words", "internal/wholefile"},
	"internal/check":           {"store", "queue", "watcher", "uploader", "internal/layout", "internal/bloxs", "internal/config", "internal/control", "internal/app", "internal/alert", "internal/web"},
	"internal/service":         {"install", "internal/await", "internal/wholefile"},
	"install":                  {},
	"internal/sealed":          {},
	"internal/cli":             {"internal/await", "internal/check", "internal/service", "internal/sealed", "internal/wholefile", "store", "internal/app", "internal/config", "internal/control", "internal/bloxs/bloxstest", "internal/failpoint"},
	"internal/house":           {},
	"internal/model":           {"store"},
	"internal/simulation":      {},
	"internal/e2e":             {},
	"internal/testfs":          {},
	"internal/failpoint":       {},
	"internal/wholefile":       {"internal/failpoint"},
}

// livesIn says in which one package of ours an outside dependency is.
var livesIn = map[string]string{
	"go.etcd.io/bbolt":                                          "store",
	"go.etcd.io/bbolt/errors":                                   "store",
	"github.com/fxamacker/cbor/v2":                              "store",
	"github.com/gofrs/flock":                                    "store",
	"github.com/fsnotify/fsnotify":                              "watcher",
	"github.com/bmatcuk/doublestar/v4":                          "watcher, internal/config",
	"github.com/gabriel-vasile/mimetype":                        "uploader",
	"github.com/golang-jwt/jwt/v5":                              "internal/bloxs",
	"github.com/pelletier/go-toml/v2":                           "internal/config",
	"github.com/DeRuina/timberjack":                             "internal/cli",
	"github.com/lmittmann/tint":                                 "internal/cli",
	"github.com/mattn/go-colorable":                             "internal/cli",
	"github.com/schollz/progressbar/v3":                         "internal/cli",
	"github.com/spf13/cobra":                                    "internal/cli",
	"github.com/dustin/go-humanize":                             "internal/check, internal/cli, uploader",
	"github.com/mattn/go-runewidth":                             "internal/cli",
	"golang.org/x/net/netutil":                                  "internal/web",
	"golang.org/x/term":                                         "internal/cli",
	"github.com/pelletier/go-toml/v2/unstable":                  "internal/config",
	"github.com/nicholas-fedor/shoutrrr/pkg/router":             "internal/alert",
	"github.com/nicholas-fedor/shoutrrr/pkg/types":              "internal/alert",
	"github.com/prometheus/client_golang/prometheus":            "internal/metrics",
	"github.com/prometheus/client_golang/prometheus/collectors": "internal/metrics",
	"github.com/prometheus/client_golang/prometheus/promhttp":   "internal/metrics",
	"github.com/coreos/go-systemd/v22/daemon":                   "internal/service",
	"github.com/coreos/go-systemd/v22/journal":                  "internal/cli",
	"github.com/kardianos/service":                              "internal/service",
}

const module = "bloxdrop"

type goPackage struct {
	ImportPath string
	Imports    []string
	Doc        string
}

func packages(t *testing.T, goos string) []goPackage {
	t.Helper()
	if _, err := exec.LookPath("go"); err != nil && runtime.GOOS == "windows" {
		t.Skip("there is no go under Wine, and the rules are the same for every system:", err)
	}
	cmd := exec.Command("go", "list", "-json=ImportPath,Imports,Doc", module+"/...")
	cmd.Env = append(os.Environ(), "GOOS="+goos, "CGO_ENABLED=0")
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	var all []goPackage
	for in := json.NewDecoder(bytes.NewReader(out)); ; {
		var p goPackage
		if err := in.Decode(&p); errors.Is(err, io.EOF) {
			return all
		} else if err != nil {
			t.Fatal(err)
		}
		all = append(all, p)
	}
}

func TestImports(t *testing.T) {
	for _, goos := range []string{"linux", "windows"} {
		for _, p := range packages(t, goos) {
			name := strings.TrimPrefix(strings.TrimPrefix(p.ImportPath, module), "/")
			allowed, known := mayImport[name]
			if !known {
				t.Errorf("%q has no place in the house; give it one here and in docs/ARCHITECTURE.md", name)
			}
			for _, imp := range p.Imports {
				own, isOurs := strings.CutPrefix(imp, module+"/")
				switch {
				case isOurs && !slices.Contains(allowed, own):
					t.Errorf("%s: %q imports %q, which the house does not allow", goos, name, own)
				case isOurs:
				case livesIn[imp] != "" && !slices.Contains(strings.Split(livesIn[imp], ", "), name):
					t.Errorf("%s: %q imports %s, which lives in %s", goos, name, imp, livesIn[imp])
				case livesIn[imp] == "" && strings.Contains(imp, ".") && !strings.HasPrefix(imp, "golang.org/x/"):
					t.Errorf("%s: %q imports %s; say here where it lives", goos, name, imp)
				}
			}
		}
	}
}

// Every package says what it promises.
func TestPackageDocs(t *testing.T) {
	for _, p := range packages(t, "linux") {
		if p.Doc == "" && !strings.HasSuffix(p.ImportPath, "/house") && !strings.HasSuffix(p.ImportPath, "/e2e") {
			t.Errorf("%s has no package comment", p.ImportPath)
		}
	}
}

func TestFilesAreShort(t *testing.T) {
	const most = 400
	err := filepath.WalkDir("../..", func(path string, d os.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && strings.HasPrefix(d.Name(), ".") && d.Name() != ".." && d.Name() != ".ci" {
			return filepath.SkipDir
		}
		if d.IsDir() || filepath.Ext(path) != ".go" {
			return nil
		}
		b, err := os.ReadFile(path)
		if n := bytes.Count(b, []byte("\n")); n > most {
			t.Errorf("%s has %d lines; more than %d want a second room", path, n, most)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}
