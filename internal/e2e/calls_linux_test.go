package e2e

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// callsThatFail are system calls, the errors that they give, and which of them:
// the ninth, say, and each 17th behind it. They are of the store's files, of the
// root's, and of connections.
func callsThatFail() []string {
	return []string{
		"fsync,fdatasync:error=EIO:when=9+17", "pwrite64:error=ENOSPC:when=30+5", "write:error=EIO:when=40+1", "openat:error=EMFILE:when=30+5",
		"fsync,fdatasync:error=EIO:when=30+1", "pwrite64:error=EIO:when=30+3", "pread64:error=EIO:when=40+1", "renameat,renameat2:error=EIO:when=4+3",
		"unlinkat:error=EACCES:when=3+2", "newfstatat:error=EIO:when=9+17", "getdents64:error=EIO:when=30+5", "read:error=EIO:when=40+1", "mmap:error=ENOMEM:when=30+5",
	}
}

// TestFailingCalls has the program's system calls fail, mostly or now and again, while
// files go, and kills it in that. BLOXDROP_CALLS says how often for each kind.
func TestFailingCalls(t *testing.T) {
	t.Parallel()
	if out, err := exec.Command("strace", "-qq", "--seccomp-bpf", "-f", "-e", "trace=fsync", "true").CombinedOutput(); err != nil {
		missing(t, "strace, which lets them fail, doesn't work here: ", err, string(out))
	}
	rounds, kinds := number(t, "BLOXDROP_CALLS", 0), callsThatFail()
	if rounds == 0 {
		rounds, kinds = 1, kinds[:4]
	}
	sums := &tally{}
	t.Run("all", func(t *testing.T) {
		for _, call := range kinds {
			for n := range rounds {
				t.Run(fmt.Sprint(call, " ", n), func(t *testing.T) {
					t.Parallel()
					testFailingCall(t, call, uint64(n), sums)
				})
			}
		}
	})
	sums.print(t, fmt.Sprintf("system calls fail while files go, of %d kinds, and a kill in that", len(kinds)))
}

func testFailingCall(t *testing.T, call string, seed uint64, sums *tally) {
	v := newVictim(t, "hold", seed)
	o, program := v.o, v.o.program
	o.start()
	v.work.work(10)
	v.comesToRest()
	o.stop()

	told := filepath.Join(o.dir, "calls")
	names, _, _ := strings.Cut(call, ":")
	o.wrapped(fmt.Sprintf(`exec strace -D -f -qq -o '%s' --seccomp-bpf -e trace=%s -e inject=%s PROGRAM "$@"`, told, names, call))
	o.launch()
	ended := false
	for range 12 {
		v.work.work(5)
		select {
		case err := <-o.ended: // as Go does that can't wake itself up
			ended, o.daemon = true, nil
			t.Logf("it has ended: %v", err)
		case <-time.After(300 * time.Millisecond):
		}
		if ended {
			break
		}
	}
	o.kill()
	all, err := os.ReadFile(told)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		t.Fatal(err)
	}
	o.program = program
	o.bloxs.Uploads.Clear()
	o.start()
	v.comesToRest()
	uncertain := len(doubts(o.steps()))
	o.resolveAll()
	v.comesToRest()
	v.everyFileIsWhereItBelongs()
	o.judge(sums, v.work.account(), once)
	t.Logf("%d calls failed, %d uncertain", strings.Count(string(all), "(INJECTED)"), uncertain)
	sums.mu.Lock()
	defer sums.mu.Unlock()
	sums.runs++
	sums.uncertain += uncertain
}
