package e2e

import (
	endian "encoding/binary"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
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

// soak is one long run of mixed load.
type soak struct {
	o      *office
	work   *colleague
	pid    int // of the program, which stays the same
	before strain
	failed atomic.Int64 // uploads that came to no answer, or to none with an ID
}

// network cuts one upload of ten in the midst of what it sends.
func (s *soak) network(upload bool) trouble {
	bad := fine()
	switch n := rand.IntN(10); {
	case upload && n == 0:
		s.failed.Add(1)
		bad.request = rand.Int64N(60_000)
	case upload && n == 1:
		bad.delay = 20 * time.Millisecond
	}
	return bad
}

func (s *soak) comesToRest() { s.o.comesToRest(func() int { return len(s.o.below(s.o.root)) }) }

// keepsUp waits until only so many are left to be sent. Where tokens expire twice
// within one upload sending pauses, and somebody does as status says.
func (s *soak) keepsUp(left int) {
	s.o.t.Helper()
	s.o.until("keeping up", func(st control.Status) bool {
		if slices.ContainsFunc(st.Pauses, func(p control.Pause) bool { return p.Cause == "sign-in" }) {
			s.o.run("resume")
		}
		return st.Waiting+st.Sending <= left
	})
}

// faults each begin something, and say how it ends.
func (s *soak) faults() []func() (end func()) {
	o := s.o
	return []func() func(){
		func() func() {
			o.bloxs.Uploads.Next(bloxstest.Status(503), bloxstest.HTML(500), bloxstest.TooMany("1"))
			s.failed.Add(3)
			return func() {}
		},
		func() func() { // each worker may come to a 401 behind its gate
			o.bloxs.ExpireTokens()
			s.failed.Add(4)
			return func() {}
		},
		func() func() { // the share is gone
			aside := o.root + " aside"
			o.rename(o.root, aside)
			o.until("offline", func(st control.Status) bool { return !st.Roots[0].Online })
			return func() { o.must(os.Rename(aside, o.root)) }
		},
		s.fewDescriptors,
		func() func() { // nothing can be read
			folder := filepath.Join(o.root, s.work.person())
			o.must(os.MkdirAll(folder, 0o755))
			o.rename(folder, folder+" aside")
			return func() { o.must(os.Rename(folder+" aside", folder)) }
		},
		func() func() { o.run("pause"); s.work.work(10); return func() { o.run("resume") } },
	}
}

func (s *soak) fewDescriptors() (end func()) {
	var was unix.Rlimit
	s.o.must(unix.Prlimit(s.pid, unix.RLIMIT_NOFILE, nil, &was))
	few := unix.Rlimit{Cur: uint64(s.before.descriptors), Max: was.Max}
	s.o.must(unix.Prlimit(s.pid, unix.RLIMIT_NOFILE, &few, nil))
	s.work.work(5)
	s.o.logs("too many open files")
	return func() { s.o.must(unix.Prlimit(s.pid, unix.RLIMIT_NOFILE, &was, nil)) }
}

// TestSoak: a mixed load with one fault after the other. What the program takes up is
// in the end what it was in the beginning, and its files have only grown by what
// is remembered. BLOXDROP_SOAK says for how long.
func TestSoak(t *testing.T) {
	t.Parallel()
	lasts := 15 * time.Second
	if text := os.Getenv("BLOXDROP_SOAK"); text != "" {
		var err error
		if lasts, err = time.ParseDuration(text); err != nil {
			t.Fatal(err)
		}
		slowly(t) // all of many files are read once more for a ledger made anew
	}
	o := newOffice(t, bloxstest.Options{})
	s := &soak{o: o, work: newColleague(o, 1)}
	o.configure(o.bloxs.URL, newRelay(o, s.network).url(), settle.String(), "100ms")
	o.start()
	s.work.work(60)
	s.comesToRest()
	routines := o.goroutines()
	o.start()
	s.work.work(20)
	s.comesToRest()
	s.before, s.pid = o.strain(), o.daemon.Process.Pid
	rounds, faults := 0, s.faults()
	for began := time.Now(); time.Since(began) < lasts || rounds < len(faults); rounds++ {
		o.alive()
		s.work.work(5 + s.work.random.IntN(20))
		end := faults[rounds%len(faults)]()
		end()
		o.alive()
		s.keepsUp(200)
	}
	s.keepsUp(0)
	s.comesToRest()
	sums := &tally{runs: rounds, uncertain: len(o.uncertain())}
	o.resolveAll()
	o.run("retry", "--all")
	s.comesToRest()
	after := s.asItWas()
	o.judge(sums, s.work.account(), once)
	if s.pid != o.daemon.Process.Pid {
		t.Error("it was started anew")
	}
	now := o.goroutines()
	t.Logf("%v, %d files: %+v before, %+v after; %d goroutines, then %d", lasts, sums.files, s.before, after, routines, now)
	if now > routines+8 {
		t.Errorf("%d goroutines, where there were %d", now, routines)
	}
	s.remembersNoMoreThanItMust(rounds)
	sums.print(t, fmt.Sprintf("mixed load with a fault every moment, for %v", lasts))
}

// asItWas waits until the program takes up what it did in the beginning.
func (s *soak) asItWas() (after strain) {
	s.o.t.Helper()
	was := s.before
	s.o.until(fmt.Sprintf("as it was: %+v", was), func(control.Status) bool {
		after = s.o.strain()
		return after.descriptors <= was.descriptors+4 && after.anonymous <= was.anonymous+32<<10 && after.threads <= was.threads+16 && after.files <= was.files+64<<10
	})
	return after
}

// remembersNoMoreThanItMust weighs the two files that grow with what is remembered, while
// nothing runs: the journal by the steps that there have been, the ledger by one that is made anew
// of the journal and what is in the root. To forget somebody takes the free pages out of a ledger, and so makes two of them comparable.
func (s *soak) remembersNoMoreThanItMust(rounds int) {
	o := s.o
	o.t.Helper()
	steps := map[string]int{}
	for _, step := range o.steps() {
		steps[step.Op]++
	}
	stored, failed := len(o.bloxs.Stored()), int(s.failed.Load())
	if gates := steps["gate opened"]; gates > stored+failed {
		o.t.Errorf("%d gates, with %d files stored and %d uploads failed", gates, stored, failed)
	}
	all, explained := 0, 2*steps["gate opened"]+steps["resolution"]+2*rounds+8
	for _, n := range steps {
		all += n
	}
	journal, ledger := o.weight("journal.jsonl"), o.weight("ledger.db")
	if all > explained || journal > int64(all)<<10 {
		o.t.Errorf("the journal has %d lines of %d bytes in all, and %d are explained: %v", all, journal, explained, steps)
	}
	o.forgetSomebody()
	slim := o.pages()
	o.remove(filepath.Join(o.storeDir(), "ledger.db"))
	o.start()
	s.comesToRest()
	o.stop()
	o.forgetSomebody()
	anew := o.pages()
	o.t.Logf("ledger: %d bytes, %d pages without free ones, %d made anew; journal: %d bytes, %v", ledger, slim, anew, journal, steps)
	if slim > anew+anew/4+16 || ledger > 4*slim*4096+16<<20 {
		o.t.Errorf("the ledger has %d bytes, %d pages are in use; made anew it has %d", ledger, slim, anew)
	}
}

func (o *office) weight(name string) int64 {
	o.t.Helper()
	info, err := os.Stat(filepath.Join(o.storeDir(), name))
	o.must(err)
	return info.Size()
}

// pages are how many the ledger has, as the later of its first two pages says. The
// file may be twice as long.
func (o *office) pages() int64 {
	o.t.Helper()
	b, err := os.ReadFile(filepath.Join(o.storeDir(), "ledger.db"))
	o.must(err)
	const says = 56
	return int64(max(endian.NativeEndian.Uint64(b[says:]), endian.NativeEndian.Uint64(b[4096+says:])))
}

// forgetSomebody takes a person who is not yet forgotten out of root and store.
func (o *office) forgetSomebody() {
	o.t.Helper()
	sent := o.list("sent")
	person := sent[slices.IndexFunc(sent, func(e control.Entry) bool { return e.Person != "" })].Person
	o.removeAll(filepath.Join(o.root, person))
	o.says(o.run("forget", "--person", person), "is forgotten")
}
