package queue

import (
	"context"
	"errors"
	"testing"
	"time"

	"bloxdrop/store"
)

// TestOneWorkerAnItem hands an item to one worker at a time, and again when it
// is given back.
func TestOneWorkerAnItem(t *testing.T) {
	inBubble(t, func(b *bench) {
		b.offer("1/a", "1/b")
		one, two := b.next(), b.next()
		if one.Item.ID == two.Item.ID {
			b.t.Fatal("two workers have one item")
		}
		if c := b.Claimed(); len(c) != 2 || !c[one.Item.ID] || !c[two.Item.ID] {
			b.t.Errorf("claimed: %v", c)
		}
		b.idle(time.Hour)
		b.Done(one, Outcome{Class: Stopped})
		if again := b.next(); again.Item.ID != one.Item.ID {
			b.t.Errorf("got %s", again.Item.Rel)
		}
	})
}

// ofWorkers is a ledger that looks whose an item is while its outcome is written down.
type ofWorkers struct {
	Store
	look func(store.ItemID)
}

func (w ofWorkers) NotStored(id store.ItemID, t store.Try) error {
	w.look(id)
	return w.Store.NotStored(id, t)
}

// TestAnItemIsClaimedUntilItsOutcomeIsWritten: a worker that took it before could
// have its own gate open when the outcome of the other's comes.
func TestAnItemIsClaimedUntilItsOutcomeIsWritten(t *testing.T) {
	inBubble(t, func(b *bench) {
		b.Stop()
		asked := 0
		b.opts.Store = ofWorkers{b.ledger, func(id store.ItemID) {
			if asked++; !b.Claimed()[id] {
				b.t.Error("anybody may take the item before its outcome is written down")
			}
		}}
		var err error
		b.Queue, err = New(b.opts)
		b.must(err)
		b.offer("1/a")
		job := b.next()
		b.Done(job, transient)
		if asked != 1 || b.Claimed()[job.Item.ID] {
			b.t.Errorf("asked %d times, claimed: %v", asked, b.Claimed())
		}
	})
}

// fullNow is a ledger on a disk that is full whenever an uncertain outcome is to be written.
type fullNow struct {
	Store
	full bool
}

func (f *fullNow) NobodyKnows(id store.ItemID, again bool, t store.Try) error {
	if f.full {
		return store.ErrDiskFull
	}
	return f.Store.NobodyKnows(id, again, t)
}

// TestUnsettledStart: as long as it can't be written down that a gate of the last
// process is uncertain, nothing is tried; else an item that is on its way now
// would be taken for one of those, and its receipt be lost.
func TestUnsettledStart(t *testing.T) {
	inBubble(t, func(b *bench) {
		b.offer("1/a", "1/b")
		b.openGate(b.next())
		b.Stop()
		ledger := &fullNow{b.ledger, true}
		b.opts.Store = ledger
		var err error
		b.Queue, err = New(b.opts)
		b.must(err)
		b.paused(ByStore)
		b.idle(time.Minute)
		b.is("1/a", store.Sending, "")
		ledger.full = false
		job, _ := b.within(time.Minute)
		b.is("1/a", store.Held, store.Uncertain)
		if job == nil || job.Item.Rel != "1/b" {
			b.t.Fatalf("%+v", job)
		}
		b.ends(job, delivered)
		b.paused("")
	})
}

// TestFairness lets nobody wait behind a colleague's thousand files.
func TestFairness(t *testing.T) {
	inBubble(t, func(b *bench) {
		b.offerMany("1", 300)
		for range 5 {
			b.ends(b.next(), delivered)
		}
		b.offer("2/a", "2/b", "3/a")
		var order []string
		for range 8 {
			job := b.next()
			order = append(order, job.Item.Person.ID)
			b.ends(job, delivered)
		}
		count := map[string]int{}
		for _, id := range order[:5] {
			count[id]++
		}
		if count["2"] != 2 && count["2"]+count["3"] < 2 || count["3"] != 1 {
			b.t.Errorf("300 files of person 1 waited when 2 and 3 came; the order was %v", order)
		}
	})
}

// TestOldestFirst is the order within one person.
func TestOldestFirst(t *testing.T) {
	inBubble(t, func(b *bench) {
		for _, rel := range []string{"1/c", "1/a", "1/b"} {
			b.offer(rel)
			time.Sleep(time.Second)
		}
		for _, want := range []string{"1/c", "1/a", "1/b"} {
			if job := b.next(); job.Item.Rel != want {
				b.t.Errorf("got %s, want %s", job.Item.Rel, want)
			}
		}
	})
}

// TestNextWakes does not wait for any clock when something changes.
func TestNextWakes(t *testing.T) {
	inBubble(t, func(b *bench) {
		for what, change := range map[string]func(){
			"an offer": func() { b.offer("1/a") },
			"a retry":  func() { _, err := b.RetryAll(); b.must(err) },
			"a resume": func() { b.must(b.Resume()) },
		} {
			if what == "a retry" {
				b.offer("2/b")
				b.Done(b.next(), transient)
			}
			if what == "a resume" {
				b.must(b.PauseByHand())
				b.offer("3/c")
			}
			got := make(chan time.Duration)
			began := time.Now()
			go func() {
				job, err := b.Next(context.Background())
				if err != nil {
					b.t.Error(err)
				}
				got <- time.Since(began)
				b.ends(job, delivered)
				got <- 0
			}()
			time.Sleep(time.Second)
			change()
			if took := <-got; took != time.Second {
				b.t.Errorf("%s woke the worker after %v, not 1s", what, took)
			}
			<-got
		}
	})
}

// TestPace spreads uploads evenly; look-ups come three times as often.
func TestPace(t *testing.T) {
	inBubble(t, func(b *bench) {
		b.opts.PerMinute = 60
		b.reopen()
		b.offer("1/a")
		job := b.next()
		began := time.Now()
		for range 31 {
			b.must(b.Pace(b.t.Context(), job))
		}
		if took := time.Since(began); took != 30*time.Second {
			b.t.Errorf("31 uploads in %v", took)
		}
		began = time.Now()
		for range 31 {
			b.must(b.PaceLookUp(b.t.Context()))
		}
		if took := time.Since(began); (took - 10*time.Second).Abs() > time.Millisecond {
			b.t.Errorf("31 look-ups in %v", took)
		}
		ctx, cancel := context.WithCancel(b.t.Context())
		cancel()
		if err := b.Pace(ctx, job); err == nil {
			b.t.Error("a worker that is stopped waits for its turn")
		}
		b.opts.PerMinute = 0
		b.reopen()
		job = b.next()
		began = time.Now()
		for range 1000 {
			b.must(errors.Join(b.Pace(b.t.Context(), job), b.PaceLookUp(b.t.Context())))
		}
		if took := time.Since(began); took != 0 {
			b.t.Errorf("without a limit, 1000 took %v", took)
		}
	})
}

// TestRetry lets a person's word act at once on all but what is uncertain.
func TestRetry(t *testing.T) {
	inBubble(t, func(b *bench) {
		b.offer("1/uncertain", "1/waits", "1/refused", "1/name", "2/unknown")
		outcome := map[string]Outcome{
			"1/uncertain": uncertain, "1/waits": transient, "1/refused": {Class: Rejected, Status: 422},
			"1/name": {Class: NameMismatch}, "2/unknown": {Class: UnknownPerson},
		}
		var jobs []*Job
		for range outcome {
			jobs = append(jobs, b.next())
		}
		for _, job := range jobs {
			b.Done(job, outcome[job.Item.Rel])
		}
		b.idle(0)
		n, err := b.RetryAll()
		b.must(err)
		if n != 4 {
			b.t.Errorf("%d items changed", n)
		}
		b.is("1/uncertain", store.Held, store.Uncertain)
		b.is("2/unknown", store.Held, store.UnknownPerson)
		if key, err := b.NextLookUp(b.t.Context()); err != nil || key.ID != "2" {
			b.t.Errorf("look-up of %v, %v", key, err)
		}
		for range 3 { // one at a time, since the uncertain one asks for caution
			b.ends(b.next(), delivered)
		}
		b.idle(time.Hour)
		b.must(b.Resolve(b.at("1/uncertain").ID, false, 0))
		b.ends(b.next(), delivered)
	})
}
