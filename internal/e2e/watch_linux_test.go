package e2e

import (
	"bufio"
	"context"
	"os"
	"os/exec"
	"strings"
	"testing"

	"bloxdrop/internal/bloxs/bloxstest"
)

// TestStatusWatch shows again and again how things stand, also while the
// service comes and goes, and ends well with Ctrl-C.
func TestStatusWatch(t *testing.T) {
	t.Parallel()
	o := newOffice(t, bloxstest.Options{})
	ctx, cancel := context.WithTimeout(t.Context(), 2*patience)
	defer cancel()
	cmd := exec.CommandContext(ctx, binary, "status", "--watch", "--config", o.config)
	out, err := cmd.StdoutPipe()
	o.must(err)
	cmd.Stderr = os.Stderr
	o.must(cmd.Start())
	lines := bufio.NewScanner(out)
	until := func(words ...string) {
		t.Helper()
		for lines.Scan() {
			if strings.Join(strings.Fields(lines.Text()), " ") == strings.Join(words, " ") {
				return
			}
		}
		t.Fatalf("it has ended without %q", words)
	}
	until("bloxdrop", "stopped")
	o.write("1001/a.txt", "a")
	o.start()
	until("bloxdrop", "running")
	until("sent", "1")
	o.stop()
	until("bloxdrop", "stopped")
	until("sent", "1")
	o.must(cmd.Process.Signal(os.Interrupt))
	for lines.Scan() {
		if strings.Contains(lines.Text(), "\x1b") {
			t.Errorf("control characters without a terminal: %q", lines.Text())
		}
	}
	if err := cmd.Wait(); err != nil {
		t.Errorf("Ctrl-C ends it with %v", err)
	}
	if s := o.ask("status", "--watch", "--json"); s.code != 2 {
		t.Errorf("both --watch and --json: exit code %d: %s", s.code, s.err)
	}
}
