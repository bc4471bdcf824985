package e2e

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"bloxdrop/internal/bloxs/bloxstest"
	"bloxdrop/internal/control"
)

// fault is something that befalls a machine while files go out.
type fault struct {
	name    string
	prepare func(f *faulty)        // before the program runs
	strikes func(f *faulty) func() // begins it, and gives what ends it
	shows   func(f *faulty)        // waits until the program has noticed; with nil nothing is to be seen
	idle    bool                   // nobody can work in the folder meanwhile
	away    bool                   // the program can't be killed and started meanwhile, or isn't running
}

// faulty is an office that it befalls.
type faulty struct {
	t     *testing.T
	o     *office
	work  *colleague
	gates int // that were open at a kill
}

func (f *faulty) kill() {
	f.o.kill()
	f.gates += len(openGates(f.o.steps()))
}

// TestFaults lets each fault strike while a colleague works, once with a
// program that runs through it and once with one that is killed in it, and
// judges what Bloxs has when it is over.
func TestFaults(t *testing.T) {
	t.Parallel()
	rounds := number(t, "BLOXDROP_FAULTS", 1)
	for _, kind := range faults() {
		t.Run(kind.name, func(t *testing.T) {
			t.Parallel()
			sums := &tally{}
			for i := range rounds {
				testFault(t, kind, i%2 == 1 && !kind.away, uint64(i), sums)
			}
			sums.print(t, kind.name)
		})
	}
}

func testFault(t *testing.T, kind fault, killed bool, seed uint64, sums *tally) {
	o := newOffice(t, bloxstest.Options{})
	o.configure(settle.String(), "100ms")
	o.bloxs.Uploads.Always(bloxstest.SlowAnswer(5 * time.Millisecond))
	f := &faulty{t: t, o: o, work: newColleague(o, seed)}
	if kind.prepare != nil {
		kind.prepare(f)
	}
	f.work.work(20)
	o.start()
	o.until("some are sent", func(st control.Status) bool { return st.Sent > 5 })
	f.work.work(10)
	o.stored(len(o.bloxs.Stored()) + 1)
	ends := kind.strikes(f)
	if !kind.idle {
		f.work.work(10)
	}
	if kind.shows != nil {
		kind.shows(f)
	}
	if killed {
		f.kill()
		o.start()
		if kind.shows != nil {
			kind.shows(f)
		}
	}
	if !kind.idle {
		f.work.work(5)
	}
	ends()
	f.work.work(5)
	rest := func() { o.comesToRest(func() int { return len(o.below(o.root)) }) }
	rest()
	uncertain := len(o.uncertain())
	if uncertain > f.gates {
		t.Errorf("%d are uncertain, though only %d gates were open at a kill", uncertain, f.gates)
	}
	o.resolveAll()
	rest()
	o.judge(sums, f.work.account(), once)
	sums.mu.Lock()
	sums.runs++
	sums.uncertain += uncertain
	sums.mu.Unlock()
	o.stop()
}

// missing skips a test for want of something, which no test may be in CI.
func missing(t testing.TB, args ...any) {
	t.Helper()
	if os.Getenv("CI") != "" {
		t.Fatal(args...)
	}
	t.Skip(args...)
}

// pausedBy waits for a pause.
func (o *office) pausedBy(cause string) {
	o.t.Helper()
	o.until("paused by "+cause, func(st control.Status) bool {
		for _, p := range st.Pauses {
			if p.Cause == cause && p.Remedy != "" {
				return true
			}
		}
		return false
	})
}

func (o *office) offline() {
	o.t.Helper()
	o.until("offline", func(st control.Status) bool { return !st.Roots[0].Online && st.Withdrawn == 0 })
}

// moreAreSent waits until what was under way has gone out: the fault stops nothing.
func (f *faulty) moreAreSent() {
	f.t.Helper()
	f.o.until("nothing waits", func(st control.Status) bool { return st.Settling+st.Waiting+st.Sending == 0 && st.Sent > 20 })
}

// logs waits until the program has said so; for faults in which it can't be asked.
func (o *office) logs(words ...string) {
	o.t.Helper()
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); time.Sleep(20 * time.Millisecond) {
		for line := range strings.Lines(o.log.String()) {
			all := true
			for _, w := range words {
				all = all && strings.Contains(line, w)
			}
			if all {
				return
			}
		}
	}
	o.t.Fatalf("it does not say %q\n%s", words, o.log)
}

// freezes stops the program, and waits until none of its threads is in the kernel any more.
func (o *office) freezes() {
	o.t.Helper()
	o.must(o.daemon.Process.Signal(syscall.SIGSTOP))
	tasks := fmt.Sprintf("/proc/%d/task/*/stat", o.daemon.Process.Pid)
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); time.Sleep(time.Millisecond) {
		paths, err := filepath.Glob(tasks)
		o.must(err)
		stopped := 0
		for _, path := range paths {
			if b, err := os.ReadFile(path); err == nil && strings.Contains(string(b), ") T ") {
				stopped++
			}
		}
		if stopped == len(paths) {
			return
		}
	}
	o.t.Fatal("it does not stop")
}

// wrapped runs the program through a shell, which becomes it.
func (o *office) wrapped(script string) {
	o.t.Helper()
	path := o.dir + "/wrapped"
	o.must(os.WriteFile(path, fmt.Appendf(nil, "#!/bin/sh\n%s\n", strings.ReplaceAll(script, "PROGRAM", o.program)), 0o755))
	o.program = path
}
