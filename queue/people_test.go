package queue

import (
	"context"
	"testing"
	"time"

	"bloxdrop/store"
)

var unknown = Outcome{Class: UnknownPerson, Status: 404, Detail: "there is no such person"}

// TestUnknownPerson holds all of a person's files and repeats the look-up
// alone: hourly, and at once when a person asks.
func TestUnknownPerson(t *testing.T) {
	inBubble(t, func(b *bench) {
		b.offer("1/a", "1/b", "2/a")
		for range 3 {
			job := b.next()
			if job.Item.Person.ID == "1" {
				b.Done(job, unknown)
				break
			}
			b.ends(job, delivered)
		}
		b.is("1/a", store.Held, store.UnknownPerson)
		b.is("1/b", store.Held, store.UnknownPerson)
		b.offer("1/c") // comes later
		b.is("1/c", store.Held, store.UnknownPerson)
		if b.at("2/a").State != store.Sent {
			b.ends(b.next(), delivered) // nobody else waits
		}
		b.lookUpAfter(time.Hour, "1")
		b.lookUpAfter(15*time.Minute, "1") // no answer came
		b.must(b.PersonUnknown(person("1"), "still not there"))
		b.reopen()
		b.lookUpAfter(time.Hour, "1")
		b.must(b.PersonUnknown(person("1"), "still not there"))
		if n, err := b.Retry([]store.ItemID{b.at("1/a").ID}); err != nil || n != 1 {
			b.t.Errorf("%d %v", n, err)
		}
		b.lookUpAfter(0, "1")
		b.must(b.PersonFound(person("1"), []string{"P. Jansen"}))
		for range 3 {
			b.ends(b.next(), delivered)
		}
		v, err := b.Person(person("1"))
		if err != nil || !v.Fresh || !v.Known || len(v.Names) != 1 {
			b.t.Errorf("%+v %v", v, err)
		}
		b.noLookUp(48 * time.Hour)
		if v, err = b.Person(person("1")); err != nil || v.Fresh {
			b.t.Errorf("a look-up counts longer than a day: %+v %v", v, err)
		}
	})
}

// TestRetryBehindALookUp: what a person asks for between a look-up's answer and
// the end of the attempt that wanted it stands.
func TestRetryBehindALookUp(t *testing.T) {
	inBubble(t, func(b *bench) {
		told := unknown
		told.Known = true
		b.offer("1/a")
		job := b.next()
		b.must(b.PersonUnknown(person("1"), told.Detail))
		if n, err := b.Retry([]store.ItemID{job.Item.ID}); err != nil || n != 1 {
			b.t.Errorf("%d %v", n, err)
		}
		b.Done(job, told)
		b.is("1/a", store.Held, store.UnknownPerson)
		b.lookUpAfter(0, "1")

		b.must(b.PersonFound(person("1"), nil))
		job = b.next()
		b.must(b.PersonUnknown(person("1"), told.Detail))
		b.must(b.PersonFound(person("1"), nil))
		b.Done(job, told)
		b.ends(b.next(), delivered)
	})
}

func (b *bench) lookUp(d time.Duration) (string, time.Duration) {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), d)
	defer cancel()
	began := time.Now()
	key, err := b.NextLookUp(ctx)
	if err != nil {
		return "", 0
	}
	return key.ID, time.Since(began)
}

func (b *bench) lookUpAfter(d time.Duration, want string) {
	b.t.Helper()
	if id, took := b.lookUp(d + time.Hour); id != want || (took-d).Abs() > time.Second {
		b.t.Fatalf("look-up of %q after %v, want %q after %v", id, took, want, d)
	}
}

func (b *bench) noLookUp(d time.Duration) {
	b.t.Helper()
	if id, took := b.lookUp(d); id != "" {
		b.t.Fatalf("look-up of %q after %v", id, took)
	}
}

// TestNoLookUpsDuringPause: a wrong key must not be tried by the way of look-ups.
func TestNoLookUpsDuringPause(t *testing.T) {
	inBubble(t, func(b *bench) {
		b.offer("1/a", "2/a")
		one, two := b.next(), b.next()
		b.Done(one, unknown)
		b.Done(two, denied)
		b.noLookUp(10 * time.Hour)
		b.must(b.Resume())
		b.lookUpAfter(0, one.Item.Person.ID)
	})
}

func TestForbiddenLookUps(t *testing.T) {
	inBubble(t, func(b *bench) {
		b.offer("1/a")
		b.Done(b.next(), unknown)
		b.LookUpsForbidden(time.Now().Add(3 * time.Hour))
		if b.LookUpsAllowed() {
			b.t.Error("allowed")
		}
		// Nobody can be looked up, so the file itself asks again, as often as a look-up would.
		ctx, cancel := context.WithTimeout(b.t.Context(), 59*time.Minute)
		defer cancel()
		_, err := b.NextLookUp(ctx)
		b.is("1/a", store.Held, store.UnknownPerson)
		later, cancelLater := context.WithTimeout(b.t.Context(), 2*time.Minute)
		defer cancelLater()
		if _, again := b.NextLookUp(later); err == nil || again == nil {
			b.t.Error("a look-up that is forbidden is asked for")
		}
		b.is("1/a", store.Waiting, "")
		b.Done(b.next(), unknown)
		b.is("1/a", store.Held, store.UnknownPerson)
		time.Sleep(2 * time.Hour)
		if !b.LookUpsAllowed() {
			b.t.Error("forbidden for ever")
		}
		b.lookUpAfter(0, "1")
	})
}

// TestConfirm lets a name mismatch go, for that folder name alone.
func TestConfirm(t *testing.T) {
	inBubble(t, func(b *bench) {
		b.offer("1/a", "1/b", "2/a")
		for range 3 {
			b.Done(b.next(), Outcome{Class: NameMismatch})
		}
		if n, err := b.Confirm(person("1"), "Pieters"); err != nil || n != 0 { // no file is in such a folder
			b.t.Errorf("%d %v", n, err)
		}
		if n, err := b.Confirm(person("1"), "Jansen"); err != nil || n != 2 {
			b.t.Errorf("%d %v", n, err)
		}
		b.next()
		b.next()
		b.idle(time.Hour)
		b.reopen()
		if !b.Confirmed(person("1"), "Jansen") || b.Confirmed(person("1"), "Pietersen") || b.Confirmed(person("2"), "Jansen") {
			b.t.Error("what was confirmed is not what is remembered")
		}
	})
}
