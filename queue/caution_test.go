package queue

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"bloxdrop/store"
)

// TestCaution is the rule after an uncertain outcome, in an outage that four
// workers meet.
func TestCaution(t *testing.T) {
	inBubble(t, func(b *bench) {
		b.offerMany("1", 20)
		first, second, third, fourth := b.openGate(b.next()), b.openGate(b.next()), b.next(), b.next()
		b.Done(first, uncertain)
		// One gate is open still, so no other may open.
		if err := b.gate(third); !errors.Is(err, ErrNotNow) {
			b.t.Fatalf("a second gate opens: %v", err)
		}
		b.Done(third, Outcome{Class: Stopped})
		b.idle(time.Hour) // while a worker has anything, nothing new begins
		b.Done(second, uncertain)
		// The first lone gate is that of a job begun before, and opens at once.
		b.ends(fourth, uncertain)
		for _, wait := range []time.Duration{10, 20, 40, 80, 160, 320, 640, 900, 900} {
			b.ends(b.after(wait*time.Second), uncertain)
		}
		// An ID ends all that.
		b.ends(b.after(900*time.Second), delivered)
		b.openGate(b.next())
		b.openGate(b.next())
	})
}

// TestCautionFirstAtOnce: the first lone attempt doesn't wait, and one whose
// time has not come is refused its gate.
func TestCautionFirstAtOnce(t *testing.T) {
	inBubble(t, func(b *bench) {
		b.offerMany("1", 5)
		old, early := b.openGate(b.next()), b.next()
		b.Done(old, uncertain)
		b.Done(early, Outcome{Class: Stopped})
		lone := b.next()
		b.idle(time.Hour)
		b.ends(lone, uncertain)
		b.idle(9 * time.Second)
		// Neither a try that fails before its gate nor a refusal tells anything.
		b.Done(b.after(time.Second), transient)
		b.Done(b.next(), Outcome{Class: Rejected, Status: 415})
		b.ends(b.next(), uncertain)
		b.after(20 * time.Second)
	})
}

// TestCautionEndsByOldGate takes an ID from a gate that was open when it began.
func TestCautionEndsByOldGate(t *testing.T) {
	inBubble(t, func(b *bench) {
		b.offerMany("1", 5)
		one, two, late := b.openGate(b.next()), b.openGate(b.next()), b.next()
		b.Done(one, uncertain)
		if err := b.gate(late); !errors.Is(err, ErrNotNow) {
			b.t.Errorf("%v", err)
		}
		b.Done(two, delivered)
		b.openGate(late)
		b.openGate(b.next())
	})
}

// TestCautionAndRestart: a restart ends it, and what it finds doesn't begin it.
func TestCautionAndRestart(t *testing.T) {
	inBubble(t, func(b *bench) {
		b.offerMany("1", 8)
		b.ends(b.next(), uncertain)
		b.ends(b.next(), uncertain)
		b.idle(9 * time.Second)
		b.reopen()
		one, two := b.openGate(b.next()), b.openGate(b.next())
		b.reopen() // with two gates open, as after a kill
		for _, job := range []*Job{one, two} {
			it := b.is(job.Item.Rel, store.Held, store.Uncertain)
			if it.Detail == "" || it.Attempts != 1 {
				b.t.Errorf("%+v", it)
			}
		}
		b.openGate(b.next())
		b.openGate(b.next())
	})
}

// TestResend sends an uncertain item once more by itself, and never twice.
func TestResend(t *testing.T) {
	inBubble(t, func(b *bench) {
		b.opts.Resend = true
		b.reopen()
		b.offer("1/silence", "1/crash")
		crash := b.openGate(b.next())
		rel := crash.Item.Rel
		b.reopen()
		b.is(rel, store.Waiting, "")
		for range 2 {
			b.ends(b.next(), uncertain)
		}
		for again := range 2 {
			job, _ := b.within(time.Hour)
			switch {
			case job == nil:
				// The crash was that item's first time; it is held by now.
				if again != 1 {
					b.t.Fatal("nothing is sent again")
				}
			default:
				b.ends(job, uncertain)
			}
		}
		b.is("1/silence", store.Held, store.Uncertain)
		b.is("1/crash", store.Held, store.Uncertain)
		b.idle(time.Hour)
		b.reopen()
		b.idle(time.Hour)
		for _, rel := range []string{"1/silence", "1/crash"} {
			b.must(b.Resolve(b.at(rel).ID, true, 5))
			b.is(rel, store.Sent, "")
		}
	})
}

// TestOutage is what all that is for: of many waiting files, few become uncertain.
func TestOutage(t *testing.T) {
	for _, workers := range []int{1, 4, 16} {
		t.Run(fmt.Sprint(workers), func(t *testing.T) {
			inBubble(t, func(b *bench) {
				b.offerMany("1", 100)
				n := 0
				for began := time.Now(); time.Since(began) < time.Hour; {
					n += b.tryInVain(workers)
				}
				b.t.Logf("%d uncertain after an hour with %d workers", n, workers)
				if n > workers+10 {
					b.t.Errorf("too many: %d", n)
				}
			})
		})
	}
}

// tryInVain has each worker upload what it may, without an answer, and tells how
// many files that leaves uncertain.
func (b *bench) tryInVain(workers int) int {
	var jobs, behind []*Job
	for len(jobs) < workers {
		job, _ := b.within(0)
		if job == nil {
			break
		}
		jobs = append(jobs, job)
	}
	time.Sleep(time.Second) // of uploading
	for _, job := range jobs {
		if err := b.gate(job); err != nil {
			b.Done(job, Outcome{Class: Stopped})
			continue
		}
		behind = append(behind, job)
	}
	for _, job := range behind {
		b.Done(job, uncertain)
	}
	return len(behind)
}
