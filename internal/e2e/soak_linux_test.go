package e2e

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"bloxdrop/internal/bloxs/bloxstest"
	"bloxdrop/internal/control"
)

// strain is what a process takes up.
type strain struct {
	threads, descriptors int
	anonymous            int   // KiB of memory that no file backs
	files                int64 // bytes in store.dir but for what grows with what is remembered
}

func (o *office) strain() (s strain) {
	o.t.Helper()
	proc := fmt.Sprintf("/proc/%d/", o.daemon.Process.Pid)
	status, err := os.ReadFile(proc + "status")
	o.must(err)
	for line := range strings.Lines(string(status)) {
		fields := strings.Fields(line)
		switch fields[0] {
		case "RssAnon:":
			s.anonymous, err = strconv.Atoi(fields[1])
		case "Threads:":
			s.threads, err = strconv.Atoi(fields[1])
		}
		o.must(err)
	}
	open, err := os.ReadDir(proc + "fd")
	o.must(err)
	s.descriptors = len(open)
	entries, err := os.ReadDir(o.storeDir())
	o.must(err)
	for _, e := range entries {
		if info, err := e.Info(); err == nil && e.Name() != "ledger.db" && e.Name() != "journal.jsonl" && e.Name() != "ballast" {
			s.files += info.Size()
		}
	}
	return s
}

// goroutines ends the program with a word of all of them, and counts.
func (o *office) goroutines() int {
	o.t.Helper()
	from := len(o.log.String())
	o.end(syscall.SIGQUIT)
	return strings.Count(o.log.String()[from:], "\ngoroutine ")
}

// alive fails where the program has ended by itself, and shows its last words.
func (o *office) alive() {
	o.t.Helper()
	select {
	case err := <-o.ended:
		text := o.log.String()
		o.t.Fatalf("it has ended: %v\n%s", err, text[max(0, len(text)-20_000):])
	default:
	}
}

// TestSoak: a mixed load with one fault after the other. What the program takes up is
// in the end what it was in the beginning. BLOXDROP_SOAK says for how long.
func TestSoak(t *testing.T) {
	t.Parallel()
	lasts := 15 * time.Second
	if text := os.Getenv("BLOXDROP_SOAK"); text != "" {
		var err error
		if lasts, err = time.ParseDuration(text); err != nil {
			t.Fatal(err)
		}
	}
	o := newOffice(t, bloxstest.Options{})
	r := newRelay(o, func(upload bool) trouble {
		bad := fine()
		if !upload {
			return bad
		}
		switch rand.IntN(10) {
		case 0: // in the midst of what it sends
			bad.request = rand.Int64N(60_000)
		case 1:
			bad.delay = 20 * time.Millisecond
		}
		return bad
	})
	o.configure(o.bloxs.URL, r.url(), settle.String(), "100ms")
	work := newColleague(o, 1)
	o.start()
	work.work(60)
	o.comesToRest(func() int { return len(o.below(o.root)) })
	routines := o.goroutines()
	o.start()
	work.work(20)
	o.comesToRest(func() int { return len(o.below(o.root)) })
	before := o.strain()
	pid := o.daemon.Process.Pid
	faults := []func() func(){
		func() func() {
			o.bloxs.Uploads.Next(bloxstest.Status(503), bloxstest.HTML(500), bloxstest.TooMany("1"))
			return func() {}
		},
		func() func() { o.bloxs.ExpireTokens(); return func() {} },
		func() func() { // the share is gone
			aside := o.root + " aside"
			o.must(os.Rename(o.root, aside))
			o.until("offline", func(st control.Status) bool { return !st.Roots[0].Online })
			return func() { o.must(os.Rename(aside, o.root)) }
		},
		func() func() { // no more descriptors
			var was unix.Rlimit
			o.must(unix.Prlimit(pid, unix.RLIMIT_NOFILE, nil, &was))
			few := unix.Rlimit{Cur: uint64(before.descriptors), Max: was.Max}
			o.must(unix.Prlimit(pid, unix.RLIMIT_NOFILE, &few, nil))
			work.work(5)
			o.logs("too many open files")
			return func() { o.must(unix.Prlimit(pid, unix.RLIMIT_NOFILE, &was, nil)) }
		},
		func() func() { // nothing can be read
			folder := filepath.Join(o.root, work.person())
			o.must(os.MkdirAll(folder, 0o755))
			o.must(os.Rename(folder, folder+" aside"))
			return func() { o.must(os.Rename(folder+" aside", folder)) }
		},
		func() func() { o.run("pause"); work.work(10); return func() { o.run("resume") } },
	}
	rounds := 0
	for began := time.Now(); time.Since(began) < lasts || rounds < len(faults); rounds++ {
		o.alive()
		work.work(5 + work.random.IntN(20))
		ends := faults[rounds%len(faults)]()
		ends()
		o.alive()
		o.run("status")
	}
	o.comesToRest(func() int { return len(o.below(o.root)) })
	sums := &tally{runs: rounds, uncertain: len(o.uncertain())}
	o.resolveAll()
	o.run("retry", "--all")
	o.comesToRest(func() int { return len(o.below(o.root)) })
	var after strain
	settled := func(control.Status) bool {
		after = o.strain()
		return after.descriptors <= before.descriptors+4 && after.anonymous <= before.anonymous+32<<10 && after.threads <= before.threads+16 && after.files <= before.files+64<<10
	}
	o.until(fmt.Sprintf("as it was: %+v", before), settled)
	o.judge(sums, work.account(), once)
	if pid != o.daemon.Process.Pid {
		t.Error("it was started anew")
	}
	now := o.goroutines()
	t.Logf("%v, %d files: %+v before, %+v after; %d goroutines, then %d", lasts, sums.files, before, after, routines, now)
	if now > routines+8 {
		t.Errorf("%d goroutines, where there were %d", now, routines)
	}
	sums.print(t, fmt.Sprintf("mixed load with a fault every moment, for %v", lasts))
}
