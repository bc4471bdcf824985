package e2e

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"

	"bloxdrop/internal/testfs"

	"golang.org/x/sys/unix"
)

// TestDemoOnTerminal drops a file of one's own, as the demo invites to, and
// ends it by Ctrl-C as a terminal sends it.
func TestDemoOnTerminal(t *testing.T) {
	t.Parallel()
	keyboard, terminal := newTerminal(t)
	dir := filepath.Join(t.TempDir(), "demo")
	var out testfs.Log
	cmd := exec.Command(binary, "demo", "--dir", dir)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = terminal, &out, &out
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() { _ = cmd.Process.Kill() }()
	untilSaid(t, &out, "Now you")
	if err := os.WriteFile(filepath.Join(dir, "scans", "1001 - Jansen", "mine.txt"), []byte("mine"), 0o600); err != nil {
		t.Fatal(err)
	}
	untilSaid(t, &out, filepath.Join("1001 - Jansen", "mine.txt"))
	if _, err := keyboard.Write([]byte{3}); err != nil {
		t.Fatal(err)
	}
	if err := cmd.Wait(); err != nil {
		t.Errorf("%v\n%s", err, &out)
	}
	untilSaid(t, &out, "The demo ends.")
}

// newTerminal opens a pseudo terminal.
func newTerminal(t *testing.T) (keyboard, terminal *os.File) {
	t.Helper()
	keyboard, err := os.OpenFile("/dev/ptmx", os.O_RDWR, 0)
	if err != nil {
		t.Skipf("no pseudo terminals here: %v", err)
	}
	t.Cleanup(func() { keyboard.Close() })
	if err := unix.IoctlSetPointerInt(int(keyboard.Fd()), unix.TIOCSPTLCK, 0); err != nil {
		t.Fatal(err)
	}
	n, err := unix.IoctlGetInt(int(keyboard.Fd()), unix.TIOCGPTN)
	if err != nil {
		t.Fatal(err)
	}
	terminal, err = os.OpenFile(fmt.Sprintf("/dev/pts/%d", n), os.O_RDWR|syscall.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { terminal.Close() })
	return keyboard, terminal
}
