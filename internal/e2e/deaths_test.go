package e2e

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"bloxdrop/internal/bloxs/bloxstest"
	"bloxdrop/internal/control"
)

// death is a way to die outside ordinary work: at a first start, while a file
// of the store is made anew, in a command.
type death struct {
	name    string
	points  []point
	prepare func(o *office)
	harm    func(o *office) // what follows, when it has been asked what is held
	// dies does what comes to the points; nil starts the service. What it
	// returns has ended by then.
	dies func(o *office) *os.ProcessState
	// then puts right what somebody would have to put right, with nothing running.
	then func(o *office)
}

func deaths() []death {
	anew := []point{{"new ledger written", 1}, {"new ledger rename", 1}, {"new ledger renamed", 1}}
	next := []point{{"birth rename", 1}, {"birth renamed", 1}, {"next journal rename", 1}, {"next journal renamed", 1}}
	forgets := append([]point{{"next journal commit", 1}, {"compacted ledger rename", 1}, {"compacted ledger renamed", 1}}, next...)
	replaces := []point{{"decided rename", 1}, {"set aside", 3}, {"put in place", 3}, {"all in place", 1}}
	return []death{
		{name: "first start", points: append([]point{{"journal born", 1}, {"marker rename", 1}, {"marker renamed", 1}, {"whole file rename", 3}, {"whole file renamed", 3}}, anew...),
			prepare: func(o *office) { o.drop(20) }},
		{name: "clean stop", points: []point{{"whole file rename", 1}, {"whole file renamed", 1}},
			prepare: worked, dies: (*office).diesStopping},
		{name: "rebuilding the ledger", points: anew, prepare: worked, harm: func(o *office) { o.without("ledger.db") }},
		{name: "rebuilding the journal", points: next, prepare: worked, harm: func(o *office) { o.without("journal.jsonl") }},
		{name: "forgetting a person", points: forgets, prepare: forgettable, dies: (*office).diesForgetting},
		{name: "forgetting a person in the service", points: forgets, prepare: forgettable, dies: func(o *office) *os.ProcessState {
			o.program = failpointBinary(o.t)
			o.start()
			o.program = binary
			o.ask("forget", "--person", "1009")
			return o.died()
		}},
		{name: "backup", points: []point{{"backup rename", 1}, {"backup renamed", 1}}, prepare: worked,
			dies: func(o *office) *os.ProcessState { return o.dying("backup", filepath.Join(o.dir, "backup")) },
			then: (*office).backsUp},
		{name: "backup in the service", points: []point{{"backup spooled", 1}}, prepare: worked, dies: func(o *office) *os.ProcessState {
			o.program = failpointBinary(o.t)
			o.start()
			o.program = binary
			o.ask("backup", filepath.Join(o.dir, "backup"))
			return o.died()
		}, then: (*office).backsUp},
		{name: "restore", points: append([]point{{"birth rename", 2}, {"birth renamed", 2}}, replaces...),
			prepare: func(o *office) { worked(o); o.run("backup", filepath.Join(o.dir, "backup")) },
			dies:    func(o *office) *os.ProcessState { return o.dying("restore", filepath.Join(o.dir, "backup")) },
			then:    func(o *office) { o.run("restore", filepath.Join(o.dir, "backup")) }},
		{name: "repair", points: append(anew, replaces...), prepare: worked, harm: bothDamaged,
			dies: func(o *office) *os.ProcessState { return o.dying("repair") },
			then: func(o *office) { o.run("repair") }},
		{name: "migration", points: []point{{"birth rename", 1}, {"birth renamed", 1}}, prepare: func(*office) {}, harm: func(o *office) {
			o.must(os.CopyFS(o.storeDir(), os.DirFS(filepath.FromSlash("../../store/testdata/schema1/killed"))))
			o.drop(20)
		}},
	}
}

// worked makes an office at rest that has sent 20 files, is uncertain of one,
// and has one refused.
func worked(o *office) {
	o.bloxs.Uploads.For("2001", bloxstest.StoreThen(bloxstest.HTML(502)))
	o.bloxs.Uploads.For("2002", bloxstest.Status(415))
	o.drop(20)
	o.write("2001/doubt.txt", "doubt")
	o.write("2002/refused.txt", "refused")
	o.age()
	o.start()
	o.until("at rest", func(st control.Status) bool { return st.Sent == 20 && st.Held == 2 })
	o.run("pause")
	o.run("resume")
	o.stop()
}

func forgettable(o *office) {
	worked(o)
	o.removeAll(filepath.Join(o.root, "1009 - Jansen"))
	o.try("run", "--once") // has seen it
}

// bothDamaged leaves a pair that proves all that was sent: of the journal only
// the line of a pause is lost.
func bothDamaged(o *office) {
	o.without("ledger.db")
	path := filepath.Join(o.storeDir(), "journal.jsonl")
	b, err := os.ReadFile(path)
	o.must(err)
	o.must(os.WriteFile(path, bytes.Replace(b, []byte(`"op":"paused"`), []byte(`"op":"pauses"`), 1), 0o600))
}

func (o *office) without(name string) { o.must(os.Remove(filepath.Join(o.storeDir(), name))) }

// dying runs a command that has a failpoint.
func (o *office) dying(args ...string) *os.ProcessState {
	o.t.Helper()
	cmd := exec.CommandContext(o.t.Context(), failpointBinary(o.t), append(args, "--config", o.config)...)
	cmd.Env = append(os.Environ(), o.env...)
	out, _ := cmd.CombinedOutput() // how it ends is asked of its state
	o.log.Write(out)
	return cmd.ProcessState
}

func (o *office) diesForgetting() *os.ProcessState { return o.dying("forget", "--person", "1009") }

// diesStopping lets a service come to the point only when it stops.
func (o *office) diesStopping() *os.ProcessState {
	o.t.Helper()
	o.env[0] = strings.Replace(o.env[0], ":1", ":2", 1) // the first is control.json
	o.program = failpointBinary(o.t)
	o.launch()
	o.program = binary
	o.answers()
	o.must(signal(o.daemon.Process, syscall.SIGTERM))
	return o.died()
}

// died waits for the end of the service.
func (o *office) died() *os.ProcessState {
	o.t.Helper()
	select {
	case <-o.ended:
	case <-time.After(patience):
		o.t.Fatalf("it does not come to %v\n%s", o.env, o.log)
	}
	state := o.daemon.ProcessState
	o.daemon = nil
	return state
}

func (o *office) diesStarting() *os.ProcessState {
	o.program = failpointBinary(o.t)
	o.launch()
	o.program = binary
	return o.died()
}

// backsUp: there is a whole backup or none, and one can be made.
func (o *office) backsUp() {
	o.t.Helper()
	path := filepath.Join(o.dir, "backup")
	if _, err := os.Stat(path); err == nil {
		o.rename(path, path+"-first")
		path += "-first"
	} else {
		left, err := filepath.Glob(path + "*")
		o.must(err)
		for _, l := range left {
			o.must(os.Remove(l)) // as the command says that one should
		}
		o.run("backup", path)
	}
	o.run("restore", path)
}

// TestDeaths dies at every step outside ordinary work. The next start, or the
// command given once more, brings everything back: nothing is sent again, and
// what was held is held.
func TestDeaths(t *testing.T) {
	t.Parallel()
	failpointBinary(t)
	sums := &tally{}
	t.Run("all", func(t *testing.T) {
		for _, d := range deaths() {
			for _, p := range d.points {
				for n := range p.most {
					t.Run(fmt.Sprintf("%s/%s %d", d.name, p.name, n+1), func(t *testing.T) {
						t.Parallel()
						testDeath(t, d, p.name, n+1, sums)
					})
				}
			}
		}
	})
	sums.print(t, "killed at a named step of a first start, stop, rebuild, migration, `forget`, `backup`, `restore`, `repair`")
}

func testDeath(t *testing.T, d death, name string, n int, sums *tally) {
	d.mayRun(t)
	o := newOffice(t, bloxstest.Options{})
	d.prepare(o)
	held := o.heldAs()
	if d.harm != nil {
		d.harm(o)
	}
	d.happens(o, name, n)
	if d.then != nil {
		d.then(o)
	}
	b := o.owed()
	o.start()
	if st := o.until("looked at", func(st control.Status) bool { return st.Roots[0].LastRescan != "" || st.Roots[0].Paused }); st.Roots[0].Paused {
		o.run("adopt", o.root, "--existing", "upload")
	}
	o.until("all sent", func(st control.Status) bool {
		return st.Settling+st.Waiting+st.Sending == 0 && st.Files == len(o.there()) && o.hasAll(b)
	})
	if now := o.heldAs(); held != "" && now != held {
		t.Errorf("held were %s, are %s", held, now)
	}
	o.judge(sums, b, once)
	o.stop()
	sums.mu.Lock()
	defer sums.mu.Unlock()
	sums.runs++
	sums.uncertain += len(openGates(o.steps()))
}

func (d death) mayRun(t *testing.T) {
	if runtime.GOOS == "windows" && d.name == "migration" {
		t.Skip("the kept store was written on Linux, where paths keep their case")
	}
}

// happens has the program die when it comes to the point for the nth time.
func (d death) happens(o *office, name string, n int) {
	o.t.Helper()
	o.env = []string{fmt.Sprintf("BLOXDROP_FAILPOINT=%s:%d", name, n)}
	dies := d.dies
	if dies == nil {
		dies = (*office).diesStarting
	}
	if state := dies(o); !diedByKill(state) {
		o.t.Fatalf("it did not die there: %v\n%s", state, o.log)
	}
	o.kill()
	o.env = nil
}

// owed is all that stands there now, but what is refused, and a new file.
func (o *office) owed() books {
	o.t.Helper()
	b := newBooks()
	for _, whose := range o.there() {
		b.owe(whose)
	}
	for _, f := range o.bloxs.Stored() {
		b.whole[delivery{f.Person, f.SHA256}] = true // what was forgotten was there
	}
	delete(b.due, delivery{"2002", sum([]byte("refused"))})
	o.write("1001 - Jansen/new.txt", "new")
	b.owe(delivery{"1001", sum([]byte("new"))})
	return b
}

// hasAll tells whether Bloxs has all that is due.
func (o *office) hasAll(b books) bool {
	got := map[delivery]bool{}
	for _, f := range o.bloxs.Stored() {
		got[delivery{f.Person, f.SHA256}] = true
	}
	for d := range b.due {
		if !got[d] {
			return false
		}
	}
	return true
}

// heldAs is what is held, and why, with nothing running.
func (o *office) heldAs() string {
	if _, err := os.Stat(filepath.Join(o.storeDir(), "ledger.db")); err != nil {
		return ""
	}
	var lines []string
	for _, e := range o.list("held") {
		lines = append(lines, e.Path+" "+e.Reason)
	}
	slices.Sort(lines)
	return strings.Join(lines, "\n")
}
