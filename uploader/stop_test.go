package uploader

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"bloxdrop/internal/bloxs/bloxstest"
	"bloxdrop/queue"
	"bloxdrop/store"
)

// TestStopBeforeTheGate stops at every step at which an attempt can wait. It
// is given back at once, without a failure.
func TestStopBeforeTheGate(t *testing.T) {
	forever := func(reached chan struct{}) func(context.Context) error {
		return func(ctx context.Context) error {
			close(reached)
			<-ctx.Done()
			return context.Cause(ctx)
		}
	}
	for name, prepare := range map[string]func(r *rig, sim *bloxstest.Server, reached chan struct{}) (content []byte){
		"rate limit": func(r *rig, _ *bloxstest.Server, reached chan struct{}) []byte {
			r.q.pace = forever(reached)
			return []byte("a")
		},
		"rate limit of look-ups": func(r *rig, _ *bloxstest.Server, reached chan struct{}) []byte {
			r.opt.Roots[r.root] = Root{Verify: VerifyName}
			r.q.paceLookUp = forever(reached)
			return []byte("a")
		},
		"sign-in": func(_ *rig, sim *bloxstest.Server, reached chan struct{}) []byte {
			h := bloxstest.Hold()
			sim.SignIns.Always(h.Fault)
			go func() { <-h.Reached(); close(reached) }()
			return []byte("a")
		},
		"look-up": func(r *rig, sim *bloxstest.Server, reached chan struct{}) []byte {
			r.opt.Roots[r.root] = Root{Verify: VerifyName}
			h := bloxstest.Hold()
			sim.LookUps.Always(h.Fault)
			go func() { <-h.Reached(); close(reached) }()
			return []byte("a")
		},
		"the middle of the body": func(_ *rig, sim *bloxstest.Server, reached chan struct{}) []byte {
			h := bloxstest.Hold()
			sim.Uploads.Always(h.Fault.At(1 << 20))
			go func() { <-h.Reached(); close(reached) }()
			return bytes.Repeat([]byte("x"), tooMuch)
		},
		"the flush": func(r *rig, _ *bloxstest.Server, reached chan struct{}) []byte {
			r.hooked(&hooks{flushed: func(ctx context.Context) {
				close(reached)
				<-ctx.Done()
			}})
			return []byte("a")
		},
	} {
		t.Run(name, func(t *testing.T) {
			r, sim := newSim(t, bloxstest.Options{})
			reached := make(chan struct{})
			job := r.file("1234/a", prepare(r, sim, reached))
			r.start()
			r.q.jobs <- job
			await(t, reached, "the moment")
			begun := time.Now()
			r.stop()
			if o := r.done(); o.Class != queue.Stopped || o.Detail == "" || r.q.count("gate") != 0 {
				t.Errorf("got %+v with %d gates", o, r.q.count("gate"))
			}
			if took := time.Since(begun); took > 2*time.Second {
				t.Errorf("the stop took %v", took)
			}
		})
	}
}

// TestStopBehindTheGate lets the answer come, if it comes within the grace.
func TestStopBehindTheGate(t *testing.T) {
	for _, c := range []struct {
		name  string
		grace time.Duration
		want  queue.Class
	}{
		{"answer in time", patience, queue.Delivered},
		{"no answer", 50 * time.Millisecond, queue.Uncertain},
	} {
		t.Run(c.name, func(t *testing.T) {
			h := bloxstest.Hold()
			r, sim := newSim(t, bloxstest.Options{})
			sim.Uploads.Always(h.Fault)
			r.start()
			r.up.grace = c.grace
			r.q.jobs <- r.file("1234/a", []byte("a"))
			await(t, h.Reached(), "the whole body at the server")
			r.up.stop(errStopping)
			if c.want == queue.Delivered {
				h.Release()
			}
			if o := r.done(); o.Class != c.want || (c.want == queue.Uncertain && !strings.Contains(o.Detail, "stopped")) {
				t.Errorf("got %+v, want %s", o, c.want)
			}
			r.stop()
		})
	}
}

// TestStopAtTheGate: once the open gate is written down it is too late to take
// the attempt back; a moment before, it is not.
func TestStopAtTheGate(t *testing.T) {
	r, sim := newSim(t, bloxstest.Options{})
	r.q.openGate = func(*queue.Job, store.Place) error {
		r.up.stop(errStopping)
		return nil
	}
	r.start()
	if o := r.send(r.file("1234/a", []byte("a"))); o.Class != queue.Delivered || len(sim.Stored()) != 1 {
		t.Errorf("got %+v with %d stored", o, len(sim.Stored()))
	}

	r, sim = newSim(t, bloxstest.Options{})
	r.hooked(&hooks{flushed: func(context.Context) { r.up.stop(errStopping) }})
	r.start()
	if o := r.send(r.file("1234/a", []byte("a"))); o.Class != queue.Stopped || r.q.count("gate") != 0 {
		t.Errorf("got %+v with %d gates and %d stored", o, r.q.count("gate"), len(sim.Stored()))
	}
}

func TestStopIsPatientWithCallers(t *testing.T) {
	r, _ := newSim(t, bloxstest.Options{})
	must(t, New(r.opt).Stop(context.Background())) // before Start
	r.start()
	r.up.Start(context.Background())
	r.stop()
	r.stop()
	reached, release := make(chan struct{}), make(chan struct{})
	r.q.pace = func(context.Context) error { close(reached); <-release; return queue.ErrNotNow }
	r.start()
	r.q.jobs <- r.file("1234/a", []byte("a"))
	await(t, reached, "the moment")
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if err := r.up.Stop(ctx); err == nil {
		t.Error("Stop says that all is settled")
	}
	close(release)
	r.stop()
}

// TestStall: the server stops reading, and the connection stays.
func TestStall(t *testing.T) {
	h := bloxstest.Hold()
	r, sim := newSim(t, bloxstest.Options{})
	sim.Uploads.Always(h.Fault.At(1 << 20))
	r.opt.StallTimeout = 300 * time.Millisecond
	r.start()
	o := r.send(r.file("1234/a", bytes.Repeat([]byte("x"), tooMuch)))
	if o.Class != queue.Transient || !strings.Contains(o.Detail, "no byte moved for 300ms") || r.q.count("gate") != 0 {
		t.Errorf("got %+v with %d gates", o, r.q.count("gate"))
	}
}

// TestStallAtTheGate: an attempt that is cancelled opens no gate, and one whose
// gate is just open lets nothing out.
func TestStallAtTheGate(t *testing.T) {
	for _, gates := range []int{0, 1} {
		var sending context.Context
		r, sim := newSim(t, bloxstest.Options{})
		r.opt.StallTimeout = 50 * time.Millisecond
		r.hooked(&hooks{
			flushed: func(ctx context.Context) {
				if sending = ctx; gates == 0 {
					<-ctx.Done()
				}
			},
			marked: func() { t.Error("the tail was let go") },
		})
		r.q.openGate = func(*queue.Job, store.Place) error { <-sending.Done(); return nil }
		r.start()
		o := r.send(r.file("1234/a", []byte("a")))
		if o.Class != queue.Transient || r.q.count("gate") != gates || len(sim.Stored()) != 0 {
			t.Errorf("got %+v with %d gates, want %d", o, r.q.count("gate"), gates)
		}
	}
}

// TestSlowIsNoStall: a body that takes far longer than the stall time-out, a
// little at a time.
func TestSlowIsNoStall(t *testing.T) {
	r := newRig(t, func(w http.ResponseWriter, req *http.Request) {
		buf := make([]byte, 1<<20)
		for err := error(nil); err == nil; _, err = io.ReadFull(req.Body, buf) {
			time.Sleep(25 * time.Millisecond)
		}
		w.Write([]byte("77"))
	})
	r.opt.StallTimeout = 300 * time.Millisecond
	r.start()
	if o := r.send(r.file("1234/a", bytes.Repeat([]byte("x"), tooMuch))); o.Class != queue.Delivered {
		t.Errorf("got %+v", o)
	}
}

// TestSilence: after the gate the answer's own time-out counts, not the stall's.
func TestSilence(t *testing.T) {
	r, sim := newSim(t, bloxstest.Options{})
	sim.Uploads.Next(bloxstest.SlowAnswer(150 * time.Millisecond))
	r.opt.StallTimeout = 50 * time.Millisecond
	r.opt.AnswerTimeout = 500 * time.Millisecond
	r.start()
	if o := r.send(r.file("1234/a", []byte("a"))); o.Class != queue.Delivered {
		t.Errorf("got %+v", o)
	}
	h := bloxstest.Hold()
	sim.Uploads.Next(h.Fault)
	o := r.send(r.file("1234/b", []byte("b")))
	if o.Class != queue.Uncertain || !strings.Contains(o.Detail, "no answer within 500ms") {
		t.Errorf("got %+v", o)
	}
}
