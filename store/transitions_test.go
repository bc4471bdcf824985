package store

import (
	"errors"
	"fmt"
	"testing"
	"time"
)

// from brings the file at rel, of a person of its own, into each state.
var from = []struct {
	name   string
	state  State
	reason Reason
	enter  func(b *bench, rel, person string)
}{
	{"waiting", Waiting, "", func(*bench, string, string) {}},
	{"sending", Sending, "", func(b *bench, rel, _ string) { b.openGate(rel) }},
	{"sent", Sent, "", func(b *bench, rel, _ string) { b.send(rel, 5) }},
	{"skipped", Skipped, "", func(b *bench, rel, _ string) { b.skip(rel) }},
	{"withdrawn", Withdrawn, "", func(b *bench, rel, _ string) { b.gone(rel) }},
	{"rejected", Held, Rejected, func(b *bench, rel, _ string) { b.must(b.Hold(b.at(rel).ID, Rejected, try("no"))) }},
	{"mismatch", Held, NameMismatch, func(b *bench, rel, _ string) { b.must(b.Hold(b.at(rel).ID, NameMismatch, try("who"))) }},
	{"unknown", Held, UnknownPerson, func(b *bench, _, p string) { b.must(b.PersonUnknown(person(p), "none", b.now.Add(time.Hour))) }},
	{"uncertain", Held, Uncertain, func(b *bench, rel, _ string) { b.must(b.NobodyKnows(b.openGate(rel).ID, false, try("cut"))) }},
}

func try(detail string) Try {
	return Try{Counts: true, Detail: detail, TraceID: "00-1", Due: time.Date(2026, 11, 23, 9, 5, 0, 0, time.UTC)}
}

// skip puts one file more into the baseline than was taken, so that others can
// be in other states.
func (b *bench) skip(rel string) {
	b.t.Helper()
	it, p, err := b.ItemAt("/scans", rel)
	b.must(err)
	b.must(b.write(func(l ledger) error {
		n, r, err := l.baselineOf("/scans")
		if err != nil {
			return err
		}
		r.Run, r.Last, r.Files, r.Noted = 1, 1, r.Files+1, r.Noted+1
		key := placeKey(n, rel)
		_, err = l.putBaseFile(n, 1, key[4:], baseFile{Size: p.Look.Size})
		return errors.Join(err, l.putBaseline(n, r), l.leaveOther(key, "", b.now))
	}))
	_, err = b.Skip("/scans", []Found{{Rel: rel, Look: p.Look, Person: it.Person}})
	b.must(err)
}

// steps says to which state each step leads from where it is allowed.
var steps = []struct {
	name    string
	step    func(b *bench, id ItemID, rel string) error
	leads   map[string]State
	reason  Reason
	journal bool // a kill right behind it loses nothing of it
}{
	{"open the gate", func(b *bench, id ItemID, rel string) error { return b.OpenGate(id, Place{Root: "/scans", Rel: rel}) },
		map[string]State{"waiting": Sending}, "", true},
	{"receipt", func(b *bench, id ItemID, _ string) error { return b.Receipt(id, 1<<62) },
		map[string]State{"sending": Sent}, "", true},
	{"not stored", func(b *bench, id ItemID, _ string) error { return b.NotStored(id, try("reset")) },
		map[string]State{"waiting": Waiting, "sending": Waiting}, "", false},
	{"hold", func(b *bench, id ItemID, _ string) error { return b.Hold(id, Rejected, try("too large")) },
		map[string]State{"waiting": Held, "sending": Held}, Rejected, false},
	{"nobody knows", func(b *bench, id ItemID, _ string) error { return b.NobodyKnows(id, false, try("lost")) },
		map[string]State{"waiting": Held, "sending": Held, "rejected": Held, "mismatch": Held, "unknown": Held, "withdrawn": Held}, Uncertain, true},
	{"resolve as sent", func(b *bench, id ItemID, _ string) error { return b.Resolve(id, true, 77) },
		map[string]State{"uncertain": Sent}, "", true},
	{"resolve by resending", func(b *bench, id ItemID, _ string) error { return b.Resolve(id, false, 0) },
		map[string]State{"uncertain": Waiting}, "", true},
	{"send again", func(b *bench, id ItemID, _ string) error { return b.SendAgain(id) },
		map[string]State{"sent": Waiting}, "", true},
}

// stage offers one file for each pair of a state and a step, and calls each.
func stage(b *bench, each func(i, j int, id ItemID, rel string)) {
	b.large = true
	for i, f := range from {
		for j, s := range steps {
			id := fmt.Sprint(i, "-", j)
			rel := id + "/" + f.name + " " + s.name
			b.offer(offer(id, rel, rel))
			item := b.at(rel).ID
			f.enter(b, rel, id)
			if f.state == Skipped { // another item than that of its content
				item = b.at(rel).ID
			}
			each(i, j, item, rel)
		}
	}
	b.recount()
}

func TestTransitions(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	stage(b, func(i, j int, id ItemID, rel string) {
		was := b.item(id)
		if was.State != from[i].state || was.Reason != from[i].reason {
			t.Fatalf("%s: begins as %s %s", rel, was.State, was.Reason)
		}
		err := steps[j].step(b, id, rel)
		is := b.item(id)
		if to, ok := steps[j].leads[from[i].name]; ok {
			if err != nil || is.State != to || is.Reason != steps[j].reason {
				t.Errorf("%s: %v, is %s %s", rel, err, is.State, is.Reason)
			}
		} else if !errors.Is(err, ErrNotState) || is != was {
			t.Errorf("%s: %v, was %+v, is %+v", rel, err, was, is)
		}
		b.recount()
	})
	before := b.picture()
	b.reopen()
	same(t, before, b.picture())
	b.kill()
	b.open()
	same(t, before, b.picture())
}

func same(t *testing.T, before, after map[ItemID]Item) {
	t.Helper()
	if len(before) != len(after) {
		t.Errorf("%d items were there, %d are", len(before), len(after))
	}
	for id, was := range before {
		if is := after[id]; is != was {
			t.Errorf("was %+v\nis  %+v", was, is)
		}
	}
}

// TestTransitionsKilled: what the journal holds is there behind a kill, and
// nothing is left sending that isn't.
func TestTransitionsKilled(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	type step struct {
		i, j int
		id   ItemID
		rel  string
	}
	var all []step
	stage(b, func(i, j int, id ItemID, rel string) {
		if _, ok := steps[j].leads[from[i].name]; ok {
			all = append(all, step{i, j, id, rel})
		}
	})
	b.reopen() // the states are in the ledger, what follows is not
	was := b.picture()
	for _, s := range all {
		if from[s.i].state != Held { // resolving commits by itself
			if err := steps[s.j].step(b, s.id, s.rel); err != nil {
				t.Fatal(s.rel, err)
			}
		}
	}
	is := b.picture()
	b.kill()
	b.open()
	for id, found := range b.picture() {
		found, was, is := durable(found), durable(was[id]), durable(is[id])
		if found != is && (found != was || was.State == Sending) {
			if was.State != Sending || is.State != Held || found.State != Waiting {
				t.Errorf("%s\nwas %+v\nis  %+v\nand behind the kill\n    %+v", is.Rel, was, is, found)
			}
		}
	}
	for _, s := range all {
		if steps[s.j].journal && from[s.i].state != Held && durable(b.item(s.id)) != durable(is[s.id]) {
			t.Errorf("%s: lost by the kill", s.rel)
		}
	}
}

// durable is an item without what only the ledger holds.
func durable(it Item) Item {
	it.Attempts, it.TraceID, it.Detail, it.Due, it.turn = 0, "", "", time.Time{}, 0
	return it
}

func TestTransitionsOfNoItem(t *testing.T) {
	b := newBench(t)
	for _, id := range []ItemID{"", "00", "zz", "0123456789abcdef01234567"} {
		for _, s := range steps {
			if err := s.step(b, id, "1/a.pdf"); !errors.Is(err, ErrNoItem) {
				t.Errorf("%s of %q: %v", s.name, id, err)
			}
		}
		if changed, err := b.Retry(id); changed || err != nil {
			t.Errorf("retry of %q: %v %v", id, changed, err)
		}
	}
}

func TestWhatATryLeavesBehind(t *testing.T) {
	b := newBench(t)
	b.offer(offer("1", "1/a.pdf", "A"))
	id := b.openGate("1/a.pdf").ID
	b.must(b.NotStored(id, try("connection reset")))
	it := b.item(id)
	if it.Attempts != 1 || it.Detail != "connection reset" || it.TraceID != "00-1" || !it.Due.Equal(try("").Due) {
		t.Fatalf("%+v", it)
	}
	b.must(b.NotStored(id, Try{Detail: "again", Due: b.now}))
	if it = b.item(id); it.Attempts != 1 || it.TraceID != "00-1" || it.Detail != "again" {
		t.Fatalf("%+v", it)
	}
	b.must(b.NobodyKnows(b.openGate("1/a.pdf").ID, true, try("lost")))
	if it = b.item(id); it.State != Waiting || it.Uncertain != 1 || !it.Due.Equal(try("").Due) || it.Attempts != 2 {
		t.Fatalf("%+v", it)
	}
	if it = b.send("1/a.pdf", 9); it.Attempts != 3 || it.FileID != 9 || !it.SentAt.Equal(b.now) || it.Detail != "" {
		t.Fatalf("%+v", it)
	}
}

func TestFileGoneWhileSending(t *testing.T) {
	b := newBench(t)
	ends := map[string]func(id ItemID) error{
		"receipt":  func(id ItemID) error { return b.Receipt(id, 3) },
		"again":    func(id ItemID) error { return b.NotStored(id, try("")) },
		"rejected": func(id ItemID) error { return b.Hold(id, Rejected, try("no")) },
		"lost":     func(id ItemID) error { return b.NobodyKnows(id, false, try("")) },
		"resend":   func(id ItemID) error { return b.NobodyKnows(id, true, try("")) },
	}
	want := map[string][2]string{ // the state, and the one when the file is back
		"receipt": {"sent", "sent"}, "again": {"withdrawn", "waiting"}, "rejected": {"withdrawn", "held"},
		"lost": {"held", "held"}, "resend": {"held", "held"}, // nothing is there to be sent again
	}
	for name, end := range ends {
		o := offer("1", name, name)
		b.offer(o)
		id := b.openGate(name).ID
		b.gone(name)
		if it := b.item(id); it.State != Sending {
			t.Fatalf("%s: %s with an open gate", name, it.State)
		}
		b.must(end(id))
		first := b.item(id).State
		b.offer(o)
		if got := [2]string{string(first), string(b.item(id).State)}; got != want[name] {
			t.Errorf("%s: %v, want %v", name, got, want[name])
		}
	}
}
