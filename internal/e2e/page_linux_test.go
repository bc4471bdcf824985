package e2e

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"bloxdrop/internal/bloxs/bloxstest"
	"bloxdrop/internal/control"
)

// TestPageFollowsAFile: dropped, on its way, in Bloxs with its ID, all of it
// without anybody loading the page again.
func TestPageFollowsAFile(t *testing.T) {
	t.Parallel()
	o := newPageOffice(t, bloxstest.Options{})
	held := bloxstest.Hold()
	o.bloxs.Uploads.Next(held.Fault)
	o.start()
	w := newWindow(t)
	o.open(w)
	w.shows("Nothing has been sent yet")
	o.write("1001 - Jansen/Lease 2026.pdf", "%PDF- lease %%EOF")
	w.shows("On their way now")
	w.shows("Lease 2026.pdf")
	w.shows("waiting for Bloxs")
	held.Release()
	o.untilSent(1)
	w.shows("The one file is in Bloxs")
	w.shows(fmt.Sprintf("file ID %d", o.list("sent")[0].FileID))
	if text := w.says(); strings.Contains(text, "On their way now") {
		t.Errorf("what was delivered is still on its way:\n%s", text)
	}
	w.do(chromedp.Click(`//a[normalize-space()="Lease 2026.pdf"]`))
	w.shows("What happened")
	w.shows("Bloxs took it")
	w.shows("its last bytes were about to leave")
}

// TestPageRetry: a held file is let go with a click, and the page says so.
func TestPageRetry(t *testing.T) {
	t.Parallel()
	o := newPageOffice(t, bloxstest.Options{})
	o.bloxs.Uploads.Next(bloxstest.Problem(400, "The file type is not allowed.", nil))
	o.start()
	o.write("1001 - Jansen/Macro.xlsm", "macro")
	w := newWindow(t)
	o.open(w)
	w.shows("Bloxs does not take this file")
	w.shows("The file type is not allowed.")
	w.click("Try again")
	w.shows("It will be tried again now.")
	w.shows("The one file is in Bloxs")
	w.do(chromedp.Click(`//a[normalize-space()="Macro.xlsm"]`))
	w.shows("asked for another try")
	if log := o.log.String(); !strings.Contains(log, `"action":"retry"`) || !strings.Contains(log, `"who":"`) {
		t.Errorf("the log does not say who asked for it:\n%s", log)
	}
}

// TestPageDecides: the other three things that a held file may need.
func TestPageDecides(t *testing.T) {
	t.Parallel()
	o := newPageOffice(t, bloxstest.Options{Persons: bloxstest.Directory(map[string]bloxstest.Person{"1001": {Name: "A. Jansen"}, "1243": {Name: "P. Bakker"}})})
	o.bloxs.Uploads.For("1001", bloxstest.ResetAfterStoring())
	o.start()
	o.write("1001/Letter.pdf", "%PDF- letter %%EOF")
	o.write("1001/Other.pdf", "%PDF- other %%EOF")
	o.write("1243 - Visser/Contract.pdf", "%PDF- contract %%EOF")
	w := newWindow(t)
	o.open(w)
	w.shows("3 files need somebody")
	o.bloxs.Uploads.Clear()
	w.click("This is the right person")
	w.shows("Noted: this is the right person.")
	w.shows("2 files need somebody")
	w.do(chromedp.SendKeys(`//li[.//a[normalize-space()="Letter.pdf"]]/ancestor::div[@class="part"]//input[@name="file-id"]`, "7654321"),
		chromedp.Click(`//li[.//a[normalize-space()="Letter.pdf"]]/ancestor::div[@class="part"]//button[normalize-space()="It is in Bloxs"]`))
	w.shows("It is noted as being in Bloxs.")
	w.shows("1 file needs somebody")
	w.click("It is not: send again")
	w.shows("All 3 files are in Bloxs")
	st := o.untilSent(3)
	if st.Held != 0 {
		t.Errorf("%+v", st)
	}
	w.do(chromedp.SetValue(chromedp.CSS(`#q`), "7654321"), chromedp.Submit(chromedp.CSS(`.find`)))
	w.shows("Letter.pdf")
}

// TestPageLetsType: what somebody is just typing, or about to press, stays
// theirs while the page changes around it.
func TestPageLetsType(t *testing.T) {
	t.Parallel()
	o := newPageOffice(t, bloxstest.Options{Persons: bloxstest.Directory(map[string]bloxstest.Person{"1001": {Name: "A. Jansen"}})})
	o.bloxs.Uploads.For("1001", bloxstest.ResetAfterStoring())
	o.start()
	o.write("1001/Letter.pdf", "%PDF- letter %%EOF")
	w := newWindow(t)
	o.open(w)
	w.shows("1 file needs somebody")
	w.do(chromedp.SendKeys(`//input[@name="file-id"]`, "76"))
	o.write("2002/Unknown.txt", "a")
	w.shows("2 files need somebody")
	w.do(chromedp.KeyEvent("54"))
	if is, err := look[string](w, `document.activeElement.name + " " + document.activeElement.value`); err != nil || is != "file-id 7654" {
		t.Errorf("where somebody types there is %q, %v", is, err)
	}
	if text, err := look[string](w, `document.getElementById("part-needs").innerText`); err != nil || strings.Contains(text, "Unknown.txt") {
		t.Error("the part in which somebody types has changed")
	}
	w.do(chromedp.Focus(chromedp.CSS(`#pause`)))
	w.shows("Unknown.txt 2002")
	w.do(chromedp.Focus(`//button[normalize-space()="Try again"]`))
	o.write("3003/Other.txt", "b")
	w.shows("Other.txt 3003")
	if is, err := look[string](w, `document.activeElement.innerText`); err != nil || is != "Try again" {
		t.Errorf("the focus has gone to %q, %v", is, err)
	}
}

// TestPageIsLost: a page whose service has gone says so, and shows no old state
// as if it were today's. With the service back, whoever looks signs in again.
func TestPageIsLost(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := l.Addr().String()
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	o := newOffice(t, bloxstest.Options{}, `listen = ""`, `listen = "`+address+`"`)
	o.start()
	w := newWindow(t)
	o.open(w)
	w.shows("Nothing has been sent yet")
	const lost = "The page is not connected any more"
	if text := w.says(); strings.Contains(text, lost) {
		t.Errorf("it says that it is lost:\n%s", text)
	}
	o.stop()
	w.shows(lost)
	o.start()
	w.shows("this command opens the page signed in")
	o.open(w)
	w.shows("Nothing has been sent yet")
}

// widths at which the page is looked at: a phone, and a desk.
var widths = map[string]int64{"phone": 360, "desk": 1280}

// busyOffice has one of everything that the page shows, and more files of
// persons whom nobody knows.
func busyOffice(t testing.TB, language string, before int, more ...string) *office {
	known := map[string]bloxstest.Person{
		"1001": {Name: "A. Jansen"}, "1002": {Name: "Fatima El Amrani"}, "1003": {Name: "P. de Vries"}, "1243": {Name: "P. Bakker"},
		"1250": {Name: "M. Visser"}, "1260": {Name: "J. Smit"}, "1270": {Name: "K. Mulder"},
	}
	o := newPageOffice(t, bloxstest.Options{Persons: bloxstest.Directory(known)},
		"[store]", "[notices]\nlanguage = \""+language+"\"\n\n[store]", `retry_max = "1s"`, `retry_max = "1h"`, `retry_min = "100ms"`, `retry_min = "50m"`)
	o.bloxs.Uploads.For("1250", bloxstest.ResetAfterStoring())
	o.bloxs.Uploads.For("1260", bloxstest.Problem(400, "Files with macros are not allowed.", nil))
	o.bloxs.Uploads.For("1270", bloxstest.Status(503))
	held := bloxstest.Hold()
	t.Cleanup(held.Release)
	if before > 0 {
		o.remember(before, officeHours(before, time.Now()))
	}
	o.start()
	for i, name := range []string{"1001 - Jansen/Lease 2026.pdf", "1002 - El Amrani/Passport.jpg", "1003 - de Vries/Payslip October.pdf", "1001 - Jansen/Key handover.pdf",
		"1003 - de Vries/Employer's statement with a very long name indeed, as scanners and people make them (2).pdf"} {
		o.write(name, fmt.Sprintf("%%PDF- %d %%%%EOF", i))
	}
	for _, name := range more {
		o.write(name, name)
	}
	o.untilSent(before + 5)
	for i, name := range []string{"1234 - Bakker/Payslip.pdf", "1234 - Bakker/Lease.pdf", "1243 - Visser/Contract.pdf", "1250 - Visser/Letter.pdf", "1260 - Smit/Calculation.xlsm"} {
		o.write(name, fmt.Sprintf("held %d%%%%EOF", i))
	}
	o.until("5 held", func(st control.Status) bool { return st.Held == 5+len(more) })
	o.write("1270 - Mulder/Deposit.txt", "later")
	o.until("one waits", func(st control.Status) bool { return st.Waiting == 1 })
	o.bloxs.Uploads.For("1002", held.Fault)
	o.write("1002 - El Amrani/Income 2025.txt", "on its way")
	<-held.Reached()
	o.write("Scan 0001.pdf", "whose?")
	o.until("one unmatched", func(st control.Status) bool { return st.Unmatched == 1 && st.Sending == 1 })
	return o
}

// TestPageFits: nothing is wider than a phone, and axe finds nothing serious,
// in both themes.
func TestPageFits(t *testing.T) {
	t.Parallel()
	axe, err := os.ReadFile(filepath.Join("axe", "node_modules", "axe-core", "axe.min.js"))
	if err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatal("npm ci in internal/e2e/axe comes first: ", err)
		}
		t.Skip("no axe-core: npm ci in internal/e2e/axe brings it: ", err)
	}
	o := busyOffice(t, "nl", 0, strings.Repeat("A", 80)+" - "+strings.Repeat("x", 80)+"/"+strings.Repeat("y", 200)+".txt")
	w := newWindow(t)
	w.do(chromedp.Navigate(strings.SplitN(o.link(), "/enter", 2)[0]), chromedp.WaitVisible(chromedp.CSS(`h1`)))
	fits := func(path, name string, theme theme) {
		t.Helper()
		_, err := look[any](w, `document.querySelectorAll("details").forEach((d) => d.open = true)`)
		o.must(err)
		wide, err := look[int](w, `document.documentElement.scrollWidth - window.innerWidth`)
		if o.must(err); wide > 0 {
			t.Errorf("%s at %s is %d pixels too wide", path, name, wide)
		}
		_, err = look[any](w, string(axe)+"; null")
		o.must(err)
		found, err := look[string](w, axeRun)
		if o.must(err); found != "" {
			t.Errorf("%s at %s, %s: axe finds %s", path, name, theme, found)
		}
	}
	fits("the page to sign in", "desk", "light")
	o.open(w)
	held := o.list("held")
	paths := []string{"/", "/list/held", "/list/sent", "/list/waiting", "/list/unmatched", "/search?q=jansen", "/nothing"}
	for _, e := range held {
		if e.Reason == "uncertain" || len(e.Person) == 80 {
			paths = append(paths, "/file/"+e.Item)
		}
	}
	for theme := range themes {
		w.prefer(theme)
		for name, width := range widths {
			w.do(chromedp.EmulateViewport(width, 800))
			for _, path := range paths {
				w.goTo(path)
				fits(path, name, theme)
			}
		}
	}
}

// axeRun names what is serious or critical.
const axeRun = `axe.run(document, {resultTypes: ["violations"]}).then((r) => r.violations
	.filter((v) => v.impact === "serious" || v.impact === "critical")
	.map((v) => v.id + ": " + v.nodes.map((n) => n.html + " " + n.failureSummary).join("; ")).join("\n"))`

// officeHours spreads n files over the working hours of the last four weeks, as
// an office drops them, the same each time.
func officeHours(n int, now time.Time) func(int) time.Time {
	rnd := rand.New(rand.NewPCG(7, 7))
	var times []time.Time
	for len(times) < n {
		at := now.Add(-time.Duration(rnd.IntN(28*24*60)) * time.Minute)
		hour, weight := at.Local().Hour(), 0
		switch {
		case at.Weekday() == time.Saturday || at.Weekday() == time.Sunday:
			weight = 1
		case hour >= 8 && hour < 18 && hour != 12:
			weight = 40 + 5*int(at.Weekday()) + at.Day()
		default:
			weight = 2
		}
		if rnd.IntN(100) < weight {
			times = append(times, at)
		}
	}
	slices.SortFunc(times, time.Time.Compare)
	return func(i int) time.Time { return times[i] }
}

// TestPageWithoutScript: all can be read, and done, with no script at all, and
// by keyboard alone.
func TestPageWithoutScript(t *testing.T) {
	t.Parallel()
	o := newPageOffice(t, bloxstest.Options{})
	o.bloxs.Uploads.Next(bloxstest.Problem(400, "The file type is not allowed.", nil))
	o.start()
	o.write("1001 - Jansen/Macro.xlsm", "macro")
	o.until("held", func(st control.Status) bool { return st.Held == 1 })
	w := newWindow(t)
	_, err := chromedp.Call(w.ctx, emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: true})
	o.must(err)
	w.do(chromedp.Navigate(o.link()), chromedp.WaitVisible(chromedp.CSS(`#part-headline h1`)))
	headline, err := chromedp.Run(w.ctx, chromedp.Text(chromedp.CSS(`#part-headline h1`)))
	if o.must(err); headline != "1 file needs somebody" {
		t.Errorf("without script the page says %q", headline)
	}
	if refresh, err := chromedp.Run(w.ctx, chromedp.AttributeValue(chromedp.CSS(`noscript meta`), "content")); err != nil || refresh.Value != "30" {
		t.Errorf("it does not load itself again: %v, %v", refresh, err)
	}
	for tabs := 0; ; tabs++ { // to the button, as somebody without a mouse
		w.do(chromedp.KeyEvent(kb.Tab))
		id, err := look[string](w, `document.activeElement.innerText || ""`)
		if o.must(err); id == "Try again" {
			break
		}
		if tabs > 30 {
			t.Fatal("the button can't be reached by keyboard")
		}
	}
	w.do(chromedp.KeyEvent(kb.Enter))
	o.untilSent(1)
}

// TestScreenshots writes the pictures of docs/ where BLOXDROP_SCREENSHOTS says.
func TestScreenshots(t *testing.T) {
	dir := os.Getenv("BLOXDROP_SCREENSHOTS")
	if dir == "" {
		t.Skip("BLOXDROP_SCREENSHOTS names no folder for them")
	}
	w := newWindow(t)
	shoot := func(o *office, pages map[string]string) {
		o.open(w)
		for theme := range themes {
			w.prefer(theme)
			for name, width := range widths {
				w.do(chromedp.EmulateViewport(width, 800))
				for what, path := range pages {
					w.goTo(path)
					_, err := look[any](w, fmt.Sprintf(shorten, filepath.Dir(o.root)))
					o.must(err)
					png, err := chromedp.Run(w.ctx, chromedp.FullScreenshot(100))
					o.must(err)
					o.must(os.WriteFile(filepath.Join(dir, fmt.Sprintf("%s-%s-%s.png", what, name, theme)), png, 0o644))
				}
			}
		}
	}
	language := cmp.Or(os.Getenv("BLOXDROP_LANGUAGE"), "en")
	well := newPageOffice(t, bloxstest.Options{}, "[store]", "[notices]\nlanguage = \""+language+"\"\n\n[store]")
	well.remember(4312, officeHours(4312, time.Now().Add(-2*time.Minute)))
	well.start()
	well.untilSent(4312)
	well.stop() // the next start has no warnings to show
	well.start()
	shoot(well, map[string]string{"well": "/"})
	o := busyOffice(t, language, 4307)
	story := ""
	for _, e := range o.list("held") {
		if e.Reason == "uncertain" {
			story = "/file/" + e.Item
		}
	}
	shoot(o, map[string]string{"needs": "/", "file": story, "search": "/search?q=el+amrani+lease"})
}

// shorten takes the test's own folder out of what a picture shows.
const shorten = `(() => {
	if (typeof source !== "undefined") source.close();
	const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
	while (texts.nextNode()) texts.currentNode.data = texts.currentNode.data.replaceAll(%q, "/srv");
})()`
