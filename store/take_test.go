package store

import (
	"fmt"
	"slices"
	"testing"
	"time"
)

// drain takes and sends until nothing is due, and returns the paths in order.
func (b *bench) drain() (rels []string) {
	b.t.Helper()
	for it := b.take(); it.ID != ""; it = b.take() {
		rels = append(rels, it.Rel)
		b.send(it.Rel, int64(len(rels)))
	}
	return rels
}

func TestTakeIsFairAcrossPersons(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.large = true
	var many []Offer
	for i := range 1000 {
		many = append(many, offer("A", fmt.Sprintf("A/%03d", i), fmt.Sprint(i)))
	}
	b.offer(many...)
	b.now = b.now.Add(time.Second)
	b.offer(offer("B", "B/1", "1"))
	if first, second := b.take(), b.take(b.take().ID); first.Person.ID != "A" || second.Rel != "B/1" {
		t.Fatalf("first %s, then %s", first.Rel, second.Rel)
	}
	for range 500 {
		it := b.take()
		b.send(it.Rel, 1)
	}
	// Who comes while the thousand are under way is second as well.
	b.now = b.now.Add(time.Second)
	b.offer(offer("C", "C/1", "1"), offer("C", "C/2", "2"))
	b.reopen()
	var order []string
	for range 4 {
		it := b.take()
		order = append(order, it.Person.ID)
		b.send(it.Rel, 1)
	}
	if slices.Index(order, "C") > 1 || slices.Index(order[2:], "C") < 0 || slices.Index(order, "A") < 0 {
		t.Fatal(order)
	}
	b.recount()
}

func TestTakeOldestFirstWithinATurn(t *testing.T) {
	b := newBench(t)
	var want []string
	for _, p := range []string{"7", "3", "9", "1"} {
		b.offer(offer(p, p, p))
		want = append(want, p)
		b.now = b.now.Add(time.Second)
	}
	if got := b.drain(); !slices.Equal(got, want) {
		t.Fatal(got)
	}
}

func TestTakeLosesNothing(t *testing.T) {
	b := newBench(t)
	b.offer(offer("1", "1/a", "a"), offer("1", "1/b", "b"), offer("2", "2/a", "a"))
	var taken []ItemID
	for range 3 {
		it := b.take(taken...)
		if it.ID == "" || slices.Contains(taken, it.ID) || it.State != Waiting {
			t.Fatalf("%+v", it)
		}
		taken = append(taken, it.ID)
	}
	if it := b.take(taken...); it.ID != "" {
		t.Fatalf("%+v", it)
	}
	b.kill()
	b.open()
	if got := b.drain(); len(got) != 3 {
		t.Fatal(got)
	}
	if c := b.counts(); c.Items[Sent] != 3 || !c.Oldest.IsZero() {
		t.Fatalf("%+v", c)
	}
}

func TestTakeNamesThePlaces(t *testing.T) {
	b := newBench(t)
	b.offer(offer("1", "1/a", "a"), offer("1", "1/copy", "a"))
	_, places, _, err := b.Take(func(ItemID) bool { return false }, time.Hour)
	if b.must(err); len(places) != 2 || places[0].Root != "/scans" || places[0].Look.Inode != 7 {
		t.Fatalf("%+v", places)
	}
}

func TestDueTimes(t *testing.T) {
	b := newBench(t)
	begin := b.now
	none := func(ItemID) bool { return false }
	for i, name := range []string{"soon", "later", "now"} {
		b.offer(offer("1", name, name))
		if name != "now" {
			b.must(b.NotStored(b.at(name).ID, Try{Due: b.now.Add(time.Duration(i+1) * time.Minute)}))
		}
	}
	b.reopen()
	b.send(b.take().Rel, 1)
	b.is("now", Sent, "")
	it, _, next, err := b.Take(none, time.Hour)
	if b.must(err); it.ID != "" || !next.Equal(begin.Add(time.Minute)) {
		t.Fatalf("%+v, next %s", it, next)
	}
	b.now = begin.Add(time.Minute)
	if it, _, next, err = b.Take(none, time.Hour); err != nil || it.Rel != "soon" || !next.Equal(begin.Add(2*time.Minute)) {
		t.Fatalf("%+v, next %s, %v", it, next, err)
	}
	b.send("soon", 2)
	// The clock jumps back by ten hours: what is due too far off is due now.
	b.now = begin.Add(-10 * time.Hour)
	if it, _, next, err = b.Take(none, time.Hour); err != nil || it.Rel != "later" || !next.IsZero() {
		t.Fatalf("%+v, next %s, %v", it, next, err)
	}
	b.send("later", 3)
	if it, _, next, err = b.Take(none, time.Hour); err != nil || it.ID != "" || !next.IsZero() {
		t.Fatalf("%+v, next %s, %v", it, next, err)
	}
}

// TestManyBecomeDue goes beyond what one Take promotes.
func TestManyBecomeDue(t *testing.T) {
	t.Parallel()
	for name, jump := range map[string]time.Duration{"in time": time.Minute, "clock jumped back": -5 * time.Hour} {
		t.Run(name, func(t *testing.T) {
			b := newBench(t)
			b.large = true
			const n = 600
			var batch []Offer
			for i := range n {
				batch = append(batch, offer(fmt.Sprint(i%7), fmt.Sprint(i), fmt.Sprint(i)))
			}
			b.offer(batch...)
			for id := range b.picture() {
				b.must(b.NotStored(id, Try{Due: b.now.Add(time.Minute)}))
			}
			b.now = b.now.Add(jump)
			taken := map[ItemID]bool{}
			for range n {
				it, _, _, err := b.Take(func(id ItemID) bool { return taken[id] }, time.Hour)
				if b.must(err); it.ID == "" {
					t.Fatalf("only %d of %d are due", len(taken), n)
				}
				taken[it.ID] = true
			}
			b.recount()
		})
	}
}

func TestRetryMakesDue(t *testing.T) {
	b := newBench(t)
	want := map[string]State{"waiting": Waiting, "rejected": Waiting, "mismatch": Waiting}
	for _, f := range from {
		b.offer(offer(f.name, f.name, f.name))
		id := b.at(f.name).ID
		if f.enter(b, f.name, f.name); f.state == Waiting {
			b.must(b.NotStored(id, Try{Due: b.now.Add(time.Hour)}))
		}
		was := b.item(id)
		changed, err := b.Retry(id)
		b.must(err)
		is := b.item(id)
		state, goes := want[f.name]
		switch {
		case goes && (!changed || is.State != state || is.turn == 0 || is.Due.After(b.now)):
			t.Errorf("%s: changed %v, is %+v", f.name, changed, is)
		case !goes && is != was:
			t.Errorf("%s: was %+v, is %+v", f.name, was, is)
		case changed != (goes || f.reason == UnknownPerson):
			t.Errorf("%s: changed %v", f.name, changed)
		}
	}
	b.reopen()
}
