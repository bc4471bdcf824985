package e2e

import (
	"fmt"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"bloxdrop/internal/bloxs/bloxstest"
	"bloxdrop/internal/control"
)

const (
	pageWithin = 200 * time.Millisecond
	anonWithin = 80 << 10 // KiB
)

// TestPageOfManyReceipts: the page's answers and the process's own memory, with
// as many receipts as BLOXDROP_RECEIPTS says.
func TestPageOfManyReceipts(t *testing.T) {
	n := 5_000
	if given := os.Getenv("BLOXDROP_RECEIPTS"); given != "" {
		var err error
		if n, err = strconv.Atoi(given); err != nil {
			t.Fatal(err)
		}
	}
	o := newPageOffice(t, bloxstest.Options{})
	now := time.Now()
	o.remember(n, func(i int) time.Time { return now.Add(-time.Duration(n-i) * 300 * 24 * time.Hour / time.Duration(n)) })
	began := time.Now()
	patience = 10 * time.Minute // to make the ledger of its journal
	o.start()
	o.until("all remembered", func(st control.Status) bool { return st.Sent == n })
	t.Logf("%d receipts are there after %s", n, time.Since(began).Round(time.Millisecond))
	o.stop()
	began = time.Now()
	o.start() // as on any other day
	t.Logf("a start with them takes %s", time.Since(began).Round(time.Millisecond))

	jar, err := cookiejar.New(nil)
	o.must(err)
	client := &http.Client{Jar: jar}
	link := o.link()
	u, err := url.Parse(link)
	o.must(err)
	get := func(address string) (string, time.Duration) {
		began := time.Now()
		r, err := client.Get(address)
		o.must(err)
		defer r.Body.Close()
		b, err := io.ReadAll(r.Body)
		o.must(err)
		if r.StatusCode != http.StatusOK {
			t.Fatalf("%s: %s\n%s", address, r.Status, b)
		}
		return string(b), time.Since(began)
	}
	if text, _ := get(link); !strings.Contains(text, "files are in Bloxs") {
		t.Fatalf("the page says %.2000s", text)
	}
	some := fmt.Sprint(2_000_000 + n/2)
	for _, path := range []string{
		"/", "/list/sent", "/search?q=" + some, "/search?q=" + url.QueryEscape("payslip jansen"), "/search?q=nobody-has-this", "/search?q=10042",
		"/file/" + o.itemOf(get, u, some),
	} {
		var took []time.Duration
		for range 9 {
			_, d := get(u.Scheme + "://" + u.Host + path)
			took = append(took, d)
			if path == "/" {
				time.Sleep(time.Second) // else it would be the same view
			}
		}
		slices.Sort(took)
		t.Logf("%-32s median %7s, slowest %7s", path[:min(len(path), 32)], took[4].Round(100*time.Microsecond), took[8].Round(100*time.Microsecond))
		if took[4] > pageWithin {
			t.Errorf("%s takes %s, more than %s", path, took[4], pageWithin)
		}
	}
	anon := statusKiB(t, o.daemon.Process.Pid, "RssAnon")
	t.Logf("the process has %d KiB of anonymous memory (%d KiB with mapped files)", anon, statusKiB(t, o.daemon.Process.Pid, "VmRSS"))
	if anon > anonWithin {
		t.Errorf("%d KiB of anonymous memory are more than %d", anon, anonWithin)
	}
}

// itemOf finds the item of a file ID as a person does.
func (o *office) itemOf(get func(string) (string, time.Duration), u *url.URL, fileID string) string {
	o.t.Helper()
	text, _ := get(u.Scheme + "://" + u.Host + "/search?q=" + fileID)
	_, item, ok := strings.Cut(text, `href="/file/`)
	if !ok {
		o.t.Fatalf("the search for %s finds no file: %.3000s", fileID, text)
	}
	return item[:24]
}

// statusKiB is a line of /proc/PID/status.
func statusKiB(t testing.TB, pid int, name string) int {
	t.Helper()
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(b), "\n"+name+":")
	n, err := strconv.Atoi(strings.TrimSpace(strings.Split(rest, "kB")[0]))
	if err != nil {
		t.Fatal(name, ": ", err)
	}
	return n
}
