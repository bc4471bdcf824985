package e2e

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"

	"bloxdrop/internal/bloxs/bloxstest"
)

// TestCheckOfRights checks as an account that may do little: what it may not
// do is named, and the rest is looked at all the same.
func TestCheckOfRights(t *testing.T) {
	t.Parallel()
	o := newOffice(t, bloxstest.Options{})
	o.write("1001/a.txt", "a")
	o.write("1002/b.txt", "b")
	o.must(os.Chmod(o.write("1001/scanner's own.pdf", "c"), 0o200))
	closed := filepath.Join(o.root, "1002")
	o.must(os.Chmod(filepath.Dir(binary), 0o755))
	o.must(os.Chmod(o.config, 0o644))
	o.must(os.Chmod(closed, 0))
	o.must(os.Chmod(o.root, 0o555))
	o.must(os.Chmod(o.dir, 0o555))
	o.must(os.Chmod(filepath.Dir(o.dir), 0o755)) // the test's own
	t.Cleanup(func() {                           // so that it can be taken away
		_ = os.Chmod(o.dir, 0o755)
		_ = os.Chmod(o.root, 0o755)
		_ = os.Chmod(closed, 0o755)
	})

	cmd := exec.CommandContext(t.Context(), binary, "check", "--config", o.config)
	if os.Geteuid() == 0 { // who may do all
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 65534, Gid: 65534}}
	}
	var out, errOut bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errOut
	if err := cmd.Run(); cmd.ProcessState == nil {
		t.Fatal(err)
	}
	if code := cmd.ProcessState.ExitCode(); code != 1 {
		t.Errorf("exit code %d: %s", code, errOut.String())
	}
	for _, words := range [][]string{
		{"error", "store.dir", "nothing can be written", "permission denied", "the right to write"},
		{"error", o.root, "1002 can't be read", "permission denied", "the right to read"},
		{"warning", o.root, "nothing can be written", ".bloxdrop"},
		{"error", o.root, "scanner's own.pdf can't be read", "permission denied", "the right to read"},
		{"ok", o.root, "1 person folder, 2 files: 1 would be sent", "1 that can't be read"},
		{"ok", "sign-in"},
	} {
		if !hasLine(out.String(), words...) {
			t.Errorf("no line has %q in:\n%s", words, out.String())
		}
	}
}
