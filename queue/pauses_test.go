package queue

import (
	"errors"
	"strings"
	"testing"
	"time"
)

// TestWall pauses for what only a try can find out: one at a time, after a
// minute, doubling to 15.
func TestWall(t *testing.T) {
	for cause, class := range map[string]Class{ByDenied: Denied, BySignIn: SignIn, ByAddress: Misconfigured} {
		inBubble(t, func(b *bench) {
			wall := Outcome{Class: class, Detail: "Bloxs's words", Status: 403}
			b.offerMany("1", 10)
			jobs := []*Job{b.next(), b.next(), b.next(), b.next()}
			b.Done(jobs[0], wall)
			// Others on their way meet it too: that is one wall, not four.
			b.Done(jobs[1], wall)
			if err := b.gate(jobs[2]); !errors.Is(err, ErrNotNow) {
				b.t.Errorf("a gate opens during a pause: %v", err)
			}
			if err := b.Pace(b.t.Context(), jobs[2]); !errors.Is(err, ErrNotNow) {
				b.t.Errorf("a request leaves during a pause: %v", err)
			}
			b.Done(jobs[2], Outcome{Class: Stopped})
			b.Done(jobs[3], wall)
			b.paused(cause)
			if p := b.Pauses()[0]; p.Until.Sub(p.Since) != time.Minute {
				b.t.Errorf("%+v", p)
			}
			for _, wait := range []time.Duration{1, 2, 4, 8, 15, 15} {
				probe := b.after(wait * time.Minute)
				if !probe.Probe {
					b.t.Error("no probe")
				}
				b.idle(time.Hour) // until it is back
				b.ends(probe, wall)
			}
			b.Done(b.after(15*time.Minute), transient) // it told nothing
			b.ends(b.after(15*time.Minute), delivered)
			b.paused("")
			b.openGate(b.next())
			b.openGate(b.next())
		})
	}
}

// TestWallEndsByAnswer ends the pause also where the file itself is refused,
// or its person: Bloxs let the key in.
func TestWallEndsByAnswer(t *testing.T) {
	for _, o := range []Outcome{{Class: Rejected, Status: 415}, {Class: UnknownPerson, Status: 404}} {
		inBubble(t, func(b *bench) {
			b.offer("1/a", "2/b")
			b.Done(b.next(), denied)
			b.Done(b.after(time.Minute), o)
			b.paused("")
		})
	}
	for _, o := range []Outcome{{Class: Rejected}, {Class: NameMismatch}, {Class: Stale}, {Class: Stopped}} { // without Bloxs
		inBubble(t, func(b *bench) {
			b.offer("1/a", "2/b")
			b.Done(b.next(), denied)
			b.Done(b.after(time.Minute), o)
			b.paused(ByDenied)
			if !b.next().Probe { // the next at once
				b.t.Error("no probe")
			}
		})
	}
}

// TestPersonEndsWall by a retry or a resume.
func TestPersonEndsWall(t *testing.T) {
	for _, o := range []Outcome{denied, {Class: SignIn}, {Class: Misconfigured}, {Class: Limited}} {
		for _, word := range []string{"retry", "resume"} {
			inBubble(t, func(b *bench) {
				b.offer("1/a")
				b.Done(b.next(), o)
				b.idle(time.Second)
				if word == "retry" {
					_, err := b.Retry(nil)
					b.must(err)
				} else {
					b.must(b.Resume())
				}
				b.paused("")
				b.next()
			})
		}
	}
}

func TestLimit(t *testing.T) {
	inBubble(t, func(b *bench) {
		b.offer("1/a")
		b.Done(b.next(), Outcome{Class: Limited, RetryAfter: 7 * time.Second})
		b.paused(ByLimit)
		job := b.after(7 * time.Second)
		b.paused("")
		b.Done(job, Outcome{Class: Limited})
		job = b.after(67500 * time.Millisecond) // a minute and some jitter
		b.Done(job, Outcome{Class: Limited, RetryAfter: 240 * time.Hour})
		b.ends(b.after(15*time.Minute), delivered)
		if strings.Contains(b.log.String(), "attempts") || b.at("1/a").Attempts != 1 {
			b.t.Error("the limit cost attempts")
		}
	})
}

// TestPausesAreASet: ending one leaves the others.
func TestPausesAreASet(t *testing.T) {
	inBubble(t, func(b *bench) {
		b.offer("1/a", "1/b")
		one, two := b.next(), b.next()
		b.Done(one, denied)
		time.Sleep(time.Millisecond)
		b.Done(two, Outcome{Class: Limited, RetryAfter: 5 * time.Minute})
		b.paused(ByDenied + " " + ByLimit)
		time.Sleep(time.Millisecond)
		b.must(b.PauseByHand())
		b.idle(time.Hour)
		_, err := b.RetryAll() // ends all but a person's pause
		b.must(err)
		b.paused(ByHand)
		b.idle(time.Hour)
		b.reopen()
		b.paused(ByHand)
		b.must(b.PauseByHand()) // twice is once
		b.idle(time.Hour)
		b.must(b.Resume())
		b.paused("")
		b.reopen()
		b.paused("")
		one, two = b.next(), b.next()
		b.Done(one, denied)
		b.Done(two, Outcome{Class: Limited, RetryAfter: 10 * time.Second})
		probe := b.after(time.Minute)
		b.paused(ByDenied)
		b.ends(probe, delivered)
		b.paused("")
	})
}

// TestPauseStopsProbe: a try that is to find out about one pause opens no gate
// during another.
func TestPauseStopsProbe(t *testing.T) {
	inBubble(t, func(b *bench) {
		b.offer("1/a")
		b.Done(b.next(), denied)
		probe := b.after(time.Minute)
		b.must(b.PauseByHand())
		if err := b.gate(probe); !errors.Is(err, ErrNotNow) {
			b.t.Errorf("a gate opens: %v", err)
		}
		b.Done(probe, Outcome{Class: Stopped})
		b.must(b.Resume())
		b.ends(b.next(), delivered)
	})
}

// TestOneBadFileBeforeAWall: the probe is another file's, and the bad one is
// put off once it has been seen that others get through.
func TestOneBadFileBeforeAWall(t *testing.T) {
	inBubble(t, func(b *bench) {
		b.offer("1/bad", "2/good", "3/good")
		bad := b.next()
		b.Done(bad, Outcome{Class: Misconfigured, Status: 404})
		b.paused(ByAddress)
		time.Sleep(probeFirst)
		probe := b.next()
		if !probe.Probe || probe.Item.ID == bad.Item.ID {
			b.t.Fatalf("the probe is %s again", probe.Item.Rel)
		}
		b.ends(probe, delivered)
		b.paused("")
		for range 2 {
			job := b.next()
			if job.Item.ID == bad.Item.ID {
				b.Done(job, Outcome{Class: Misconfigured, Status: 404})
				b.paused("") // it keeps nobody else back any more
			} else {
				b.ends(job, delivered)
			}
		}
		if it := b.at(bad.Item.Rel); !it.Due.After(time.Now()) {
			b.t.Errorf("it is tried again at %v", it.Due)
		}
		b.must(b.Resume()) // brings it forward
		if it := b.at(bad.Item.Rel); it.Due.After(time.Now()) {
			b.t.Errorf("resume leaves it until %v", it.Due)
		}
	})
}

// TestManyBadFilesBeforeAWall: once it is known that a wall is only some files'
// own, as a gateway's that looks into them, the next of them costs a try of
// another file and no minute.
func TestManyBadFilesBeforeAWall(t *testing.T) {
	inBubble(t, func(b *bench) {
		b.offerMany("bad", 30)
		b.offerMany("good", 60)
		begun := time.Now()
		for sent := 0; sent < 60; {
			job, _ := b.within(time.Hour)
			time.Sleep(time.Millisecond) // an attempt takes its time
			if job.Item.Person.ID == "bad" {
				b.Done(job, denied)
				continue
			}
			b.ends(job, delivered)
			sent++
		}
		if took := time.Since(begun); took > 90*time.Second { // it was over an hour
			b.t.Errorf("good files wait for bad ones for %v", took)
		}
		for job, _ := b.within(time.Second); job != nil; job, _ = b.within(time.Second) {
			time.Sleep(time.Millisecond)
			b.Done(job, denied)
		}
		b.paused("") // for bad ones alone nobody has to wait
		// What none passes any more is a wall for all, and is tried rarely.
		b.offerMany("new", 9)
		for range probesAtOnce + 1 {
			b.Done(b.next(), denied)
		}
		b.paused(ByDenied)
		b.idle(time.Minute - time.Second)
	})
}

// TestProbeIsSomebodyElses: a folder of files that a gateway keeps out has many
// that have not been tried yet; the first probe is another person's all the same.
func TestProbeIsSomebodyElses(t *testing.T) {
	inBubble(t, func(b *bench) {
		b.offerMany("bad", 30)
		jobs := []*Job{b.next(), b.next(), b.next(), b.next()}
		for _, job := range jobs {
			b.Done(job, denied)
		}
		b.offer("late/letter")
		probe := b.after(time.Minute)
		if probe.Item.Person.ID != "late" {
			b.t.Fatalf("the probe is %s", probe.Item.Rel)
		}
		b.ends(probe, delivered)
		b.paused("")
	})
}
