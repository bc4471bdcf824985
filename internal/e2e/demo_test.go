package e2e

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"bloxdrop/internal/testfs"
)

// TestDemoWithoutTerminal is the README's first command, with no terminal.
func TestDemoWithoutTerminal(t *testing.T) {
	t.Parallel()
	temp := t.TempDir()
	cmd := exec.Command(binary, "demo")
	cmd.Env = append(os.Environ(), "TMPDIR="+temp, "TMP="+temp)
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	demoTold(t, string(out))
	if left, err := os.ReadDir(temp); err != nil || len(left) > 0 {
		t.Errorf("the demo leaves %v behind (%v)", left, err)
	}
}

// demoTold checks the story that the demo tells.
func demoTold(t *testing.T, out string) {
	t.Helper()
	if n := strings.Count(out, "Bloxs answers with file ID"); n != 4 {
		t.Errorf("%d file IDs, want 4", n)
	}
	for _, word := range []string{
		"Nothing leaves this machine", "drops 5 documents", "Lease 2026.pdf", "Passport.jpg", "Key handover.txt",
		"knows no person 1234", "tried again by itself", "4 files are in Bloxs", "1 is held", "The demo ends.",
	} {
		if !strings.Contains(out, word) {
			t.Errorf("%q is not said", word)
		}
	}
	for _, word := range []string{"not sent", "uncertain", "error", "panic"} {
		if strings.Contains(out, word) {
			t.Errorf("%q is said", word)
		}
	}
	if t.Failed() {
		t.Log(out)
	}
}

// TestDemoDir keeps the folder, and its config is good for commands.
func TestDemoDir(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "new", "demo")
	s := command(t, "demo", "--dir", dir)
	if s.code != 0 {
		t.Fatalf("exit code %d\n%s", s.code, s.err)
	}
	demoTold(t, s.out)
	if _, err := os.Stat(filepath.Join(dir, "scans", "1001 - Jansen", "Lease 2026.pdf")); err != nil {
		t.Error(err)
	}
	config := filepath.Join(dir, "config.toml")
	if s := command(t, "status", "--config", config); s.code != 0 || !regexp.MustCompile(`(?m)^sent +4$(?s:.*)^held +1 `).MatchString(s.out) {
		t.Errorf("exit code %d: %s%s", s.code, s.out, s.err)
	}
	if s := command(t, "explain", "--config", config, filepath.Join(dir, "scans", "1234 - Bakker", "Payslip.pdf")); !strings.Contains(s.out, "unknown-person") {
		t.Errorf("exit code %d: %s%s", s.code, s.out, s.err)
	}
	// It is not empty any more.
	again := command(t, "demo", "--dir", dir)
	if again.code != 2 || !strings.Contains(again.err, "not empty") || again.out != "" {
		t.Errorf("exit code %d: %s%s", again.code, again.out, again.err)
	}
}

// TestDemoTouchesNobody refuses a folder that holds anything at all.
func TestDemoTouchesNobody(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	mine := filepath.Join(dir, "mine.txt")
	if err := os.WriteFile(mine, []byte("mine"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{dir, mine} {
		if s := command(t, "demo", "--dir", path); s.code == 0 || s.err == "" {
			t.Errorf("--dir %s: exit code %d: %s", path, s.code, s.err)
		}
	}
	if entries, err := os.ReadDir(dir); err != nil || len(entries) != 1 {
		t.Errorf("%v, %v", entries, err)
	}
}

// TestDemoInterrupted ends in the middle, cleanly.
func TestDemoInterrupted(t *testing.T) {
	t.Parallel()
	temp := t.TempDir()
	var out testfs.Log
	cmd := exec.Command(binary, "demo")
	cmd.Env = append(os.Environ(), "TMPDIR="+temp, "TMP="+temp)
	cmd.Stdout, cmd.Stderr = &out, &out
	apart(cmd)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	untilSaid(t, &out, "and then:")
	if err := signal(cmd.Process, syscall.SIGINT); err != nil {
		t.Fatal(err)
	}
	if err := cmd.Wait(); err != nil {
		t.Errorf("%v\n%s", err, &out)
	}
	if left, err := os.ReadDir(temp); err != nil || len(left) > 0 {
		t.Errorf("the demo leaves %v behind (%v)", left, err)
	}
}

// untilSaid waits until a text stands in what a process prints.
func untilSaid(t testing.TB, out *testfs.Log, text string) {
	t.Helper()
	for deadline := time.Now().Add(patience); !strings.Contains(out.String(), text); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("%q was never said:\n%s", text, out)
		}
	}
}
