package e2e

import (
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"bloxdrop/internal/bloxs/bloxstest"
	"bloxdrop/internal/control"
)

// The names and types of status and list, on which programs outside rely.
var (
	statusFields = map[string]string{
		"version": "string", "state": "string", "pauses": "array", "sent": "number", "waiting": "number", "sending": "number",
		"held": "number", "skipped": "number", "withdrawn": "number", "settling": "number", "unmatched": "number",
		"ignored": "number", "duplicate": "number", "files": "number", "oldest_waiting_seconds": "number", "roots": "array",
	}
	pauseFields = map[string]string{"cause": "string", "since": "string", "until": "string", "remedy": "string"}
	rootFields  = map[string]string{
		"path": "string", "online": "bool", "events": "bool", "files": "number", "last_rescan": "string", "paused": "bool",
	}
	entryFields = map[string]string{
		"item": "string", "path": "string", "paths": "array", "person": "string", "state": "string", "reason": "string",
		"attempts": "number", "next_try": "string", "file_id": "number", "sha256": "string", "size": "number",
		"first_seen": "string", "sent_at": "string",
		"detail": "string", "trace_id": "string", "relation": "string", // besides those of the contract
	}
)

func (o *office) statusShape() {
	o.t.Helper()
	var st object
	o.must(json.Unmarshal([]byte(o.run("status", "--json")), &st))
	shaped(o.t, "status", st, statusFields, map[string]string{"notes": "array", "settling_long": "number"})
	var pauses, roots []object
	o.must(json.Unmarshal(st["pauses"], &pauses))
	o.must(json.Unmarshal(st["roots"], &roots))
	for _, p := range pauses {
		shaped(o.t, "pause", p, pauseFields, nil)
	}
	for _, r := range roots {
		shaped(o.t, "root", r, rootFields, map[string]string{"offline": "string"})
	}
	if len(roots) != 1 {
		o.t.Errorf("%d roots", len(roots))
	}
}

// listShape checks `list --json` of a state, and that `list` has as many lines.
func (o *office) listShape(state string, want int) {
	o.t.Helper()
	var list []object
	args := []string{"list"}
	if state != "" {
		args = append(args, "--state", state)
	}
	text := o.run(append(args, "--json")...)
	o.must(json.Unmarshal([]byte(text), &list))
	if list == nil {
		o.t.Errorf("list of %s is no array: %s", state, text)
	}
	if len(list) != want {
		o.t.Errorf("%d entries are %s, want %d\n%s", len(list), state, want, text)
	}
	for _, e := range list {
		shaped(o.t, "entry of "+state, e, entryFields, nil)
		var is control.Entry
		raw, err := json.Marshal(e)
		o.must(err)
		o.must(json.Unmarshal(raw, &is))
		o.sensible(is, state)
	}
	if lines := strings.Count(o.run(args...), "\n"); lines != want {
		o.t.Errorf("list of %q: %d lines, want %d", state, lines, want)
	}
}

// sensible checks the values of one entry.
func (o *office) sensible(e control.Entry, state string) {
	o.t.Helper()
	bad := func(what string) { o.t.Errorf("%s: %+v", what, e) }
	if state != "" && e.State != state || e.State == "" {
		bad("state")
	}
	if !filepath.IsAbs(e.Path) || len(e.Paths) > 0 && !slices.Contains(e.Paths, e.Path) {
		bad("path")
	}
	for _, at := range []string{e.NextTry, e.FirstSeen, e.SentAt} {
		if _, err := time.Parse(time.RFC3339, at); at != "" && err != nil {
			bad("time " + at)
		}
	}
	if e.Item == "" {
		if e.State != "settling" && e.State != "unmatched" && e.State != "ignored" {
			bad("no item")
		}
		// Why it is none, and how large it is, as of an item.
		if fi, err := os.Lstat(e.Path); err != nil || e.Reason == "" || fi.Mode().IsRegular() && e.Size != fi.Size() {
			bad("file")
		}
		return
	}
	if !regexp.MustCompile(`^[0-9a-f]{64}$`).MatchString(e.SHA256) || e.Size == 0 || e.FirstSeen == "" || e.Person == "" {
		bad("item")
	}
	if (e.State == "sent") != (e.FileID > 0 && e.SentAt != "") || (e.State == "held") != (e.Reason != "") {
		bad("fields of its state")
	}
	if e.State == "waiting" && e.NextTry == "" {
		bad("no next try")
	}
}

// TestLists has something in every state, and shows it as agreed: while it
// runs, and with nothing running.
func TestLists(t *testing.T) {
	t.Parallel()
	o := puzzle(t)
	o.statusShape() // before the first start
	o.listShape("", 0)
	o.listShape("settling", 9)
	o.start()
	o.until("all tried", func(st control.Status) bool { return st.Sent == 2 && st.Held == 4 && st.Settling == 1 })
	o.untilTried("1004/late.txt")
	o.statusShape()
	o.remove(filepath.Join(o.root, "1003", "refused.txt"))
	o.until("withdrawn", func(st control.Status) bool { return st.Withdrawn == 1 })
	hold := bloxstest.Hold()
	o.bloxs.Uploads.For("1001", hold.Fault)
	o.write("1001 - Jansen/on its way.txt", "on its way")
	o.age()
	<-hold.Reached()
	o.run("pause") // so that the waiting one stays so
	o.until("one on its way", func(st control.Status) bool { return st.Sending == 1 })

	check := func(sending, sent int) {
		t.Helper()
		for state, n := range map[string]int{
			"waiting": 1, "sending": sending, "sent": sent, "held": 3, "skipped": 0, "withdrawn": 1, "settling": 1, "unmatched": 2, "ignored": 2 + links,
			"": 5 + sending + sent,
		} {
			o.listShape(state, n)
		}
		o.statusShape()
	}
	check(1, 2)
	hold.Release()
	o.until("sent", func(st control.Status) bool { return st.Sent == 3 && st.Settling == 1 })
	check(0, 3)
	o.stop()
	for _, state := range []string{"waiting", "sending", "sent", "held", "skipped", "withdrawn", "unmatched", "ignored"} {
		o.listShape(state, map[string]int{"waiting": 1, "sent": 3, "held": 3, "withdrawn": 1, "unmatched": 2, "ignored": 2 + links}[state])
	}
	o.statusShape()
}

// TestListNames shows names that would mislead a terminal in quotes.
func TestListNames(t *testing.T) {
	t.Parallel()
	o := newOffice(t, staff())
	names := []string{"é ü 漢字.txt", "-rf.txt", "%s.txt"}
	if runtime.GOOS != "windows" { // which has no such names
		names = append(names, "a \x1b[31mred.txt", "new\nline.txt", "quote\".txt")
	}
	for _, n := range names {
		o.write("1001 - Jansen/"+n, n)
	}
	o.start()
	o.untilSent(len(names))
	text := o.run("list")
	if strings.Contains(text, "\x1b") || strings.Count(text, "\n") != len(names) {
		t.Errorf("%q", text)
	}
	o.listShape("sent", len(names))
	for _, n := range names {
		if e := o.entry("1001 - Jansen/" + n); e.State != "sent" {
			t.Errorf("%+v", e)
		}
		s := o.ask("explain", filepath.Join(o.root, "1001 - Jansen", n))
		if s.code != 0 || strings.Contains(s.out, "\x1b") || strings.Count(s.out, "\n") > 4 {
			t.Errorf("explain %q: %q %s", n, s.out, s.err)
		}
	}
}
