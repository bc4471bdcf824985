package queue

import (
	"errors"
	"testing"
	"time"

	"bloxdrop/store"
)

// TestOutcomes holds what each outcome makes of an item, before and behind its gate.
func TestOutcomes(t *testing.T) {
	for _, c := range []struct {
		o              Outcome
		gate           bool
		state          store.State
		reason         store.Reason
		attempts       int
		due            time.Duration // 0: at once, or never
		pause          string
		known, unknown bool // what is known of the person then
	}{
		{o: delivered, gate: true, state: store.Sent, attempts: 1},
		{o: transient, state: store.Waiting, attempts: 1, due: 2500 * time.Millisecond},
		{o: transient, gate: true, state: store.Waiting, attempts: 1, due: 2500 * time.Millisecond},
		{o: denied, state: store.Waiting, pause: ByDenied},
		{o: denied, gate: true, state: store.Waiting, pause: ByDenied},
		{o: Outcome{Class: SignIn, Status: 401}, state: store.Waiting, pause: BySignIn},
		{o: Outcome{Class: Misconfigured, Status: 302}, gate: true, state: store.Waiting, pause: ByAddress},
		{o: Outcome{Class: Limited, Status: 429}, gate: true, state: store.Waiting, pause: ByLimit},
		{o: Outcome{Class: UnknownPerson, Status: 404, Detail: "who?"}, state: store.Held, reason: store.UnknownPerson, unknown: true},
		{o: Outcome{Class: UnknownPerson, Status: 404, Detail: "who?"}, gate: true, state: store.Held, reason: store.UnknownPerson, unknown: true},
		{o: Outcome{Class: NameMismatch}, state: store.Held, reason: store.NameMismatch},
		{o: Outcome{Class: Rejected, Status: 415}, gate: true, state: store.Held, reason: store.Rejected, attempts: 1},
		{o: Outcome{Class: Rejected}, state: store.Held, reason: store.Rejected}, // max_size
		{o: uncertain, gate: true, state: store.Held, reason: store.Uncertain, attempts: 1},
		{o: uncertain, state: store.Held, reason: store.Uncertain, attempts: 1}, // a 2xx before the gate
		{o: Outcome{Class: Stale}, state: store.Waiting, due: 45 * time.Second},
		{o: Outcome{Class: Away}, state: store.Waiting, due: time.Minute},
		{o: Outcome{Class: Away, RetryAfter: time.Second}, state: store.Waiting, due: time.Second},
		{o: Outcome{Class: Stopped}, state: store.Waiting},
		{o: Outcome{Class: Stopped, Status: 401}, gate: true, state: store.Waiting}, // an answer shut that gate
		{o: Outcome{Class: Stopped}, gate: true, state: store.Held, reason: store.Uncertain, attempts: 1},
	} {
		inBubble(t, func(b *bench) {
			b.offer("1/a")
			job := b.next()
			if c.gate {
				b.openGate(job)
			}
			began := time.Now()
			b.Done(job, c.o)
			it := b.is("1/a", c.state, c.reason)
			due := max(it.Due.Sub(began), 0)
			if it.Attempts != c.attempts || it.State == store.Waiting && due != c.due {
				b.t.Errorf("%+v with gate %t: %d attempts, due in %v", c.o, c.gate, it.Attempts, due)
			}
			b.paused(c.pause)
			if v, err := b.Person(person("1")); err != nil || v.Fresh != c.unknown || v.Known {
				b.t.Errorf("%+v: %+v %v", c.o, v, err)
			}
			if len(b.Claimed()) != 0 {
				b.t.Errorf("%+v: still claimed", c.o)
			}
		})
	}
}

// TestBackoff doubles up to retry_max, with full jitter, each item by itself.
func TestBackoff(t *testing.T) {
	inBubble(t, func(b *bench) {
		random := 0.5
		b.opts.Random = func() float64 { return random }
		b.reopen()
		b.offer("1/a")
		for i, most := range []time.Duration{5, 10, 20, 40, 80, 160, 320, 640, 900, 900} {
			random = float64(i%3) * 0.49
			job := b.next()
			b.Done(job, transient)
			want := time.Duration(random * float64(most*time.Second))
			if got := time.Until(b.at("1/a").Due); got != want {
				b.t.Errorf("try %d: due in %v, want %v", i+1, got, want)
			}
			time.Sleep(want)
			if i == 4 {
				b.reopen() // attempts and due times are durable
			}
		}
		b.Done(b.next(), transient)
		b.offer("2/b")
		b.Done(b.next(), transient)
		if got := time.Until(b.at("2/b").Due); got > 5*time.Second {
			b.t.Errorf("another item waits %v", got)
		}
	})
}

// TestDueSurvivesJump lets the clock go wrong: nothing waits longer than retry_max for it.
func TestDueSurvivesJump(t *testing.T) {
	inBubble(t, func(b *bench) {
		b.now = 20 * 365 * 24 * time.Hour
		b.offer("1/a")
		b.Done(b.next(), transient)
		b.now = 0
		b.reopen()
		if job, took := b.within(time.Hour); job == nil || took > b.opts.RetryMax {
			b.t.Errorf("tried after %v", took)
		}
	})
}

// TestGoneMeanwhile withdraws an item that a worker has.
func TestGoneMeanwhile(t *testing.T) {
	inBubble(t, func(b *bench) {
		b.offer("1/a", "1/b", "1/c")
		a, bb, c := b.next(), b.next(), b.openGate(b.next())
		b.must(b.Gone("/scans", []string{"1/a", "1/b", "1/c"}))
		if err := b.gate(a); !errors.Is(err, ErrNotNow) {
			b.t.Errorf("a gate opens for a file that is gone: %v", err)
		}
		b.Done(a, Outcome{Class: Stopped})
		b.Done(bb, transient)
		b.Done(c, delivered)
		for job, state := range map[*Job]store.State{a: store.Withdrawn, bb: store.Withdrawn, c: store.Sent} {
			if it, err := b.ledger.Item(job.Item.ID); err != nil || it.State != state {
				b.t.Errorf("%s is %s, want %s", it.Rel, it.State, state)
			}
		}
		b.idle(time.Hour)
		b.paused("")

		b.offer("2/forgotten")
		d := b.next()
		b.must(b.Gone("/scans", []string{"2/forgotten"}))
		_, err := b.ledger.Forget("2", func(_, _, _ string) bool { return false })
		b.must(err)
		if err := b.gate(d); !errors.Is(err, ErrNotNow) {
			b.t.Errorf("the gate of a forgotten file: %v", err)
		}
		b.Done(d, Outcome{Class: Stopped})
		b.paused("") // that is no trouble with the ledger
	})
}

// TestNewToken opens a second gate for one job: Bloxs has proven by its 401
// that the first let nothing through.
func TestNewToken(t *testing.T) {
	inBubble(t, func(b *bench) {
		b.offer("1/a", "1/b")
		a, other := b.openGate(b.next()), b.next()
		b.openGate(a)
		b.openGate(other)
		b.Done(other, uncertain) // from now on gates open one at a time, and a has one
		b.openGate(a)
		b.Done(a, delivered)
		if it := b.is("1/a", store.Sent, ""); it.Attempts != 1 {
			b.t.Errorf("%+v", it)
		}
	})
}

func TestStop(t *testing.T) {
	inBubble(t, func(b *bench) {
		b.offer("1/a", "1/b", "1/c")
		a, bb := b.openGate(b.next()), b.next()
		b.Stop()
		b.idle(time.Hour)
		if err := b.gate(bb); !errors.Is(err, ErrNotNow) {
			b.t.Errorf("a gate opens behind Stop: %v", err)
		}
		if err := b.Pace(b.t.Context(), bb); !errors.Is(err, ErrNotNow) {
			b.t.Errorf("a request leaves behind Stop: %v", err)
		}
		b.Done(bb, Outcome{Class: Stopped})
		b.Done(a, delivered)
		b.is("1/a", store.Sent, "")
		b.reopen()
		if it := b.is("1/b", store.Waiting, ""); it.Attempts != 0 {
			b.t.Errorf("stopping counts as an attempt: %+v", it)
		}
		b.next()
		b.next()
	})
}
