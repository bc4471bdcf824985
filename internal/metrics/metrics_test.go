package metrics

import (
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"
	"time"
)

// shown is what Prometheus would read of ours, without the comments.
func shown(m *Metrics) string {
	w := httptest.NewRecorder()
	m.Handler().ServeHTTP(w, httptest.NewRequest("GET", "/metrics", nil))
	var lines []string
	for line := range strings.Lines(w.Body.String()) {
		if strings.HasPrefix(line, "bloxdrop_") {
			lines = append(lines, line)
		}
	}
	return strings.Join(lines, "")
}

// TestStanding: what is known is shown in base units, and what is not known is left out.
func TestStanding(t *testing.T) {
	t.Parallel()
	now := time.Unix(1_800_000_000, 500_000_000)
	var sight Sight
	m := New(Options{Version: "1.0", Classes: []string{"delivered", "unknown person"}, Causes: []string{"denied", "manual"},
		Now: func() time.Time { return now }, Look: func() Sight { return sight }})
	if text := shown(m); strings.Contains(text, "ledger_size") || !strings.Contains(text, `bloxdrop_attempts_total{outcome="unknown-person"} 0`) {
		t.Errorf("with nothing known:\n%s", text)
	}
	sight = Sight{
		At: now, Items: map[string]int{"held": 3}, Files: map[string]int{"settling": 2}, Pauses: map[string]bool{"denied": true},
		Roots: []Root{
			{Online: true, Events: true, LastRescan: now.Add(-90 * time.Second), FoundByRescanOnly: 7},
			{Unreadable: 4},
		},
		OldestWaiting: now.Add(-90 * time.Second), OldestHeld: now.Add(time.Hour), // of a clock that was set back
		Budget: 80, Turns: 5, LedgerBytes: 100, JournalBytes: 200, JournalSyncs: 9,
	}
	m.Tried("delivered", true, 2048, 700*time.Millisecond)
	m.Tried("unknown person", false, 4096, time.Hour)
	m.Alerted(true)
	text := shown(m)
	for _, want := range []string{
		`items{state="held"} 3`, `files{kind="settling"} 2`, `paused{cause="denied"} 1`, `paused{cause="manual"} 0`,
		`oldest_waiting_age_seconds 90`, `oldest_held_age_seconds 0`, `oldest_settling_age_seconds 0`,
		`rate_budget_limit 80`, `rate_budget_used_total 5`, `ledger_size_bytes 100`, `journal_size_bytes 200`, `journal_syncs_total 9`,
		`standing_timestamp_seconds 1.8000000005e+09`,
		`root_online{root="1"} 1`, `root_online{root="2"} 0`, `root_events{root="1"} 1`, `root_events{root="2"} 0`,
		`root_last_rescan_timestamp_seconds{root="1"} 1.7999999105e+09`, `root_last_rescan_timestamp_seconds{root="2"} 0`,
		`root_found_by_rescan_only_total{root="1"} 7`, `root_unreadable_folders{root="2"} 4`,
		`attempts_total{outcome="delivered"} 1`, `attempts_total{outcome="unknown-person"} 1`,
		`upload_duration_seconds_count 1`, `upload_duration_seconds_sum 0.7`, `upload_duration_seconds_bucket{le="0.5"} 0`, `upload_duration_seconds_bucket{le="1"} 1`,
		`upload_size_bytes_count 1`, `upload_size_bytes_sum 2048`, `alert_messages_total{result="sent"} 1`, `alert_messages_total{result="failed"} 0`,
	} {
		if !strings.Contains(text, "bloxdrop_"+want+"\n") {
			t.Errorf("there is no %s in\n%s", want, text)
		}
	}
	for _, l := range regexp.MustCompile(`[{,]([a-z]+)="`).FindAllStringSubmatch(text, -1) { // another one could hold a name
		if !strings.Contains(" state kind cause root outcome result le version goversion os quantile ", " "+l[1]+" ") {
			t.Errorf("there is a label %q", l[1])
		}
	}
}
