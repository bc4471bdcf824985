package e2e

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// TestKilledCheck: a system that runs out of memory may kill the process that
// checks a sound ledger. That is no damage: the start fails, and the next one goes on.
func TestKilledCheck(t *testing.T) {
	t.Parallel()
	o := history(t)
	before := len(o.bloxs.Stored())
	o.kill()
	ledger, err := os.Open(filepath.Join(o.storeDir(), "ledger.db"))
	o.must(err)
	defer ledger.Close()
	o.must(unix.Flock(int(ledger.Fd()), unix.LOCK_EX)) // for which the check waits two seconds
	o.launch()
	o.must(syscall.Kill(o.child("check-ledger"), syscall.SIGKILL))
	o.must(unix.Flock(int(ledger.Fd()), unix.LOCK_UN))
	select {
	case <-o.ended:
	case <-time.After(patience):
		t.Fatalf("it does not end\n%s", o.log)
	}
	code := o.daemon.ProcessState.ExitCode()
	o.daemon = nil
	o.says(o.log.String(), "could not be checked", "ended from outside")
	if left, err := filepath.Glob(filepath.Join(o.storeDir(), "*.damaged-*")); err != nil || left != nil || code != 1 {
		t.Errorf("exit code %d, %q, %v", code, left, err)
	}
	o.start()
	o.delivers("after.txt")
	if n := len(o.bloxs.Stored()); n != before+1 {
		t.Errorf("%d files were sent", n-before)
	}
}

// child waits until the program has started itself with such an argument.
func (o *office) child(argument string) (pid int) {
	o.t.Helper()
	children := fmt.Sprintf("/proc/%d/task/*/children", o.daemon.Process.Pid)
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); time.Sleep(time.Millisecond) {
		paths, err := filepath.Glob(children)
		o.must(err)
		for _, path := range paths {
			b, _ := os.ReadFile(path)
			for _, child := range strings.Fields(string(b)) {
				line, _ := os.ReadFile("/proc/" + child + "/cmdline")
				if slices.Contains(strings.Split(string(line), "\x00"), argument) {
					_, err := fmt.Sscan(child, &pid)
					o.must(err)
					return pid
				}
			}
		}
	}
	o.t.Fatalf("it has not started %q\n%s", argument, o.log)
	return 0
}
