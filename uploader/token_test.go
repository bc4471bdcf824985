package uploader

import (
	"bytes"
	"context"
	"net/http"
	"strings"
	"testing"
	"time"

	"bloxdrop/internal/bloxs"
	"bloxdrop/internal/bloxs/bloxstest"
	"bloxdrop/queue"
)

func TestExpiredTokenCostsOneSignIn(t *testing.T) {
	r, sim := newSim(t, bloxstest.Options{})
	r.start()
	for _, name := range []string{"a", "b"} {
		sim.ExpireTokens()
		if o := r.send(r.file("1234/"+name, []byte(name))); o.Class != queue.Delivered {
			t.Errorf("%s: %+v", name, o)
		}
	}
	if len(sim.Stored()) != 2 || sim.SignIns.Count() != 2 || r.q.count("pace") != 3 {
		t.Errorf("%d stored, %d sign-ins, %d paced", len(sim.Stored()), sim.SignIns.Count(), r.q.count("pace"))
	}
}

// TestRefusedAfterTheGate: the 401 comes for the whole body, so the gate opens
// twice for one job.
func TestRefusedAfterTheGate(t *testing.T) {
	r, sim := newSim(t, bloxstest.Options{})
	sim.Uploads.Next(bloxstest.Status(401))
	r.start()
	if o := r.send(r.file("1234/a", []byte("a"))); o.Class != queue.Delivered || r.q.count("gate") != 2 {
		t.Errorf("got %+v with %d gates", o, r.q.count("gate"))
	}
	sim.Uploads.Next(bloxstest.Status(403), bloxstest.Reset())
	if o := r.send(r.file("1234/b", []byte("b"))); o.Class != queue.Uncertain {
		t.Errorf("got %+v", o)
	}
	sim.Uploads.Next(bloxstest.Status(401), bloxstest.ResetBefore(1<<20))
	if o := r.send(r.file("1234/c", bytes.Repeat([]byte("c"), tooMuch))); o.Class != queue.Transient {
		t.Errorf("got %+v", o)
	}
}

// TestTakenBackAfterARefusal: the first try's gate is open in the journal, so
// the job has to say by which answer it was shut.
func TestTakenBackAfterARefusal(t *testing.T) {
	for name, c := range map[string]struct {
		fault bloxstest.Fault
		size  int
		want  int
	}{
		"behind the gate": {bloxstest.Status(401), 1, http.StatusUnauthorized},
		"before the gate": {bloxstest.Status(401).Early(), 2 << 20, 0},
	} {
		r, sim := newSim(t, bloxstest.Options{})
		sim.Uploads.Next(c.fault)
		r.q.pace = func(context.Context) error {
			if r.q.count("pace") == 2 {
				return queue.ErrNotNow
			}
			return nil
		}
		r.start()
		if o := r.send(r.file("1234/a", bytes.Repeat([]byte("a"), c.size))); o.Class != queue.Stopped || o.Status != c.want {
			t.Errorf("%s: %+v", name, o)
		}
	}
}

func TestFixedToken(t *testing.T) {
	r, sim := newSim(t, bloxstest.Options{Token: "right"})
	r.connect(bloxs.Config{URL: sim.URL, Token: "wrong"})
	r.start()
	o := r.send(r.file("1234/a", []byte("a")))
	if o.Class != queue.SignIn || !strings.Contains(o.Detail, "bloxs.token") || sim.Uploads.Count() != 1 {
		t.Errorf("got %+v after %d requests", o, sim.Uploads.Count())
	}
	r.stop() // the log is written last
	if strings.Contains(r.log.String(), "wrong") {
		t.Error("the token is in the log")
	}
}

func TestSignInFails(t *testing.T) {
	for _, c := range []struct {
		name   string
		fault  bloxstest.Fault
		want   queue.Class
		detail string
	}{
		{"refused", bloxstest.Status(400), queue.Denied, "check bloxs.api_key"},
		{"limited", bloxstest.TooMany("17"), queue.Limited, ""},
		{"page", bloxstest.LoginPage(), queue.Misconfigured, ""},
		{"down", bloxstest.Status(503), queue.Transient, ""},
		{"cut", bloxstest.Reset(), queue.Transient, ""},
	} {
		r, sim := newSim(t, bloxstest.Options{})
		sim.SignIns.Always(c.fault)
		r.start()
		o := r.send(r.file("1234/a", []byte("a")))
		if o.Class != c.want || !strings.Contains(o.Detail, c.detail) || sim.Uploads.Count() != 0 {
			t.Errorf("%s: %+v, want %s", c.name, o, c.want)
		}
		if (o.RetryAfter == 17*time.Second) != (c.want == queue.Limited) {
			t.Errorf("%s: Retry-After %v", c.name, o.RetryAfter)
		}
	}
}
