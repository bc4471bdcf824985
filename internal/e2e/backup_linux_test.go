package e2e

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"testing"

	"bloxdrop/internal/bloxs/bloxstest"
)

// TestBackupIsOnTheDisk: when `backup` says that there is one, a power cut takes
// neither its content nor its name.
func TestBackupIsOnTheDisk(t *testing.T) {
	t.Parallel()
	if out, err := exec.Command("strace", "-qq", "-f", "-y", "-e", "trace=fsync", "true").CombinedOutput(); err != nil {
		missing(t, "strace, which tells what is synced, doesn't work here: ", err, string(out))
	}
	o := newOffice(t, bloxstest.Options{})
	o.write("1001/lease.txt", "lease")
	o.run("run", "--once")
	told, backup := filepath.Join(o.dir, "calls"), filepath.Join(o.dir, "backups", "monday")
	o.must(os.Mkdir(filepath.Dir(backup), 0o700))
	cmd := exec.CommandContext(t.Context(), "strace", "-f", "-qq", "-y", "-o", told, "-e", "trace=fsync,fdatasync,rename,renameat,renameat2", binary, "backup", backup, "--config", o.config)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatal(err, string(out))
	}
	calls, err := os.ReadFile(told)
	o.must(err)
	dir := regexp.QuoteMeta(filepath.Dir(backup))
	steps := regexp.MustCompile(`(?s)sync\(\d+<` + dir + `/monday\.new>.*rename[^\n]*` + dir + `/monday".*sync\(\d+<` + dir + `>\)`)
	if !steps.Match(calls) {
		t.Errorf("not synced, renamed and synced:\n%s", calls)
	}
}
