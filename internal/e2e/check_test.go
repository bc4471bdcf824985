package e2e

import (
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"bloxdrop/internal/bloxs/bloxstest"
	"bloxdrop/internal/control"
)

// TestCheckNamesTen checks a folder with ten mistakes, and one for good measure:
// each is named with its remedy, and nothing is changed. Windows has no modes
// and seldom links, so there are eight.
func TestCheckNamesTen(t *testing.T) {
	t.Parallel()
	o := newOffice(t, bloxstest.Options{Persons: bloxstest.Directory(map[string]bloxstest.Person{
		"1001": {Name: "A. Jansen"}, "1243": {Name: "P. Bakker"},
	})})
	missing, logDir, store := filepath.Join(o.dir, "share"), filepath.Join(o.dir, "logs"), o.storeDir()
	text := strings.Replace(o.text(), "[upload]", "[[watch]]\npath = '"+missing+"'\nexisting = \"upload\"\n\n[log]\nfile = '"+
		filepath.Join(logDir, "b.log")+"'\n\n[upload]\nmax_size = \"1 KiB\"", 1)
	o.must(os.WriteFile(o.config, []byte(text), 0o600))
	o.must(os.Mkdir(store, 0o700))
	fine := o.write("1001 - Jansen/a.txt", "a")
	o.write("New folder/b.txt", "b")
	o.write("c.txt", "c")
	o.write("1001 - Jansen/d.txt", strings.Repeat("d", 2000))
	o.write("1001 - Jansen/e.txt", "")
	o.write("1234 - Visser/f.txt", "f")
	o.write("1243 - Visser/g.txt", "g")
	mistakes := map[string][]string{
		"a folder that is nobody's": {"warning", `"New folder"`, "does not look like", `"1234 - Jansen"`, "rename"},
		"a loose file":              {"warning", " c.txt is", "loose in the root", "move it into"},
		"a large file":              {"warning", "d.txt", "2.0 KiB", "upload.max_size", "smaller"},
		"an empty file":             {"warning", "e.txt", "empty", "save or scan it again"},
		"an unknown person":         {"warning", "1234 - Visser", "knows no person with reference 1234", "rename the folder, or add"},
		"a wrong name":              {"warning", "1243 - Visser", `1243 is "P. Bakker"`, "1 file there", "rename", "confirm"},
		"a missing root":            {"error", missing, "does not exist", "mount the share"},
		"a log without a folder":    {"error", "log.file", logDir, "make that folder"},
	}
	sum, ignored := "7 files", ""
	if runtime.GOOS != "windows" {
		o.must(os.Chmod(o.config, 0o644))
		o.must(os.Chmod(store, 0o755))
		o.must(os.Symlink(fine, filepath.Join(o.root, "1001 - Jansen", "h.txt")))
		mistakes["a link"] = []string{"warning", "h.txt", "a link", "not followed", "the file itself"}
		mistakes["a config that others read"] = []string{"warning", o.config, "0644", "chmod 600"}
		mistakes["a store that others read"] = []string{"warning", store, "0755", "chmod 700"}
		sum, ignored = "8 files", "1 ignored"
	}
	before := tree(t, o.dir)
	s := o.ask("check")
	if s.code != 1 {
		t.Errorf("exit code %d: %s", s.code, s.err)
	}
	for what, words := range mistakes {
		if !hasLine(s.out, words...) {
			t.Errorf("%s is not named by a line with %q in:\n%s", what, words, s.out)
		}
	}
	for _, words := range [][]string{
		{"ok", o.root, "3 person folders, " + sum + ": 3 would be sent", "1 too large, 1 empty, 2 in no person's folder", ignored},
		{"ok", "sign-in"}, {"ok", "look-up"}, {"ok", "clock"}, {"ok", "ledger", "none yet"},
		{fmt.Sprintf("2 errors, %d warnings", len(mistakes)-2)},
	} {
		if !hasLine(s.out, words...) {
			t.Errorf("no line has %q in:\n%s", words, s.out)
		}
	}
	if after := tree(t, o.dir); after != before {
		t.Errorf("check has changed something:\n%s\nbefore:\n%s", after, before)
	}
	if n := o.bloxs.SignIns.Count(); n != 1 {
		t.Errorf("%d sign-ins", n)
	}
	if n := o.bloxs.Uploads.Count(); n != 0 {
		t.Errorf("%d uploads", n)
	}
}

// hasLine tells whether one line has all of these words.
func hasLine(text string, words ...string) bool {
	for line := range strings.Lines(text) {
		all := true
		for _, w := range words {
			all = all && strings.Contains(line, w)
		}
		if all {
			return true
		}
	}
	return false
}

// tree is every path below dir with its size and when it changed.
func tree(t *testing.T, dir string) string {
	t.Helper()
	var all strings.Builder
	err := filepath.Walk(dir, func(path string, fi os.FileInfo, err error) error {
		if err == nil {
			all.WriteString(path + " " + fi.Mode().String() + " " + fi.ModTime().Format(time.RFC3339Nano) + "\n")
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all.String()
}

// TestCheckThroughALife checks before the first start, beside the service and
// after its stop: what is sent is never said to be sent again.
func TestCheckThroughALife(t *testing.T) {
	t.Parallel()
	o := newOffice(t, bloxstest.Options{Persons: bloxstest.Directory(map[string]bloxstest.Person{"1001": {Name: "A. Jansen"}, "1243": {Name: "P. Bakker"}})})
	o.write("1001 - Jansen/a.txt", "a")
	o.write("1243 - Visser/b.txt", "b")
	look := func(words ...[]string) {
		t.Helper()
		s := o.ask("check")
		if s.code != 0 {
			t.Errorf("exit code %d: %s%s", s.code, s.out, s.err)
		}
		for _, w := range words {
			if !hasLine(s.out, w...) {
				t.Errorf("no line has %q in:\n%s", w, s.out)
			}
		}
	}
	look([]string{"2 would be sent"}, []string{"warning", "1243 - Visser"})
	o.nothing(o.storeDir())

	o.start()
	o.until("one sent, one held", func(st control.Status) bool { return st.Sent == 1 && st.Held == 1 })
	look([]string{"service", "running", "1 sent", "1 held"}, []string{"warning", "held", "list --state held"}, []string{"warning", "1243 - Visser"})
	o.stop()
	look([]string{"warning", "1243 - Visser", "until then new files there are held as name-mismatch"})
	o.start()
	o.run("confirm", filepath.Join(o.root, "1243 - Visser"))
	o.untilSent(2)
	look([]string{"service", "2 sent, 0 waiting, 0 held"}, []string{"no errors, no warnings"})
	o.run("pause")
	s := o.ask("check")
	if !hasLine(s.out, "error", "paused: manual", "bloxdrop resume") || s.code != 1 {
		t.Errorf("exit code %d: %s", s.code, s.out)
	}
	o.run("resume")
	o.stop()

	o.write("1001 - Jansen/c.txt", "c")
	before := tree(t, o.dir)
	look([]string{"2 sent, 1 would be sent"}, []string{"ledger", "2 sent"}, []string{"no errors, no warnings"})
	if after := tree(t, o.dir); after != before {
		t.Errorf("check has changed something:\n%s\nbefore:\n%s", after, before)
	}
	if n := o.bloxs.SignIns.Count(); n != 2 {
		t.Errorf("%d sign-ins: one before there was a token, one of the service's", n)
	}
}

// TestCheckOfBloxs tells what is wrong with the way to Bloxs.
func TestCheckOfBloxs(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		old, new string
		arrange  func(b *bloxstest.Server)
		words    []string
		code     int
	}{
		"wrong secret":    {`"secret"`, `"other"`, nil, []string{"error", "sign-in", "refuses the API key", "api_secret"}, 1},
		"nobody answers":  {"%URL", "http://127.0.0.1:9", nil, []string{"error", "bloxs.url", "can't be reached", "bloxs.proxy"}, 1},
		"no such machine": {"%URL", "https://no-such-machine.invalid", nil, []string{"error", "bloxs.url", "can't be reached"}, 1},
		"a login page": {"", "", func(b *bloxstest.Server) { b.SignIns.Always(bloxstest.LoginPage()) },
			[]string{"error", "bloxs.url", "not Bloxs's API", "yourcompany.bloxs.io"}, 1},
		"limited":   {"", "", func(b *bloxstest.Server) { b.SignIns.Always(bloxstest.TooMany("")) }, []string{"warning", "limit", "in a minute"}, 0},
		"forbidden": {"", "", func(b *bloxstest.Server) { b.LookUps.Always(bloxstest.Status(403)) }, []string{"warning", "look-up", `verify = "off"`}, 0},
		"token refused": {"", "", func(b *bloxstest.Server) { b.LookUps.Always(bloxstest.Status(401)) },
			[]string{"error", "sign-in", "just given"}, 1},
		"fixed token": {`api_secret = "secret"`, `token = "abc"`, nil, []string{"error", "bloxs.token", "new one"}, 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			o := newOffice(t, bloxstest.Options{APIKey: "key", APISecret: "secret"})
			o.write("1001/a.txt", "a")
			if c.old != "" {
				o.must(os.WriteFile(o.config, []byte(strings.Replace(o.text(), strings.Replace(c.old, "%URL", o.bloxs.URL, 1), c.new, 1)), 0o600))
			}
			if c.arrange != nil {
				c.arrange(o.bloxs)
			}
			s := o.ask("check")
			if s.code != c.code || !hasLine(s.out, c.words...) {
				t.Errorf("exit code %d, want %d and a line with %q:\n%s%s", s.code, c.code, c.words, s.out, s.err)
			}
			if n := o.bloxs.SignIns.Count(); n > 1 {
				t.Errorf("%d sign-ins", n)
			}
		})
	}
}

// TestCheckOfAnInvalidConfig names what is wrong in it, and looks at the rest.
func TestCheckOfAnInvalidConfig(t *testing.T) {
	t.Parallel()
	o := newOffice(t, bloxstest.Options{}, "settle =", "setle =", `"secret"`, `""`)
	o.write("New folder/a.txt", "a")
	s := o.ask("check")
	if s.code != 2 {
		t.Errorf("exit code %d: %s", s.code, s.err)
	}
	for _, words := range [][]string{
		{"error", "config", "setle", "known here are"}, {"error", "config", "api_secret"},
		{"warning", `"New folder"`}, {"warning", "Bloxs", "not asked"}, {"ok", "store.dir"},
	} {
		if !hasLine(s.out, words...) {
			t.Errorf("no line has %q in:\n%s", words, s.out)
		}
	}
	if n := o.bloxs.SignIns.Count(); n != 0 {
		t.Errorf("%d sign-ins", n)
	}
}

// TestCheckOfAnOldShare tells before the first start that a share belongs to
// another ledger, and leaves its marker as it is.
func TestCheckOfAnOldShare(t *testing.T) {
	t.Parallel()
	o := newOffice(t, bloxstest.Options{})
	o.write("1001/a.txt", "a")
	o.write(".bloxdrop", `{"ledger": "OTHER", "position": 7, "root": "/old", "host": "oldserver", "at": "2026-01-02T03:04:05Z", "clean": true}`)
	before := tree(t, o.dir)
	s := o.ask("check")
	if s.code != 1 || !hasLine(s.out, "error", o.root, "would be paused", "another ledger", `"oldserver"`, "bloxdrop adopt") {
		t.Errorf("exit code %d: %s", s.code, s.out)
	}
	if after := tree(t, o.dir); after != before {
		t.Errorf("check has changed something:\n%s\nbefore:\n%s", after, before)
	}
}

// TestCheckOfAChangedConfig tells after a stop that a root would wait, since
// its files went to other persons than the config names now.
func TestCheckOfAChangedConfig(t *testing.T) {
	t.Parallel()
	o := newOffice(t, bloxstest.Options{})
	o.write("1001/a.txt", "a")
	o.start()
	o.untilSent(1)
	o.stop()
	o.must(os.WriteFile(o.config, []byte(strings.Replace(o.text(), "[upload]", "layout = \"{externalIdentifier}\"\n\n[upload]", 1)), 0o600))
	before := tree(t, o.dir)
	s := o.ask("check")
	if s.code != 1 || !hasLine(s.out, "error", o.root, "would be paused", "externalIdentifier", "bloxdrop adopt") {
		t.Errorf("exit code %d: %s", s.code, s.out)
	}
	if after := tree(t, o.dir); after != before {
		t.Errorf("check has changed something:\n%s\nbefore:\n%s", after, before)
	}
}
