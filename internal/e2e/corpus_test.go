package e2e

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"bloxdrop/internal/bloxs/bloxstest"
)

// TestCorpus puts the Go sources with their test data, a corpus of real files
// of every kind, under 100 person folders and through `run --once`.
func TestCorpus(t *testing.T) {
	if os.Getenv("BLOXDROP_CORPUS") == "" {
		t.Skip("set BLOXDROP_CORPUS=1 to run it; it takes a minute or two")
	}
	o := newOffice(t, bloxstest.Options{})
	want, files, empty := o.copyCorpus(goroot(t))
	t.Logf("%d files, %d of them empty, %d items", files, empty, len(want))

	if out, code := o.try("run", "--once"); code != 3 {
		t.Errorf("run --once: exit code %d, but empty files still settle\n%s", code, out)
	}
	o.checkCorpus(want)
	st := o.status()
	o.addsUp(st)
	if st.Files != files || st.Settling != empty || st.Sent != len(want) {
		t.Errorf("of %d files, %d empty, %d items: %+v", files, empty, len(want), st)
	}
	before := o.bloxs.Uploads.Count()
	if _, code := o.try("run", "--once"); code != 3 {
		t.Errorf("second run --once: exit code %d", code)
	}
	if n := o.bloxs.Uploads.Count() - before; n != 0 {
		t.Errorf("the second run sent %d files", n)
	}
}

func goroot(t *testing.T) string {
	out, err := exec.Command("go", "env", "GOROOT").Output()
	if err != nil {
		t.Fatal(err)
	}
	return filepath.Join(strings.TrimSpace(string(out)), "src")
}

type delivery struct{ person, sha256 string }

// copyCorpus spreads the files of src over 100 persons. Names that bloxdrop
// ignores are copied as well: they must not arrive.
func (o *office) copyCorpus(src string) (want map[delivery]bool, files, empty int) {
	o.t.Helper()
	want = map[delivery]bool{}
	err := filepath.WalkDir(src, func(path string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		rel, err := filepath.Rel(src, path)
		if err != nil {
			return err
		}
		person := fmt.Sprint(1000 + files%100)
		target := filepath.Join(o.root, person+" - Jansen", rel)
		content, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		if err := os.MkdirAll(filepath.Dir(target), 0o755); err != nil {
			return err
		}
		files++
		sum := sha256.Sum256(content)
		switch {
		case ignoredName(rel):
		case len(content) == 0:
			empty++
		default:
			want[delivery{person, hex.EncodeToString(sum[:])}] = true
		}
		return os.WriteFile(target, content, 0o644)
	})
	o.must(err)
	return want, files, empty
}

// ignoredName knows the built-in patterns that the corpus meets.
func ignoredName(rel string) bool {
	for _, part := range strings.Split(strings.ToLower(filepath.ToSlash(rel)), "/") {
		if strings.HasPrefix(part, ".") || strings.HasPrefix(part, "~$") || strings.HasSuffix(part, ".tmp") || strings.HasSuffix(part, ".bak") ||
			strings.HasSuffix(part, ".part") {
			return true
		}
	}
	return false
}

func (o *office) checkCorpus(want map[delivery]bool) {
	o.t.Helper()
	got := map[delivery]int{}
	for _, f := range o.bloxs.Stored() {
		got[delivery{f.Person, f.SHA256}]++
	}
	var wrong bytes.Buffer
	for d := range want {
		if got[d] != 1 {
			fmt.Fprintf(&wrong, "%v stored %d times\n", d, got[d])
		}
	}
	for d := range got {
		if !want[d] {
			fmt.Fprintf(&wrong, "%v was never in the folder\n", d)
		}
	}
	if wrong.Len() > 0 {
		o.t.Errorf("%.2000s", wrong.String())
	}
}
