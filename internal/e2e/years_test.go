package e2e

import (
	"bloxdrop/internal/bloxs/bloxstest"
	"bloxdrop/internal/control"
	"fmt"
	"hash/crc32"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
)

// TestBackupAndRestore makes a backup while files go out, and brings it back
// beside the same share on another machine.
func TestBackupAndRestore(t *testing.T) {
	t.Parallel()
	o := history(t)
	file := filepath.Join(o.dir, "monday.backup")
	o.says(o.run("backup", file), "22 items", "20 sent", "2 held")
	fi, err := os.Stat(file)
	o.must(err)
	if runtime.GOOS != "windows" && fi.Mode().Perm() != 0o600 {
		t.Errorf("others may read the backup: %v", fi.Mode())
	}
	o.refused(1, "running", "restore", file)
	for text, path := range map[string]string{"there already": file, "watched root": filepath.Join(o.root, "2001", "b")} {
		o.refused(2, text, "backup", path)
	}
	o.write("1001 - Jansen/later.txt", "sent after the backup")
	o.age()
	o.untilSent(21)
	o.stop()
	stopped := filepath.Join(o.dir, "stopped.backup")
	o.says(o.run("backup", stopped), "23 items", "21 sent")

	// Another machine: an empty store.dir, and the share under another path.
	moved := filepath.Join(o.dir, "mnt")
	o.rename(o.root, moved)
	was := o.root
	o.root = moved
	other := filepath.Join(o.dir, "other store")
	o.configure(o.storeDir(), other, was, moved)
	said := o.run("restore", file)
	o.says(said, "22 items", "20 sent", "adopt", "--existing upload", "--existing skip", moved)
	if strings.Contains(said, "kept as") {
		t.Errorf("nothing was there before:\n%s", said)
	}
	if st := o.status(); st.Sent != 20 || st.Held != 2 {
		t.Errorf("%+v", st)
	}
	// Over one that knows more, which is kept.
	o.says(o.run("restore", stopped), "21 sent", "kept as")
	o.says(o.run("restore", file), "20 sent", "kept as", "steps more")
	if left, err := filepath.Glob(filepath.Join(other, "*.replaced-*")); err != nil || len(left) != 4 {
		t.Error(left, err)
	}
	b, err := os.ReadFile(file)
	o.must(err)
	o.must(os.WriteFile(file, b[:len(b)-100], 0o600))
	o.refused(1, "no whole backup", "restore", file)
	if st := o.status(); st.Sent != 20 {
		t.Errorf("a bad backup has touched the store: %+v", st)
	}
}

// refused runs a command that must fail with that exit code and such words.
func (o *office) refused(code int, text string, args ...string) {
	o.t.Helper()
	if s := o.ask(args...); s.code != code || !strings.Contains(s.err, text) {
		o.t.Errorf("%v: exit code %d: %s%s", args, s.code, s.out, s.err)
	}
}

// TestRepair mends a pair of which neither can be trusted, so that nothing
// that is in Bloxs goes again.
func TestRepair(t *testing.T) {
	t.Parallel()
	o := history(t)
	o.refused(1, "running", "repair")
	o.stop()
	o.says(o.run("repair"), "sound", "nothing was changed")
	dir := o.storeDir()
	o.must(harms()["zeroed behind its head"](filepath.Join(dir, "ledger.db")))
	o.says(o.run("repair"), "one of the two", "nothing is lost", "20 sent")
	// Lines in the middle of the journal go, and the ledger is cut.
	journal := filepath.Join(dir, "journal.jsonl")
	b, err := os.ReadFile(journal)
	o.must(err)
	lines := strings.SplitAfter(string(b), "\n")
	lines[len(lines)/2] = "torn\n"
	o.must(os.WriteFile(journal, []byte(strings.Join(lines, "")), 0o600))
	o.must(harms()["scribbled on"](filepath.Join(dir, "ledger.db")))
	o.start()
	st := o.until("paused", isPaused)
	o.says(st.Pauses[0].Remedy, "`bloxdrop restore FILE`", "`bloxdrop repair`", "store.dir")
	o.refused(1, "stop it first", "repair")
	o.stop()
	o.says(o.run("repair"), "were damaged both", "kept as", "May be lost", "adopt")
	if st := o.status(); st.Sent+st.Held+st.Sending < 20 || st.Sent > 20 || len(st.Pauses) > 1 {
		t.Errorf("%+v", st)
	}
	o.says(o.run("repair"), "nothing to repair")
	uploads := o.bloxs.Uploads.Count()
	o.start()
	o.until("waiting for a word", func(st control.Status) bool { return st.Roots[0].Paused && len(st.Pauses) > 0 })
	if n := o.bloxs.Uploads.Count(); n != uploads {
		t.Errorf("%d uploads before a person's word", n-uploads)
	}
	o.stop()
	o.must(os.WriteFile(journal, nil, 0o600))
	o.must(os.WriteFile(filepath.Join(dir, "ledger.db"), nil, 0o600))
	o.refused(1, "nothing of ledger and journal is left", "repair")
}

// TestNewerLedger is refused with a sentence, and not touched.
func TestNewerLedger(t *testing.T) {
	t.Parallel()
	o := history(t)
	o.stop()
	journal := filepath.Join(o.storeDir(), "journal.jsonl")
	b, err := os.ReadFile(journal)
	o.must(err)
	rest := fmt.Sprintf(`"seq":%d,"at":"2030-01-01T00:00:00Z","op":"teleported"}`, strings.Count(string(b), "\n")+1)
	b = fmt.Appendf(b, "{\"crc\":\"%08x\",%s\n", crc32.Checksum([]byte(rest), crc32.MakeTable(crc32.Castagnoli)), rest)
	o.must(os.WriteFile(journal, b, 0o600))
	for _, args := range [][]string{{"run", "--once"}, {"status"}, {"repair"}} {
		o.refused(1, "written by a newer bloxdrop; install that version", args...)
	}
	if now, err := os.ReadFile(journal); err != nil || string(now) != string(b) {
		t.Error("the journal was touched", err)
	}
}

// TestFormerLedger: one that an older version wrote opens, and is kept as it was.
func TestFormerLedger(t *testing.T) {
	t.Parallel()
	if runtime.GOOS == "windows" {
		t.Skip("the kept ledger was written on Linux, where paths keep their case")
	}
	o := newOffice(t, bloxstest.Options{})
	dir := o.storeDir()
	o.must(os.CopyFS(dir, os.DirFS(filepath.FromSlash("../../store/testdata/schema1/killed"))))
	if st := o.status(); st.Sent != 3 || st.Held != 5 || st.Waiting != 1 || st.Withdrawn != 1 {
		t.Errorf("%+v", st)
	}
	if _, err := os.Stat(filepath.Join(dir, "ledger.db.schema-1")); err != nil {
		t.Error(err)
	}
	o.write("1001 - Jansen/new.txt", "new")
	o.age()
	o.start()
	o.until("the new one is sent", func(st control.Status) bool { return st.Sent == 4 })
	o.stop()
	o.says(o.run("repair"), "sound")
}

// TestRestoredWaits: a root in which nothing has happened since the backup goes
// on by itself; any other waits for a person's word, and nothing that has a
// receipt goes again either way.
func TestRestoredWaits(t *testing.T) {
	t.Parallel()
	for existing, again := range map[string]int{"upload": 1, "skip": 0} {
		t.Run(existing, func(t *testing.T) {
			t.Parallel()
			o := history(t)
			monday, tuesday := filepath.Join(o.dir, "monday"), filepath.Join(o.dir, "tuesday")
			o.run("backup", monday)
			o.write("1001 - Jansen/between.txt", "sent between the backups")
			o.age()
			o.untilSent(21)
			o.stop()
			o.run("backup", tuesday)
			o.run("restore", tuesday)
			o.start()
			if st := o.untilSent(21); st.State != control.Running || len(st.Pauses) > 0 {
				t.Errorf("nothing had happened since: %+v", st)
			}
			o.write("1001 - Jansen/later.txt", "sent after it was restored")
			o.age()
			o.untilSent(22)
			o.stop()
			uploads, stored := o.bloxs.Uploads.Count(), len(o.bloxs.Stored())
			o.run("restore", monday)
			o.start()
			st := o.until("waiting for a word", func(st control.Status) bool { return len(st.Pauses) > 0 && st.Roots[0].Paused })
			o.says(st.Pauses[0].Remedy, "adopt", o.root)
			o.run("resume")
			if o.run("retry", "--all"); o.bloxs.Uploads.Count() != uploads || st.Pauses[0].Cause != "adopt" {
				t.Errorf("%d uploads before a person's word; %+v", o.bloxs.Uploads.Count()-uploads, st)
			}
			o.run("adopt", o.root, "--existing", existing)
			o.until("adopted", func(st control.Status) bool {
				return len(st.Pauses) == 0 && st.Sent == 20+2*again && st.Settling+st.Waiting+st.Sending == 0
			})
			o.write("1001 - Jansen/new.txt", "new")
			o.age()
			o.untilSent(21 + 2*again)
			if n := len(o.bloxs.Stored()) - stored; n != 1+2*again {
				t.Errorf("%d stored, want %d", n, 1+2*again)
			}
			if e := o.entry("2001/doubt.txt"); e.State != "held" || e.Reason != "uncertain" {
				t.Errorf("what was uncertain is %+v", e)
			}
		})
	}
}
