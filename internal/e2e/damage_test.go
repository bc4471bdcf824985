package e2e

import (
	"crypto/rand"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"bloxdrop/internal/bloxs/bloxstest"
	"bloxdrop/internal/control"
)

// harms are the ways in which a file of the store comes to harm.
func harms() map[string]func(path string) error {
	return map[string]func(path string) error{
		"removed": os.Remove,
		"emptied": func(path string) error { return os.Truncate(path, 0) },
		"truncated": func(path string) error {
			fi, err := os.Stat(path)
			if err != nil {
				return err
			}
			return os.Truncate(path, fi.Size()/3)
		},
		"stump":  func(path string) error { return os.Truncate(path, 100) },
		"zeroed": func(path string) error { return scribble(path, 0, func(b []byte) { clear(b) }) },
		"zeroed behind its head": func(path string) error {
			return scribble(path, 8192, func(b []byte) { clear(b) })
		},
		"scribbled on": func(path string) error {
			return scribble(path, 0, func(b []byte) {
				for at := 50; at < len(b); at += 500 {
					rand.Read(b[at:min(at+40, len(b))])
				}
			})
		},
		"replaced by another file": func(path string) error {
			return os.WriteFile(path, []byte(strings.Repeat("this is a letter\n", 2000)), 0o600)
		},
	}
}

// scribble changes what stands in a file, without touching its size.
func scribble(path string, from int, change func([]byte)) error {
	b, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	change(b[min(from, len(b)):])
	f, err := os.OpenFile(path, os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	_, err = f.Write(b)
	if e := f.Close(); err == nil {
		err = e
	}
	return err
}

// history makes an office in which 20 files were sent, one is uncertain, and
// one is refused.
func history(t *testing.T) *office {
	o := newOffice(t, bloxstest.Options{})
	o.bloxs.Uploads.For("2001", bloxstest.StoreThen(bloxstest.HTML(502)))
	o.bloxs.Uploads.For("2002", bloxstest.Status(415))
	o.drop(20)
	o.age()
	o.start()
	o.untilSent(20)
	o.write("2002/refused.txt", "refused")
	o.write("2001/doubt.txt", "doubt")
	o.age()
	o.until("two held", func(st control.Status) bool { return st.Held == 2 && st.Settling == 0 })
	return o
}

// comesUp starts the daemon after damage and checks that nothing is sent again
// and nothing forgotten.
func (o *office) comesUp(says string) {
	o.t.Helper()
	uploads := o.bloxs.Uploads.Count()
	o.start()
	st := o.until("all there again", func(st control.Status) bool {
		return st.Held == 2 && st.Sent == 20 && st.Settling+st.Waiting+st.Sending == 0
	})
	if st.State != control.Running || st.Files != 22 {
		o.t.Errorf("%+v", st)
	}
	o.addsUp(st)
	if e := o.entry("2001/doubt.txt"); e.State != "held" || e.Reason != "uncertain" {
		o.t.Errorf("what was uncertain is %s %s", e.State, e.Reason)
	}
	// Only what was refused may be tried once more, where that was forgotten.
	if n := o.bloxs.Uploads.Count() - uploads; n > 1 {
		o.t.Errorf("%d uploads after the damage", n)
	}
	o.says(o.log.String(), says)
	o.write("1001 - Jansen/new.txt", "new")
	o.age()
	o.untilSent(21)
	if n := len(o.bloxs.Stored()); n != 22 { // with the uncertain one
		o.t.Errorf("%d stored", n)
	}
	o.stop()
	o.start() // and the next start is an ordinary one
	o.untilSent(21)
}

// TestLedgerDamaged harms ledger.db in every way, after a clean stop and after a kill.
func TestLedgerDamaged(t *testing.T) {
	t.Parallel()
	for name, harm := range harms() {
		for how, end := range map[string]func(*office){"stopped": (*office).stop, "killed": (*office).kill} {
			t.Run(name+" "+how, func(t *testing.T) {
				t.Parallel()
				o := history(t)
				end(o)
				o.must(harm(filepath.Join(o.storeDir(), "ledger.db")))
				o.comesUp("the ledger was missing or damaged")
			})
		}
	}
}

// TestJournalDamaged harms journal.jsonl beside a sound ledger.
func TestJournalDamaged(t *testing.T) {
	t.Parallel()
	for name, harm := range harms() {
		if name == "zeroed behind its head" {
			continue // it is shorter than that
		}
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			o := history(t)
			o.stop()
			o.must(harm(filepath.Join(o.storeDir(), "journal.jsonl")))
			o.comesUp("the journal was missing or damaged")
		})
	}
}

// TestTornJournal is what a power cut leaves: half a line at the end.
func TestTornJournal(t *testing.T) {
	t.Parallel()
	o := history(t)
	o.kill()
	f, err := os.OpenFile(filepath.Join(o.storeDir(), "journal.jsonl"), os.O_WRONLY|os.O_APPEND, 0)
	o.must(err)
	_, err = f.WriteString(`{"seq":99,"at":"2026-`)
	o.must(err)
	o.must(f.Close())
	o.comesUp("torn line")
}

// TestBothDamaged leaves nobody who could tell what was sent: it runs, says
// so, and sends nothing.
func TestBothDamaged(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"truncated", "zeroed", "scribbled on", "stump", "replaced by another file"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			o := history(t)
			o.stop()
			files := o.harmBoth(harms()[name])
			requests := o.requests()
			o.start()
			o.saysDamaged()
			o.stop() // ends with 0, or fails the test
			if st := o.status(); st.State != control.Stopped || len(st.Pauses) != 1 {
				t.Errorf("%+v", st)
			}
			if s := o.ask("run", "--once"); s.code != 1 || !hasLine(s.err, "damaged", "bloxdrop repair") {
				t.Errorf("run --once: exit code %d: %s", s.code, s.err)
			}
			if n := o.requests() - requests; n > 0 {
				t.Errorf("%d requests, though nobody knows what was sent", n)
			}
			for path, was := range files {
				if b, err := os.ReadFile(path); err != nil || string(b) != was {
					t.Errorf("%s was touched (%v)", path, err)
				}
			}
		})
	}
}

// harmBoth gives what stands in ledger and journal then.
func (o *office) harmBoth(harm func(path string) error) map[string]string {
	o.t.Helper()
	files := map[string]string{}
	for _, name := range []string{"ledger.db", "journal.jsonl"} {
		path := filepath.Join(o.storeDir(), name)
		o.must(harm(path))
		b, err := os.ReadFile(path)
		o.must(err)
		files[path] = string(b)
	}
	return files
}

// saysDamaged asks a running daemon, which neither knows nor does anything.
func (o *office) saysDamaged() {
	o.t.Helper()
	st := o.until("paused", isPaused)
	if len(st.Pauses) != 1 || st.Pauses[0].Cause != "damaged" || st.Pauses[0].Until != "" {
		o.t.Fatalf("%+v", st)
	}
	o.says(st.Pauses[0].Remedy, "backup", "store.dir")
	o.says(o.run("status"), "paused", "backup")
	o.statusShape()
	o.write("1001 - Jansen/new.txt", "new")
	for _, args := range [][]string{{"resume"}, {"retry", "--all"}, {"pause"}, {"list"}} {
		if s := o.ask(args...); s.code != 1 || !hasLine(s.err, "damaged", "bloxdrop restore FILE", "bloxdrop repair") {
			o.t.Errorf("%v: exit code %d: %s%s", args, s.code, s.out, s.err)
		}
	}
	o.explained(filepath.Join(o.root, "1001 - Jansen", "new.txt"), "unknown: nobody can tell", "backup")
	o.explained(o.write("1001 - Jansen/.x", "x"), "ignored")
}

func (o *office) requests() int {
	return o.bloxs.Uploads.Count() + o.bloxs.LookUps.Count() + o.bloxs.SignIns.Count()
}

// TestDamageWhileRunning scribbles on the ledger under a running daemon: it
// may pause, but goes on living, and the next start sends nothing again.
func TestDamageWhileRunning(t *testing.T) {
	t.Parallel()
	o := history(t)
	path := filepath.Join(o.storeDir(), "ledger.db")
	o.must(harms()["zeroed behind its head"](path))
	o.write("1001 - Jansen/during.txt", "during")
	select {
	case err := <-o.ended:
		t.Fatalf("the daemon ended: %v\n%s", err, o.log)
	default:
	}
	daemon := o.daemon
	o.end(syscall.SIGTERM)
	t.Logf("it ends with %d", daemon.ProcessState.ExitCode())
	uploads := o.bloxs.Uploads.Count()
	o.start()
	o.untilSent(21)
	if e := o.entry("2001/doubt.txt"); e.Reason != "uncertain" {
		t.Errorf("%+v", e)
	}
	if n := o.bloxs.Uploads.Count() - uploads; n > 2 {
		t.Errorf("%d uploads", n)
	}
	once := map[string]int{}
	for _, f := range o.bloxs.Stored() {
		once[fmt.Sprint(f.Person, f.SHA256)]++
	}
	for what, n := range once {
		if n > 1 {
			t.Errorf("%s was stored %d times", what, n)
		}
	}
}
