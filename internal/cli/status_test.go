package cli

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"bloxdrop/internal/control"
)

func printed(t *testing.T, st control.Status) string {
	t.Helper()
	var out bytes.Buffer
	if err := printStatus(&screen{out: &out, width: 80}, st); err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(out.String()) {
		if len(line) > 81 {
			t.Errorf("%d wide: %s", len(line)-1, line)
		}
	}
	return out.String()
}

// TestStatus: what is wrong comes first, and nothing is said that is not known.
func TestStatus(t *testing.T) {
	t.Parallel()
	root := control.Root{Path: "/srv/scans", Online: true, Events: true, Files: 3, LastRescan: "2026-11-27T09:30:00Z"}
	remedy := strings.Repeat("what to do about it, ", 12)
	for name, tt := range map[string]struct {
		st   control.Status
		want string // as regular lines begin
		not  string
	}{
		"stopped":       {control.Status{State: control.Stopped, Roots: []control.Root{root}}, "bloxdrop stopped|note nothing is sent until it runs: `bloxdrop start`|sent 0|files 0|root /srv/scans", "found by rescans"},
		"damaged":       {control.Status{State: control.Paused, Pauses: []control.Pause{{Cause: "damaged", Remedy: remedy}}, Roots: []control.Root{root}}, "bloxdrop paused|paused damaged: what to do", "sent"},
		"paused":        {control.Status{State: control.Paused, Pauses: []control.Pause{{Cause: "denied", Remedy: remedy}}, Waiting: 3}, "bloxdrop paused|paused denied: what to do|sent 0|waiting 3", "unmatched"},
		"an empty file": {control.Status{State: control.Running, Files: 2, Settling: 2, SettlingLong: 1}, "bloxdrop running|sent 0|files 2 there now|settling 2 1 for over an hour: bloxdrop list --state settling", "still changing"},
	} {
		text := printed(t, tt.st)
		var lines []string
		for line := range strings.Lines(text) {
			if line = strings.Join(strings.Fields(line), " "); !strings.HasPrefix(line, "to do") && !strings.HasPrefix(line, "about") {
				lines = append(lines, line)
			}
		}
		rest := strings.Join(lines, "\n")
		for _, want := range strings.Split(tt.want, "|") {
			at := strings.Index("\n"+rest, "\n"+want)
			if at < 0 {
				t.Errorf("%s: there is no %q, or not there, in\n%s", name, want, text)
				break
			}
			rest = rest[at:]
		}
		if strings.Contains(text, tt.not) {
			t.Errorf("%s: it says %q:\n%s", name, tt.not, text)
		}
	}
}

// TestStatusOfManyRoots shows those that are not in order.
func TestStatusOfManyRoots(t *testing.T) {
	t.Parallel()
	st := control.Status{State: control.Running}
	for i := range 60 {
		r := control.Root{Path: fmt.Sprintf("/srv/%d", i), Online: i != 7, Offline: "it does not exist", Events: true, LastRescan: fmt.Sprintf("2026-11-27T09:%02d:00Z", 59-i)}
		st.Roots = append(st.Roots, r)
	}
	if text := printed(t, st); strings.Count(text, "\n") != 5 || !strings.Contains(text, "/srv/7: OFFLINE: it does not exist") || !strings.Contains(text, "59 roots in order, rescanned at ") || !strings.Contains(text, ":00:00 or later") {
		t.Errorf("%s", text)
	}
}
