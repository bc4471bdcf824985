package e2e

import (
	"io"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"bloxdrop/internal/bloxs/bloxstest"
	"bloxdrop/internal/control"
)

// monitored is an office whose page monitoring can ask.
func monitored(t testing.TB, replace ...string) *office {
	return newOffice(t, bloxstest.Options{Persons: bloxstest.Directory(map[string]bloxstest.Person{"1001": {Name: "A. Jansen"}})},
		append([]string{`listen = ""`, `listen = "127.0.0.1:0"`}, replace...)...)
}

// scrape gives what the page answers to somebody without a token.
func (o *office) scrape(path string) (body string, code int) {
	o.t.Helper()
	link, err := url.Parse(strings.TrimSpace(o.run("open", "--print")))
	o.must(err)
	r, err := http.Get("http://" + link.Host + path)
	o.must(err)
	defer r.Body.Close()
	b, err := io.ReadAll(r.Body)
	o.must(err)
	return string(b), r.StatusCode
}

// TestHealthAnswers: alive is not ready, and the reasons name nobody and no folder.
func TestHealthAnswers(t *testing.T) {
	t.Parallel()
	o := monitored(t)
	o.start()
	o.until("looked through", func(st control.Status) bool { return len(st.Roots) == 1 && st.Roots[0].LastRescan != "" })
	expect := func(path, want string, code int) {
		t.Helper()
		body, got := o.scrape(path)
		if body != want || got != code {
			t.Errorf("%s: %d %q, want %d %q", path, got, body, code, want)
		}
	}
	expect("/healthz", "alive\n", 200)
	expect("/readyz", "ready\n", 200)
	o.run("pause")
	expect("/healthz", "alive\n", 200)
	expect("/readyz", "not ready\n- paused: manual\n", 503)
	o.rename(o.root, o.root+" away")
	o.until("offline", func(st control.Status) bool { return !st.Roots[0].Online })
	expect("/readyz", "not ready\n- paused: manual\n- offline: 1 of 1 roots\n", 503)
	o.rename(o.root+" away", o.root)
	o.run("resume")
	o.until("online", func(st control.Status) bool { return st.Roots[0].Online })
	expect("/readyz", "ready\n", 200)
}

// value is what a metric shows.
func value(t testing.TB, metrics, series string) string {
	t.Helper()
	m := regexp.MustCompile(`(?m)^` + regexp.QuoteMeta(series) + ` (\S+)$`).FindStringSubmatch(metrics)
	if m == nil {
		t.Errorf("there is no %s in\n%s", series, metrics)
		return ""
	}
	return m[1]
}

// TestMetrics: they tell what happened, and nobody's name.
func TestMetrics(t *testing.T) {
	t.Parallel()
	o := monitored(t, "requests_per_minute = 0", "requests_per_minute = 600")
	o.start()
	o.write("1001 - Jansen/Lease.pdf", "%PDF- lease %%EOF")
	o.write("1002 - Bakker/Payslip.txt", "payslip")
	o.write("loose.txt", "whose?")
	o.until("sent and held", func(st control.Status) bool { return st.Sent == 1 && st.Held == 1 && st.Unmatched == 1 })
	text, code := o.scrape("/metrics")
	if code != 200 {
		t.Fatalf("%d: %s", code, text)
	}
	for series, want := range map[string]string{
		`bloxdrop_items{state="sent"}`: "1", `bloxdrop_items{state="held"}`: "1", `bloxdrop_items{state="waiting"}`: "0",
		`bloxdrop_files{kind="unmatched"}`:                   "1",
		`bloxdrop_attempts_total{outcome="delivered"}`:       "1",
		`bloxdrop_attempts_total{outcome="unknown-person"}`:  "1",
		`bloxdrop_upload_duration_seconds_count`:             "1",
		`bloxdrop_upload_size_bytes_sum`:                     "17",
		`bloxdrop_rate_budget_limit`:                         "600",
		`bloxdrop_rate_budget_used_total`:                    "1",
		`bloxdrop_paused{cause="denied"}`:                    "0",
		`bloxdrop_root_online{root="1"}`:                     "1",
		`bloxdrop_oldest_waiting_age_seconds`:                "0",
		`bloxdrop_alert_messages_total{result="failed"}`:     "0",
		`bloxdrop_root_unreadable_folders{root="1"}`:         "0",
		`bloxdrop_attempts_total{outcome="misconfigured"}`:   "0",
		`bloxdrop_upload_duration_seconds_bucket{le="+Inf"}`: "1",
	} {
		if got := value(t, text, series); got != want {
			t.Errorf("%s is %s, want %s", series, got, want)
		}
	}
	for _, series := range []string{"bloxdrop_ledger_size_bytes", "bloxdrop_journal_size_bytes", "bloxdrop_journal_syncs_total",
		`bloxdrop_root_last_rescan_timestamp_seconds{root="1"}`, "bloxdrop_oldest_held_age_seconds", "bloxdrop_process_start_time_seconds", "bloxdrop_go_goroutines"} {
		if got := value(t, text, series); got == "0" {
			t.Errorf("%s is 0", series)
		}
	}
	for line := range strings.Lines(text) {
		said := line
		if !strings.HasPrefix(line, "#") {
			said = line[:strings.LastIndex(line, " ")] // a value, such as a time, may have any digits
		}
		for _, name := range []string{"Jansen", "1001", "Bakker", "1002", "Lease", "Payslip", "loose", filepath.ToSlash(o.dir)} {
			if strings.Contains(said, name) {
				t.Errorf("the metrics name %q: %s", name, line)
			}
		}
		if !strings.HasPrefix(line, "#") && !strings.HasPrefix(line, "bloxdrop_") {
			t.Errorf("this name is not bloxdrop's: %s", line)
		}
	}
	checkMetrics(t, text)
}

// checkMetrics asks Prometheus's own tool what it thinks of them.
func checkMetrics(t *testing.T, text string) {
	t.Helper()
	promtool, err := exec.LookPath("promtool")
	if err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatal(err)
		}
		t.Skip("promtool comes with Debian's package prometheus:", err)
	}
	cmd := exec.CommandContext(t.Context(), promtool, "check", "metrics")
	cmd.Stdin = strings.NewReader(text)
	if out, err := cmd.CombinedOutput(); err != nil || len(out) > 0 {
		t.Errorf("promtool check metrics: %v\n%s", err, out)
	}
}
