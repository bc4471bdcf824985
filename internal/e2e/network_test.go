package e2e

import (
	"fmt"
	"testing"
	"time"

	"bloxdrop/internal/bloxs/bloxstest"
	"bloxdrop/internal/control"
)

// TestTryLater plays every answer that says "try later": files are late, and
// each arrives once.
func TestTryLater(t *testing.T) {
	t.Parallel()
	o := newOffice(t, bloxstest.Options{})
	var faults []bloxstest.Fault
	for _, code := range []int{500, 503, 408} {
		faults = append(faults, bloxstest.Status(code), bloxstest.Status(code).Early(), bloxstest.EmptyStatus(code), bloxstest.HTML(code))
	}
	o.bloxs.Uploads.Next(faults...)
	o.bloxs.LookUps.Next(bloxstest.Status(500), bloxstest.Reset(), bloxstest.HTML(502))
	o.bloxs.SignIns.Next(bloxstest.Status(503), bloxstest.Reset())
	const files = 10
	for i := range files {
		o.write(fmt.Sprintf("%d/scan.bin", 1000+i), string(noise(uint64(i), 40<<10)))
	}
	o.start()
	o.until("every file tried to its end", func(st control.Status) bool {
		return st.Settling+st.Waiting+st.Sending == 0 && st.Sent+st.Held == files
	})
	// A loaded server may give its early answer only when its kernel has the
	// whole body and the gate has opened, and the reset that follows can take
	// that answer away: then a file is in doubt. That is rare, and safe.
	const early = 3
	if n := len(o.uncertain()); n > early {
		t.Errorf("%d files are in doubt\n%s", n, o.log)
	} else if n > 0 {
		t.Logf("%d files are in doubt", n)
		o.resolveAll()
	}
	o.untilAllSent()
	o.storedOnce(o.there())
	if n := o.bloxs.Uploads.Count(); n != files+len(faults) {
		t.Errorf("%d uploads for %d files and %d faults", n, files, len(faults))
	}
}

// TestBrokenOffInBody ends uploads before Bloxs has the whole file, in ways
// that would leave everybody in doubt behind it.
func TestBrokenOffInBody(t *testing.T) {
	t.Parallel()
	o := newOffice(t, bloxstest.Options{})
	faults := []bloxstest.Fault{
		bloxstest.ResetBefore(0), bloxstest.ResetBefore(100), bloxstest.ResetBefore(8 << 20), bloxstest.CloseWithoutAnswer().At(1 << 20),
		bloxstest.Status(502).Early(), bloxstest.HTML(502).At(1 << 20), bloxstest.HTML(504).At(8 << 20),
	}
	o.bloxs.Uploads.Next(faults...)
	o.write("1001/scan.bin", string(noise(4, large)))
	o.start()
	o.untilAllSent()
	o.storedOnce(o.there())
	if n := o.bloxs.Uploads.Count(); n != 1+len(faults) {
		t.Errorf("%d uploads for %d faults", n, len(faults))
	}
}

// TestTokenExpires lets Bloxs forget its tokens while files are on their way.
func TestTokenExpires(t *testing.T) {
	t.Parallel()
	o := newOffice(t, bloxstest.Options{})
	o.start()
	for i := range 3 {
		for j := range 8 {
			o.write(fmt.Sprintf("%d/%d.txt", 1000+j, i), fmt.Sprintf("%d %d", i, j))
		}
		o.stored(8*i + 3)
		o.bloxs.ExpireTokens()
	}
	o.untilAllSent()
	o.storedOnce(o.there())
	if n := o.bloxs.SignIns.Count(); n > 4 {
		t.Errorf("%d sign-ins for 3 expired tokens", n)
	}
	for _, e := range o.list("sent") {
		if e.Attempts != 1 {
			t.Errorf("an expired token cost an attempt: %+v", e)
		}
	}
}

// TestTooMany meets the limit of requests. With a Retry-After it ends by
// itself; without one it would take a minute, and a person may end it.
func TestTooMany(t *testing.T) {
	t.Parallel()
	o := newOffice(t, bloxstest.Options{})
	limited := func(st control.Status) bool {
		return st.State == control.Paused && st.Pauses[0].Cause == "limited" && st.Sending == 0
	}
	o.bloxs.Uploads.Always(bloxstest.TooMany(""))
	for i := range 20 {
		o.write(fmt.Sprintf("%d/a.txt", 1000+i), fmt.Sprint(i))
	}
	o.start()
	st := o.until("limited", limited)
	if until, err := time.Parse(time.RFC3339, st.Pauses[0].Until); err != nil || time.Until(until) < 40*time.Second || st.Pauses[0].Remedy == "" {
		t.Errorf("%+v", st.Pauses[0])
	}
	if n := o.bloxs.Uploads.Count(); n > 4 {
		t.Errorf("%d uploads ran into the limit with 4 workers", n)
	}
	o.bloxs.Uploads.Clear()
	o.run("resume")
	o.untilAllSent()

	o.bloxs.Uploads.Next(bloxstest.TooMany("2"))
	before := time.Now()
	o.write("1000/b.txt", "b")
	o.untilAllSent()
	if waited := time.Since(before); waited < 2*time.Second {
		t.Errorf("sent after %v, though Bloxs asked for 2s", waited)
	}

	// Others use up the environment's limit.
	o.bloxs.LimitWindow(bloxstest.Limit{Writes: 10, Others: 5, Window: 2 * time.Second, RetryAfter: true})
	for i := range 12 {
		o.write(fmt.Sprintf("%d/c.txt", 1000+i), fmt.Sprintf("c%d", i))
	}
	o.untilAllSent()
	o.storedOnce(o.there())
	for _, e := range o.list("sent") {
		if e.Attempts != 1 {
			t.Errorf("a limit cost an attempt: %+v", e)
		}
	}
}
