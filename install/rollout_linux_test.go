package install

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// TestRollout reads rollout.ps1 with a grammar of PowerShell, for want of one
// that could run it.
func TestRollout(t *testing.T) {
	const dir = "windows/syntax"
	if _, err := os.Stat(filepath.Join(dir, "node_modules")); err != nil {
		if os.Getenv("CI") != "" {
			t.Fatal(err)
		}
		t.Skip("npm ci in install/", dir, " brings the grammar: ", err)
	}
	script, err := os.ReadFile("windows/rollout.ps1")
	if err != nil {
		t.Fatal(err)
	}
	broken := filepath.Join(t.TempDir(), "broken.ps1")
	if err := os.WriteFile(broken, []byte(strings.Replace(string(script), "if ($Account)", "if $Account", 1)), 0o600); err != nil {
		t.Fatal(err)
	}
	parse := func(path string) (string, error) {
		out, err := exec.CommandContext(t.Context(), "node", "--liftoff-only", dir+"/parse.mjs", path).CombinedOutput()
		return string(out), err
	}
	if out, err := parse("windows/rollout.ps1"); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
	if out, err := parse(broken); err == nil || !strings.Contains(out, "ERROR: if $Account") {
		t.Errorf("a script that is none passes: %v\n%s", err, out)
	}
}
