package app

import (
	"os/exec"
	"runtime"
	"strings"
	"testing"
)

// TestShellQuoted pastes what explain says into a shell: it must come out as
// the very path, and run nothing.
func TestShellQuoted(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("names can't hold a quote there")
	}
	shell, err := exec.LookPath("bash")
	if err != nil {
		t.Skip("no bash to paste into")
	}
	for _, path := range []string{
		"/srv/scans/1234 - Jansen/a.pdf", "/x/Jan$(touch PWNED)/`id`.txt", `/x/Visser"; touch P2; "`, "/x/d'Ancona's",
		"/x/a\nb\x1b[2J", "/x/caf\xe9.txt", `/x/back\slash`, "/x/\xff'q'\\", "/x/ünïcode €",
	} {
		out, err := exec.Command(shell, "-c", "printf %s "+ShellQuoted(path)).Output()
		if err != nil || string(out) != path {
			t.Errorf("%q becomes %q as %s, %v", path, out, ShellQuoted(path), err)
		}
		if strings.ContainsAny(ShellQuoted(path), "\n\x1b") {
			t.Errorf("%q is quoted with control characters", path)
		}
	}
}
