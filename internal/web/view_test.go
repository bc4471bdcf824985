package web

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"bloxdrop/internal/control"
	"bloxdrop/internal/words"
)

// TestHeadline: the one sentence says what matters most, and never that all is
// well while something is not.
func TestHeadline(t *testing.T) {
	t.Parallel()
	w, now := words.In(words.English), time.Now()
	online := control.Root{Path: "/srv/scans", Online: true, Events: true, Files: 5, LastRescan: control.Stamp(now)}
	offline := control.Root{Path: "/srv/other", LastRescan: control.Stamp(now), Offline: "it does not exist"}
	locked := online
	locked.Unreadable = 2
	paused := func(causes ...string) (list []control.Pause) {
		for _, c := range causes {
			list = append(list, control.Pause{Cause: c, Since: control.Stamp(now)})
		}
		return list
	}
	for name, tt := range map[string]struct {
		st                  control.Status
		level, says, button string
	}{
		"fresh":                    {control.Status{}, "good", "Nothing has been sent yet", "pause"},
		"all well":                 {control.Status{Sent: 4312}, "good", "All 4,312 files are in Bloxs", "pause"},
		"a folder can't be read":   {control.Status{Sent: 4312, Roots: []control.Root{locked}}, "mind", "2 folders can't be read", "pause"},
		"not whole for long":       {control.Status{Sent: 1, Settling: 3, SettlingLong: 1}, "mind", "1 file does not become whole", "pause"},
		"just coming":              {control.Status{Sent: 1, Settling: 3}, "busy", "3 files are just being put there", "pause"},
		"held":                     {control.Status{Sent: 1, Held: 2, Roots: []control.Root{locked}}, "mind", "2 files need somebody", "pause"},
		"loose":                    {control.Status{Unmatched: 1}, "mind", "1 file is in no person's folder", "pause"},
		"of all sorts":             {control.Status{Unmatched: 1, Held: 2, SettlingLong: 3}, "mind", "6 files need somebody", "pause"},
		"offline":                  {control.Status{Held: 2, Roots: []control.Root{online, offline}}, "bad", "A folder can't be reached: /srv/other", "pause"},
		"by hand":                  {control.Status{Pauses: paused("manual")}, "mind", "Sending is paused by hand", "Go on"},
		"a wrong key":              {control.Status{Pauses: paused("sign-in")}, "bad", "Bloxs refuses the sign-in", "Try now"},
		"a root waits":             {control.Status{Pauses: paused("adopt")}, "bad", "A folder waits for the administrator's word", "pause"},
		"three roots wait":         {control.Status{Pauses: paused("adopt", "adopt", "adopt")}, "bad", "3 folders wait for the administrator's word", "pause"},
		"a root waits, and a key":  {control.Status{Pauses: paused("adopt", "denied")}, "bad", "Bloxs does not let bloxdrop add files", "Try now"},
		"a root waits, and a hand": {control.Status{Pauses: paused("adopt", "manual")}, "mind", "Sending is paused by hand", "Go on"},
		"slow, by hand, full":      {control.Status{Pauses: paused("limited", "manual", "disk-full")}, "bad", "The disk is nearly full", "Go on"},
		"damaged":                  {control.Status{Pauses: paused("damaged")}, "bad", "bloxdrop's memory is damaged", ""},
	} {
		v := &view{Now: now, Status: tt.st, Pauses: pauses(w, tt.st, now)}
		is := sayState(w, v)
		if is.Level != tt.level || !strings.HasPrefix(is.Says, tt.says) {
			t.Errorf("%s: %s: %s", name, is.Level, is.Says)
		}
		button, may := mayDo(w, v.Pauses)
		if nothing := is.Short == w.Say("title.paused"); nothing == may {
			t.Errorf("%s: the title is %s", name, is.Short)
		}
		if may {
			button += "pause"
		}
		if button != tt.button {
			t.Errorf("%s: the button says %q", name, button)
		}
	}
}

// TestGroups: what one click is for stands together, and each cause is counted.
func TestGroups(t *testing.T) {
	t.Parallel()
	held := control.Held{Counts: map[string]int{"rejected": 140, "unknown-person": 7, "uncertain": 2}}
	add := func(n int, reason string, person func(i int) string, detail string) {
		for i := range n {
			trace := fmt.Sprintf("00-%s%d-01", reason, i)
			held.Rows = append(held.Rows, control.Row{Rel: "x/y.txt", Entry: control.Entry{
				Item: fmt.Sprintf("%s%d", reason, i), State: "held", Reason: reason, Person: person(i), TraceID: trace, Detail: detail + " (traceId " + trace + ")"}})
		}
	}
	same := func(int) string { return "1001" }
	add(100, "rejected", same, "Bloxs answered the upload with 400 Bad Request: no macros.")
	add(7, "unknown-person", func(i int) string { return fmt.Sprint(2000 + i) }, "nobody")
	add(2, "uncertain", same, "lost")
	got := ""
	for _, g := range groups(words.In(words.English), held) {
		got += fmt.Sprintf("%s %d: %d and %d, %d left, again %v\n", g.Reason, g.N, len(g.Parts), len(g.Others), g.Left, g.Again())
		if g.Reason == "rejected" && g.Parts[0].Detail != "Bloxs answered the upload with 400 Bad Request: no macros." {
			t.Errorf("it says %q", g.Parts[0].Detail)
		}
	}
	if want := "uncertain 2: 2 and 0, 0 left, again false\nunknown-person 7: 5 and 2, 0 left, again true\nrejected 140: 1 and 0, 40 left, again false\n"; got != want {
		t.Errorf("%s\nwant\n%s", got, want)
	}
}

// TestFolded: of many roots those are seen that are not in order.
func TestFolded(t *testing.T) {
	t.Parallel()
	var all []root
	for i := range 60 {
		all = append(all, root{Health: "good"})
		if i%20 == 7 {
			all[i].Health = "bad"
		}
	}
	if shown, others := folded(all); len(shown) != 3 || len(others) != 57 {
		t.Errorf("%d are shown, %d are not", len(shown), len(others))
	}
	if shown, others := folded(all[:8]); len(shown) != 8 || len(others) != 0 {
		t.Errorf("of few, %d are shown, %d are not", len(shown), len(others))
	}
}
