package install

import (
	"os"
	"os/exec"
	"testing"
)

// TestAlertRules asks Prometheus's own tool: the rules can be read, and fire
// when they should and not before.
func TestAlertRules(t *testing.T) {
	promtool, err := exec.LookPath("promtool")
	if err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatal(err)
		}
		t.Skip("promtool comes with Debian's package prometheus:", err)
	}
	for _, args := range [][]string{{"check", "rules", "bloxdrop.rules.yml"}, {"test", "rules", "bloxdrop.rules.test.yml"}} {
		cmd := exec.CommandContext(t.Context(), promtool, args...)
		cmd.Dir = "prometheus"
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Errorf("promtool %v: %v\n%s", args, err, out)
		}
	}
}
