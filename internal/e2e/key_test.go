package e2e

import (
	"testing"
	"time"

	"bloxdrop/internal/bloxs/bloxstest"
	"bloxdrop/internal/control"
)

const handful = 6 // sign-ins that a wall may cost, however many files wait behind it

func isPaused(st control.Status) bool { return st.State == control.Paused }

// walled checks the one pause of an office that meets a wall.
func (o *office) walled(cause string, remedy ...string) {
	o.t.Helper()
	st := o.until("paused", isPaused)
	if len(st.Pauses) != 1 || st.Pauses[0].Cause != cause {
		o.t.Fatalf("paused by %+v, not by %s", st.Pauses, cause)
	}
	p := st.Pauses[0]
	o.says(p.Remedy, append(remedy, "bloxdrop resume", "bloxdrop restart")...) // which a changed config needs
	until, err := time.Parse(time.RFC3339, p.Until)
	if err != nil || time.Until(until) > 16*time.Minute {
		o.t.Errorf("it is tried again at %q (%v)", p.Until, err)
	}
	if since, err := time.Parse(time.RFC3339, p.Since); err != nil || time.Since(since) > time.Minute {
		o.t.Errorf("it pauses since %q (%v)", p.Since, err)
	}
	o.says(o.run("status"), "paused", cause, remedy[0])
}

// TestWrongKey pauses everything with a handful of sign-ins, over a restart
// too, and goes on at once when the key is right and a person says so.
func TestWrongKey(t *testing.T) {
	t.Parallel()
	for _, word := range [][]string{{"resume"}, {"retry", "--all"}} {
		t.Run(word[0], func(t *testing.T) {
			t.Parallel()
			o := newOffice(t, bloxstest.Options{})
			o.bloxs.SetKey("another", "secret")
			o.drop(60)
			o.start()
			o.walled("denied", "bloxs.api_key", "bloxs.api_secret")
			st := o.until("all taken in", func(st control.Status) bool { return st.Waiting == 60 && st.Settling == 0 })
			if !isPaused(st) || st.Sent+st.Held+st.Sending > 0 {
				t.Errorf("%+v", st)
			}
			if until, _ := time.Parse(time.RFC3339, st.Pauses[0].Until); time.Until(until) > time.Minute {
				t.Errorf("the first try of its own comes at %s", until)
			}
			if n := o.bloxs.SignIns.Count(); n > handful {
				t.Errorf("%d sign-ins", n)
			}
			o.explained(o.root+"/1001 - Jansen/file 0.txt", "waiting", "paused: denied", "bloxs.api_key")

			before := o.bloxs.SignIns.Count()
			o.run(word...) // the key is still wrong
			o.untilSignIns(before + 1)
			o.walled("denied", "bloxs.api_key")
			if n := o.bloxs.SignIns.Count() - before; n > handful {
				t.Errorf("%d sign-ins after %v", n, word)
			}
			if n := o.bloxs.Uploads.Count(); n > 0 {
				t.Errorf("%d uploads with a wrong key", n)
			}
			o.bloxs.SetKey("key", "secret")
			o.run(word...)
			st = o.untilSent(60)
			if st.State != control.Running || len(st.Pauses) > 0 {
				t.Errorf("%+v", st)
			}
			o.addsUp(st)
		})
	}
}

// TestWrongKeyAtStart shows that a restart finds the wall again, and that a
// start with the right key needs no word.
func TestWrongKeyAtStart(t *testing.T) {
	t.Parallel()
	o := newOffice(t, bloxstest.Options{})
	o.bloxs.SetKey("another", "secret")
	o.drop(20)
	o.start()
	o.walled("denied", "bloxs.api_key")
	o.stop()
	before := o.bloxs.SignIns.Count()
	o.start()
	o.walled("denied", "bloxs.api_key")
	if n := o.bloxs.SignIns.Count() - before; n > handful {
		t.Errorf("%d sign-ins at the restart", n)
	}
	o.stop()
	o.bloxs.SetKey("key", "secret")
	o.start()
	o.untilSent(20)
}

func (o *office) untilSignIns(n int) {
	o.t.Helper()
	o.must(o.bloxs.SignIns.WaitBegun(o.t.Context(), n))
}

// TestRevokedRight takes the right to add files away while files wait.
func TestRevokedRight(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, cause string
		fault       bloxstest.Fault
		remedy      string
	}{
		{"403", "denied", bloxstest.Status(403), "Bloxs administrator"},
		{"401", "sign-in", bloxstest.EmptyStatus(401), "refuses the token"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			o := newOffice(t, bloxstest.Options{})
			o.drop(5)
			o.start()
			o.untilSent(5)
			o.bloxs.Uploads.Always(c.fault)
			o.drop(60) // five of them are there already
			o.walled(c.cause, c.remedy)
			st := o.until("all taken in", func(st control.Status) bool { return st.Waiting == 55 && st.Settling == 0 })
			if !isPaused(st) || st.Held > 0 {
				t.Errorf("%+v", st)
			}
			if n := o.bloxs.SignIns.Count(); n > handful {
				t.Errorf("%d sign-ins", n)
			}
			if n := o.bloxs.Uploads.Count() - 5; n > 2*4 {
				t.Errorf("%d uploads were refused by a wall", n)
			}
			for _, e := range o.list("waiting") {
				if e.Attempts > 0 {
					t.Errorf("a wall has cost %s %d attempts", e.Path, e.Attempts)
				}
			}
			o.bloxs.Uploads.Clear()
			o.run("resume")
			o.addsUp(o.untilSent(60))
		})
	}
}

// TestFixedToken has no key to sign in with at all.
func TestFixedToken(t *testing.T) {
	t.Parallel()
	o := newOffice(t, bloxstest.Options{Token: "right"}, "api_key = \"key\"\napi_secret = \"secret\"", `token = "wrong"`)
	o.drop(10)
	o.start()
	o.walled("sign-in", "bloxs.token")
	o.stop()
	o.configure("api_key = \"key\"\napi_secret = \"secret\"", `token = "right"`)
	o.start()
	o.untilSent(10)
	if n := o.bloxs.SignIns.Count(); n > 0 {
		t.Errorf("%d sign-ins with a fixed token", n)
	}
}
