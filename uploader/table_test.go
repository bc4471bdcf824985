package uploader

import (
	"bytes"
	"testing"
	"time"

	"bloxdrop/internal/bloxs/bloxstest"
	"bloxdrop/queue"
)

// TestOutcomes has the simulated Bloxs play whatever an attempt may meet.
// A small file's fault strikes behind the gate unless it is early; a large
// file waits for leave to send, so an early one strikes before it.
func TestOutcomes(t *testing.T) {
	small, large := bytes.Repeat([]byte("x"), 40<<10), bytes.Repeat([]byte("y"), 2<<20)
	endless := bytes.Repeat([]byte("z"), tooMuch)
	naming := map[string][]string{"reference": {"no such person"}}
	for _, c := range []struct {
		name    string
		fault   bloxstest.Fault
		content []byte
		want    queue.Class
		stored  int
	}{
		{"no fault", bloxstest.OK(), small, queue.Delivered, 1},
		{"no fault, large", bloxstest.OK(), large, queue.Delivered, 1},
		{"slow answer", bloxstest.SlowAnswer(20 * time.Millisecond), small, queue.Delivered, 1},

		{"408", bloxstest.Status(408), small, queue.Transient, 0},
		{"500", bloxstest.Status(500), small, queue.Transient, 0},
		{"503", bloxstest.Status(503), small, queue.Transient, 0},
		{"503 early", bloxstest.Status(503).Early(), large, queue.Transient, 0},
		{"502 early", bloxstest.HTML(502).Early(), large, queue.Transient, 0},
		{"504 early", bloxstest.EmptyStatus(504).Early(), large, queue.Transient, 0},
		{"reset before", bloxstest.ResetBefore(1 << 20), endless, queue.Transient, 0},
		{"closed before", bloxstest.CloseWithoutAnswer().At(1 << 20), endless, queue.Transient, 0},

		{"429", bloxstest.TooMany("17"), small, queue.Limited, 0},
		{"429 early", bloxstest.TooMany("17").Early(), large, queue.Limited, 0},
		{"404 problem", bloxstest.Status(404), small, queue.UnknownPerson, 0},
		{"404 problem early", bloxstest.Status(404).Early(), large, queue.UnknownPerson, 0},
		{"400 naming the person", bloxstest.Problem(400, "", naming), small, queue.UnknownPerson, 0},
		{"400 in Bloxs's own way", bloxstest.UnknownAs400(), small, queue.UnknownPerson, 0},
		{"400", bloxstest.Status(400), small, queue.Rejected, 0},
		{"413 early", bloxstest.Status(413).Early(), large, queue.Rejected, 0},
		{"415", bloxstest.Status(415), small, queue.Rejected, 0},
		{"422", bloxstest.Status(422), small, queue.Rejected, 0},
		{"418", bloxstest.EmptyStatus(418), small, queue.Rejected, 0},
		{"404 page", bloxstest.HTML(404), small, queue.Misconfigured, 0},
		{"404 empty", bloxstest.EmptyStatus(404), small, queue.Misconfigured, 0},
		{"405", bloxstest.EmptyStatus(405), small, queue.Misconfigured, 0},
		{"redirect", bloxstest.Redirect(), small, queue.Misconfigured, 0},
		{"redirect early", bloxstest.Redirect().Early(), large, queue.Misconfigured, 0},
		{"401 for ever", bloxstest.Status(401), small, queue.SignIn, 0},
		{"403 for ever", bloxstest.Status(403).Early(), large, queue.Denied, 0},

		{"502", bloxstest.HTML(502), small, queue.Uncertain, 0},
		{"502, stored", bloxstest.StoreThen(bloxstest.HTML(502)), small, queue.Uncertain, 1},
		{"504, stored", bloxstest.StoreThen(bloxstest.EmptyStatus(504)), large, queue.Uncertain, 1},
		{"reset after", bloxstest.Reset(), small, queue.Uncertain, 0},
		{"reset after storing", bloxstest.ResetAfterStoring(), small, queue.Uncertain, 1},
		{"closed after", bloxstest.CloseWithoutAnswer(), small, queue.Uncertain, 0},
		{"truncated answer", bloxstest.TruncatedAnswer(), small, queue.Uncertain, 1},
		{"login page", bloxstest.LoginPage(), small, queue.Uncertain, 0},
		{"login page early", bloxstest.LoginPage().Early(), large, queue.Uncertain, 0},
		{"an ID early", bloxstest.WrongID("77").Early(), large, queue.Uncertain, 0},
		{"ID 0", bloxstest.WrongID("0"), small, queue.Uncertain, 1},
		{"ID -1", bloxstest.WrongID("-1"), small, queue.Uncertain, 1},
		{"ID in quotes", bloxstest.WrongID(`"12"`), small, queue.Uncertain, 1},
		{"ID 1.5", bloxstest.WrongID("1.5"), small, queue.Uncertain, 1},
		{"ID null", bloxstest.WrongID("null"), small, queue.Uncertain, 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			r, sim := newSim(t, bloxstest.Options{})
			sim.Uploads.Always(c.fault)
			r.start()
			o := r.send(r.file("1234/a.bin", c.content))
			if o.Class != c.want || len(sim.Stored()) != c.stored {
				t.Errorf("got %+v with %d stored, want %s", o, len(sim.Stored()), c.want)
			}
			if (o.FileID > 0) != (c.want == queue.Delivered) || (o.Detail == "") != (c.want == queue.Delivered) {
				t.Errorf("file ID or detail is amiss: %+v", o)
			}
			if (o.RetryAfter == 17*time.Second) != (c.want == queue.Limited) {
				t.Errorf("Retry-After %v", o.RetryAfter)
			}
			tries := 1
			if c.want == queue.SignIn || c.want == queue.Denied {
				tries = 2
			}
			if sim.Uploads.Count() != tries || r.q.count("pace") != tries {
				t.Errorf("%d requests, %d paced, want %d", sim.Uploads.Count(), r.q.count("pace"), tries)
			}
		})
	}
}

// TestUnreachable is certainly not stored.
func TestUnreachable(t *testing.T) {
	r, sim := newSim(t, bloxstest.Options{})
	r.start()
	if o := r.send(r.file("1234/a.txt", []byte("a"))); o.Class != queue.Delivered {
		t.Fatalf("got %+v", o)
	}
	sim.Close()
	if o := r.send(r.file("1234/b.txt", []byte("b"))); o.Class != queue.Transient || r.q.count("gate") != 1 {
		t.Errorf("got %+v with %d gates", o, r.q.count("gate"))
	}
}
