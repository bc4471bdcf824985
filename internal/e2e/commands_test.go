package e2e

import (
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"

	"bloxdrop/internal/bloxs/bloxstest"
	"bloxdrop/internal/control"
)

// TestPauseOverRestart keeps files back until resume, whatever happens between.
func TestPauseOverRestart(t *testing.T) {
	t.Parallel()
	o := newOffice(t, bloxstest.Options{})
	if s := o.ask("pause"); s.code != 1 || !strings.Contains(s.err, "has not run") {
		t.Errorf("exit code %d: %s", s.code, s.err)
	}
	o.start()
	o.says(o.run("pause"), "paused", "bloxdrop resume")
	o.drop(10)
	taken := func(st control.Status) bool { return st.Waiting == 10 && st.Settling == 0 }
	paused := func(st control.Status) {
		t.Helper()
		if st.State != control.Paused || len(st.Pauses) != 1 || st.Pauses[0].Cause != "manual" || st.Pauses[0].Until != "" || st.Pauses[0].Since == "" {
			t.Errorf("%+v", st)
		}
		o.says(st.Pauses[0].Remedy, "bloxdrop resume")
	}
	paused(o.until("taken in", taken))
	o.run("retry", "--all") // is no resume
	paused(o.status())
	o.stop()
	if st := o.status(); st.State != control.Stopped || len(st.Pauses) != 1 {
		t.Errorf("%+v", st)
	}
	o.start()
	paused(o.until("taken in", taken))
	o.kill()
	o.start()
	paused(o.until("taken in", taken))
	if n := o.bloxs.Uploads.Count() + o.bloxs.LookUps.Count(); n > 0 {
		t.Errorf("%d requests while it was paused", n)
	}
	o.says(o.run("resume"), "goes on")
	o.untilSent(10)

	o.stop()
	o.run("pause") // with nothing running, too
	o.start()
	paused(o.status())
	o.stop()
	o.run("resume")
	o.start()
	if st := o.status(); st.State != control.Running {
		t.Errorf("%+v", st)
	}
}

// TestExitCodes holds 0 answered, 1 failed, 2 wrong usage or config.
func TestExitCodes(t *testing.T) {
	t.Parallel()
	o := newOffice(t, staff())
	path := o.write("1001 - Jansen/a.txt", "a")
	o.start()
	o.untilSent(1)
	item := o.entry("1001 - Jansen/a.txt").Item
	for _, c := range []struct {
		code int
		word string
		args []string
	}{
		{0, "bloxdrop", []string{"version"}},
		{0, "watches folders", []string{"--help"}},
		{0, "sent", []string{"status"}},
		{0, "outside", []string{"explain", "/nowhere"}},
		{2, "watches folders", nil},
		{2, "no command", []string{"frobnicate"}},
		{2, "unknown flag", []string{"status", "--frobnicate"}},
		{2, "arg", []string{"explain"}},
		{2, "arg", []string{"explain", "a", "b"}},
		{2, "unknown command", []string{"status", "too much"}},
		{2, "no state", []string{"list", "--state", "frobnicated"}},
		{2, "nobody's", []string{"list", "--state", "ignored", "--person", "1001"}},
		{2, "--csv", []string{"list", "--csv", "--json"}},
		{2, "--all", []string{"retry"}},
		{2, "--all", []string{"retry", "--all", path}},
		{2, "--resend", []string{"resolve", path}},
		{2, "--resend", []string{"resolve", path, "--sent", "--resend"}},
		{2, "file-id", []string{"resolve", path, "--sent", "--file-id", "0"}},
		{2, "file-id", []string{"resolve", path, "--resend", "--file-id", "5"}},
		{1, path, []string{"resolve", path, "--sent"}},
		{1, path, []string{"resolve", item, "--resend"}},
		{1, "nothing to try again", []string{"retry", filepath.Join(o.root, "loose.txt")}},
		{1, "outside every", []string{"retry", o.dir}},
		{1, "outside every", []string{"confirm", o.dir}},
		{1, "running already", []string{"run", "--once"}},
		{1, "running already", []string{"run"}},
	} {
		s := o.ask(c.args...)
		if s.code != c.code || !strings.Contains(s.out+s.err, c.word) {
			t.Errorf("%v: exit code %d, want %d with %q\n%s%s", c.args, s.code, c.code, c.word, s.out, s.err)
		}
		if s.code > 0 && s.err == "" && len(c.args) > 0 {
			t.Errorf("%v says nothing on standard error", c.args)
		}
	}
	if s := command(t, "status", "--config", filepath.Join(o.dir, "none.toml")); s.code != 2 || !strings.Contains(s.err, "none.toml") {
		t.Errorf("no config: exit code %d: %s", s.code, s.err)
	}
	before, after := command(t, "--config", o.config, "status", "--json"), command(t, "status", "--json", "--config", o.config)
	if before.code != 0 || after.code != 0 || !strings.Contains(before.out, `"running"`) || !strings.Contains(after.out, `"running"`) {
		t.Errorf("--config: before %+v, after %+v", before, after)
	}
	if n := len(o.bloxs.Stored()); n != 1 {
		t.Errorf("%d stored", n)
	}
}

// TestCommandsAtStart asks while the service is just starting, many at once.
func TestCommandsAtStart(t *testing.T) {
	t.Parallel()
	o := newOffice(t, staff())
	path := o.write("1001 - Jansen/a.txt", "a")
	o.start()
	o.untilSent(1)
	for range 3 {
		o.kill() // the next start has the deep check to do
		o.launch()
		o.together([]string{"status", "--json"}, []string{"explain", path}, []string{"list"})
	}
	o.stop()
	o.together([]string{"status", "--json"}, []string{"explain", path}, []string{"list"}, []string{"status"})
	if n := len(o.bloxs.Stored()); n != 1 {
		t.Errorf("%d stored", n)
	}
}

// together runs commands at the same time, all of which must succeed.
func (o *office) together(all ...[]string) {
	o.t.Helper()
	var wait sync.WaitGroup
	for _, args := range all {
		wait.Go(func() {
			if s := o.ask(args...); s.code != 0 || s.out == "" {
				o.t.Errorf("%v: exit code %d: %s", args, s.code, s.err)
			}
		})
	}
	wait.Wait()
}

// TestStaleControl leaves the address of a killed service behind, perhaps
// that of somebody else's service by now.
func TestStaleControl(t *testing.T) {
	t.Parallel()
	o := newOffice(t, staff())
	o.write("1001 - Jansen/a.txt", "a")
	o.start()
	o.untilSent(1)
	file := filepath.Join(o.storeDir(), "control.json")
	o.kill()
	for _, text := range []string{
		"", "{", `{"address":"127.0.0.1:1","token":"x","pid":1}`,
		`{"address":"` + strings.TrimPrefix(o.bloxs.URL, "http://") + `","token":"x","pid":1}`, // answers, but is no bloxdrop
	} {
		o.must(os.WriteFile(file, []byte(text), 0o600))
		if st := o.status(); st.State != control.Stopped || st.Sent != 1 {
			t.Errorf("with %q: %+v", text, st)
		}
	}
	o.start()
	if fi, err := os.Stat(file); err != nil || runtime.GOOS != "windows" && fi.Mode().Perm() != 0o600 {
		t.Errorf("%v %v", fi, err)
	}
	o.stop()
	o.nothing(file)
}

// TestRestartLooksFirst: a typing mistake in the config stops no service.
func TestRestartLooksFirst(t *testing.T) {
	t.Parallel()
	o := newOffice(t, bloxstest.Options{}, "[bloxs]", "[bloxs]\nunknown = 1")
	if out, code := o.try("restart"); code != 2 || !strings.Contains(out, "unknown") || !strings.Contains(out, "left as it is") {
		t.Errorf("exit code %d\n%s", code, out)
	}
}
