package uploader

import (
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"bloxdrop/internal/bloxs/bloxstest"
	"bloxdrop/queue"
	"bloxdrop/store"
)

// newPersons is a simulated Bloxs that knows person 1234 only, and a rig that
// verifies names.
func newPersons(t *testing.T) (*rig, *bloxstest.Server) {
	t.Helper()
	r, sim := newSim(t, bloxstest.Options{Persons: bloxstest.Directory(map[string]bloxstest.Person{
		"1234": {Name: "P. de Vries"},
	})})
	r.opt.Roots[r.root] = Root{Verify: VerifyName}
	return r, sim
}

func (r *rig) fileOf(person, folder, rel string) *queue.Job {
	r.t.Helper()
	job := r.file(rel, []byte(rel))
	job.Item.Person.ID = person
	job.Places[0].Folder = folder
	return job
}

func TestOneLookUpServesAPerson(t *testing.T) {
	r, sim := newPersons(t)
	r.opt.Workers = 4
	h := bloxstest.Hold()
	sim.LookUps.Always(h.Fault)
	r.start()
	for i := range 8 {
		r.q.jobs <- r.fileOf("1234", "De Vries", fmt.Sprintf("1234/%d", i))
	}
	await(t, h.Reached(), "the look-up")
	h.Release()
	for range 8 {
		if o := r.done(); o.Class != queue.Delivered {
			t.Errorf("got %+v", o)
		}
	}
	if sim.LookUps.Count() != 1 {
		t.Errorf("%d look-ups", sim.LookUps.Count())
	}
}

// TestLookUpEndedMeanwhile: whoever is about to look a person up while another's
// look-up ends takes what that has found.
func TestLookUpEndedMeanwhile(t *testing.T) {
	r, sim := newPersons(t)
	r.opt.Workers = 2
	about, ended, waits := make(chan struct{}), make(chan struct{}), atomic.Bool{}
	r.q.toLookUp = func() {
		if waits.CompareAndSwap(true, false) {
			close(about)
			<-ended
		}
	}
	h := bloxstest.Hold()
	sim.LookUps.Always(h.Fault)
	r.start()
	r.q.jobs <- r.fileOf("1234", "De Vries", "1234/first")
	await(t, h.Reached(), "the look-up")
	waits.Store(true)
	r.q.jobs <- r.fileOf("1234", "De Vries", "1234/second")
	await(t, about, "the second look-up")
	h.Release()
	o := r.done()
	close(ended)
	for _, o := range []queue.Outcome{o, r.done()} {
		if o.Class != queue.Delivered {
			t.Errorf("got %+v", o)
		}
	}
	if n := sim.LookUps.Count(); n != 1 {
		t.Errorf("%d look-ups", n)
	}
}

func TestUnknownPerson(t *testing.T) {
	for name, fault := range map[string]bloxstest.Fault{"404": bloxstest.OK(), "400": bloxstest.UnknownAs400()} {
		r, sim := newPersons(t)
		sim.LookUps.Always(fault)
		r.start()
		for i := range 3 {
			o := r.send(r.fileOf("99", "", fmt.Sprintf("99/%d", i)))
			if o.Class != queue.UnknownPerson || o.Detail == "" || o.Known != (i == 0) {
				t.Errorf("%s: %+v", name, o)
			}
		}
		if got := await(t, r.q.lookedUp, "the finding"); got != "unknown 99" {
			t.Errorf("%s: %s", name, got)
		}
		if sim.LookUps.Count() != 1 || sim.Uploads.Count() != 0 {
			t.Errorf("%s: %d look-ups, %d uploads", name, sim.LookUps.Count(), sim.Uploads.Count())
		}
	}
}

func TestNameMismatch(t *testing.T) {
	r, sim := newPersons(t)
	r.q.confirmed = []string{"Bakker"}
	r.start()
	o := r.send(r.fileOf("1234", "Jansen", "1234/a"))
	if o.Class != queue.NameMismatch || o.Detail != `the folder says "Jansen", but person 1234 is "P. de Vries" in Bloxs` {
		t.Errorf("got %+v", o)
	}
	for _, folder := range []string{"", "Piet DE VRIES", "Bakker", "P.H."} {
		if o := r.send(r.fileOf("1234", folder, "1234/b, "+folder+".txt")); o.Class != queue.Delivered {
			t.Errorf("folder %q: %+v", folder, o)
		}
	}
	if len(sim.Stored()) != 4 {
		t.Errorf("%d stored", len(sim.Stored()))
	}
}

// TestFittingPlaceIsPreferred: the same content in two folders, of which the
// newest shows another name.
func TestFittingPlaceIsPreferred(t *testing.T) {
	r, _ := newPersons(t)
	places := make(chan store.Place, 1)
	r.q.openGate = func(_ *queue.Job, p store.Place) error { places <- p; return nil }
	r.start()
	job := r.fileOf("1234", "Jansen", "1234 - Jansen/a")
	job.Places = append(job.Places, r.place("1234 - Jansen/a"))
	job.Places[1].Folder = "De Vries"
	if o := r.send(job); o.Class != queue.Delivered {
		t.Fatalf("got %+v", o)
	}
	if p := await(t, places, "the place"); p.Folder != "De Vries" {
		t.Errorf("sent from the folder of %s", p.Folder)
	}
}

func TestVerifyLess(t *testing.T) {
	for verify, want := range map[string]queue.Class{VerifyName: queue.NameMismatch, VerifyExists: queue.Delivered, VerifyOff: queue.Delivered} {
		r, sim := newPersons(t)
		r.opt.Roots[r.root] = Root{Verify: verify}
		r.start()
		if o := r.send(r.fileOf("1234", "Jansen", "1234/a")); o.Class != want {
			t.Errorf("%s: %+v", verify, o)
		}
		if got, want := sim.LookUps.Count() == 0, verify == VerifyOff; got != want {
			t.Errorf("%s: %d look-ups", verify, sim.LookUps.Count())
		}
	}
}

func TestLookUpFails(t *testing.T) {
	for _, c := range []struct {
		name  string
		fault bloxstest.Fault
		want  queue.Class
	}{
		{"limited", bloxstest.TooMany("17"), queue.Limited},
		{"down", bloxstest.Status(503), queue.Transient},
		{"gateway", bloxstest.HTML(502), queue.Transient},
		{"cut", bloxstest.Reset(), queue.Transient},
		{"login page", bloxstest.LoginPage(), queue.Misconfigured},
		{"no page", bloxstest.HTML(404), queue.Misconfigured},
		{"redirect", bloxstest.Redirect(), queue.Misconfigured},
		{"401 for ever", bloxstest.Status(401), queue.SignIn},
	} {
		r, sim := newPersons(t)
		sim.LookUps.Always(c.fault)
		r.start()
		if o := r.send(r.fileOf("1234", "", "1234/a")); o.Class != c.want || o.Detail == "" {
			t.Errorf("%s: %+v, want %s", c.name, o, c.want)
		}
		if sim.Uploads.Count() != 0 || len(r.q.lookedUp) != 0 {
			t.Errorf("%s: %d uploads, %d findings", c.name, sim.Uploads.Count(), len(r.q.lookedUp))
		}
	}
}

func TestLookUpWithAnExpiredToken(t *testing.T) {
	r, sim := newPersons(t)
	sim.LookUps.Next(bloxstest.Status(401))
	r.start()
	if o := r.send(r.fileOf("1234", "De Vries", "1234/a")); o.Class != queue.Delivered || sim.SignIns.Count() != 2 {
		t.Errorf("got %+v with %d sign-ins", o, sim.SignIns.Count())
	}
}

// TestLookUpsForbidden: files go out unchecked, and nobody asks again.
func TestLookUpsForbidden(t *testing.T) {
	r, sim := newPersons(t)
	sim.LookUps.Always(bloxstest.Status(403))
	r.start()
	for i := range 3 {
		if o := r.send(r.fileOf("1234", "Jansen", fmt.Sprintf("1234/%d", i))); o.Class != queue.Delivered {
			t.Errorf("got %+v", o)
		}
	}
	if got := strings.Count(r.log.String(), "look-ups forbidden"); got != 1 {
		t.Errorf("said %d times", got)
	}
	if sim.LookUps.Count() != 1 || time.Until(r.q.forbidden) < 50*time.Minute {
		t.Errorf("%d look-ups, forbidden until %v", sim.LookUps.Count(), r.q.forbidden)
	}
}

// TestUnknownPersonsAreLookedUpAgain as the queue finds them due.
func TestUnknownPersonsAreLookedUpAgain(t *testing.T) {
	r, sim := newPersons(t)
	r.start()
	key := store.PersonKey{Relation: "persons", Kind: "reference", ID: "99"}
	r.q.due <- key
	if got := await(t, r.q.lookedUp, "the first finding"); got != "unknown 99" {
		t.Error(got)
	}
	sim.Know("99", bloxstest.Person{Name: "Smit"})
	r.q.due <- key
	if got := await(t, r.q.lookedUp, "the second finding"); got != "found 99" {
		t.Error(got)
	}
	if !strings.Contains(r.log.String(), "person unknown") {
		t.Errorf("the log says:\n%s", r.log)
	}
}
