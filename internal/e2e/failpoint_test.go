package e2e

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
)

// killable is the program with its failpoints: BLOXDROP_KILLABLE, or built once
// for all tests.
var killable struct {
	sync.Once
	path string
	err  error
}

func failpointBinary(t testing.TB) string {
	t.Helper()
	if path := os.Getenv("BLOXDROP_KILLABLE"); path != "" {
		return path
	}
	killable.Do(func() {
		killable.path = filepath.Join(built, "killable")
		if out, err := exec.Command("go", "build", "-tags", "failpoint", "-o", killable.path, "bloxdrop").CombinedOutput(); err != nil {
			killable.err = fmt.Errorf("%w: %s", err, out)
		}
	})
	if killable.err != nil {
		t.Fatal(killable.err)
	}
	return killable.path
}

// diedByKill: a program of ours that ends by itself has another exit code. Only
// on Windows it may have the same.
func diedByKill(s *os.ProcessState) bool {
	if runtime.GOOS == "windows" {
		return s.ExitCode() == 1
	}
	return s.ExitCode() == -1
}

// point is a failpoint, and up to the how manyth time it is worth to die there.
type point struct {
	name string
	most int
}

// workPoints are those that come by in ordinary work, with files that are moved and deleted.
func workPoints() []point {
	return []point{
		{"gate", 6}, {"gate opened", 6}, {"tail sent", 6}, {"answer read", 6}, {"outcome written", 6},
		{"journal write", 12}, {"journal sync", 12}, {"journal synced", 12}, {"ledger commit", 6}, {"ledger committed", 6},
		{"noted", 2}, {"foldered", 2}, {"renamed", 2}, {"verified", 2}, {"deleted", 2}, {"ended", 2},
		{"whole file rename", 1}, {"whole file renamed", 1},
	}
}

// elsewhere are those of steps that few file systems need; TestFilingDies kills
// there, and a test of package archive.
func elsewhere() []string { return []string{"linked", "kept free", "put back"} }

// TestFailpoints: each that the program has is died at in one of the tests, and
// the program that people run carries none.
func TestFailpoints(t *testing.T) {
	t.Parallel()
	if runtime.GOOS == "windows" {
		t.Skip("the sources are the same for every system")
	}
	tested := elsewhere()
	for _, p := range workPoints() {
		tested = append(tested, p.name)
	}
	for _, p := range noticePoints() {
		tested = append(tested, p.name)
	}
	for _, d := range deaths() {
		for _, p := range d.points {
			tested = append(tested, p.name)
		}
	}
	named := regexp.MustCompile(`(?:failpoint\.At|[ .]step)\("([^"]+)"\)`)
	program, err := os.ReadFile(binary)
	if err != nil {
		t.Fatal(err)
	}
	found := 0
	for _, room := range []string{"store", "queue", "watcher", "uploader", "internal/archive", "internal/notice", "internal/wholefile", "internal/app", "internal/cli"} {
		files, err := filepath.Glob(filepath.Join("../..", room, "*.go"))
		if err != nil {
			t.Fatal(err)
		}
		for _, path := range files {
			if strings.HasSuffix(path, "_test.go") {
				continue
			}
			source, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			for _, m := range named.FindAllSubmatch(source, -1) {
				found++
				if !slices.Contains(tested, string(m[1])) {
					t.Errorf("nothing dies at %q of %s", m[1], path)
				}
				if strings.HasPrefix(string(m[0]), "failpoint") && strings.Contains(string(m[1]), "rename") && bytes.Contains(program, m[1]) {
					t.Errorf("the program carries %q", m[1])
				}
			}
		}
	}
	if found < 30 {
		t.Errorf("only %d failpoints found", found)
	}
	if bytes.Contains(program, []byte("BLOXDROP_FAILPOINT")) {
		t.Error("the program knows BLOXDROP_FAILPOINT")
	}
}
