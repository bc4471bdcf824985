package store

import (
	"errors"
	"os"
	"testing"
)

func home() Home {
	return Home{Environment: "https://test.bloxs.io", Relation: "persons", Kind: "reference", Layout: "{reference}"}
}

// offerTo is an offer for a person of another home.
func offerTo(h Home, id, rel, content string) Offer {
	o := offer(id, rel, content)
	o.Person = PersonKey{Environment: h.Environment, Relation: h.Relation, Kind: h.Kind, ID: id}
	return o
}

// lostLedger has the ledger rebuilt from its journal, lostJournal the other way.
func (b *bench) lostLedger() {
	b.t.Helper()
	b.close()
	b.must(os.Remove(b.file(ledgerName)))
	b.open()
}

func (b *bench) lostJournal() {
	b.t.Helper()
	b.close()
	b.must(os.Remove(b.file(journalName)))
	b.open()
}

// everyWay runs a check on the store as it is, and after each way of losing something.
func (b *bench) everyWay(check func(t *testing.T)) {
	for _, way := range []struct {
		name string
		do   func()
	}{
		{"as it is", func() {}},
		{"killed", func() { b.kill(); b.open() }},
		{"ledger lost", b.lostLedger},
		{"journal lost", b.lostJournal},
		{"then the ledger", b.lostLedger},
	} {
		way.do()
		b.t.(*testing.T).Run(way.name, check)
	}
}

// What was sent to one address is not sent again to the next, whatever
// happens to the ledger meanwhile; what was not sent goes to the new one.
func TestAnAdoptedRootForgetsNoReceipt(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.must(b.SetHome("/scans", home(), byFolder))
	b.offer(offer("1", "1/sent", "A"), offer("1", "1/waits", "B"), offer("1", "1/unclear", "C"))
	b.send("1/sent", 7)
	it := b.openGate("1/unclear")
	b.must(b.NobodyKnows(it.ID, false, Try{Detail: "cut"}))
	it = b.at("1/unclear")

	to := home()
	to.Environment = "https://new.bloxs.io"
	if err := b.SetHome("/scans", to, byFolder); err == nil {
		t.Fatal("it is taken over without a word")
	}
	b.must(b.Adopt("/scans", to, []string{"/scans"}))
	if known, err := b.Known("/scans", "1", []string{"sent", "waits", "unclear"}); err != nil || !known[0].Found || known[1].Found || !known[2].Found {
		t.Errorf("%+v, %v", known, err)
	}
	b.everyWay(func(t *testing.T) {
		b.must(b.SetHome("/scans", to, byFolder))
		b.offer(offerTo(to, "1", "1/sent", "A"), offerTo(to, "1", "1/copy", "A"), offerTo(to, "1", "1/unclear", "C"), offerTo(to, "1", "1/waits", "B"))
		b.is("1/sent", Sent, "")
		b.is("1/copy", Sent, "")
		b.is("1/unclear", Held, Uncertain)
		b.is("1/waits", Waiting, "")
		if p := b.at("1/waits").Person; p.Environment != to.Environment {
			t.Errorf("what was not sent goes to %s", p.Environment)
		}
		// The same bytes of somebody else are no copy.
		b.offer(offerTo(to, "2", "2/same", "A"))
		b.is("2/same", Waiting, "")
	})
	b.must(b.Resolve(it.ID, false, 0))
	if old := b.item(it.ID); old.State != Withdrawn {
		t.Errorf("an upload to the former address is to be sent again, and is %+v", old)
	}
	b.offer(offerTo(to, "1", "1/unclear", "C"))
	if now := b.at("1/unclear"); now.State != Waiting || now.Person.Environment != to.Environment {
		t.Errorf("an upload to the former address that is to be sent again is %+v", now)
	}
}

// A layout that gives a sent file to somebody else: the file stays sent.
func TestAnAdoptedLayout(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.must(b.SetHome("/scans", home(), byFolder))
	b.offer(offer("1", "1/a", "A"), offer("1", "1/b", "B"))
	b.send("1/a", 7)
	to := home()
	to.Layout = "{name}/{reference}"
	b.must(b.Adopt("/scans", to, []string{"/scans"}))
	b.everyWay(func(t *testing.T) {
		b.offer(offer("2", "1/a", "A"), offer("2", "1/b", "B"))
		b.is("1/a", Sent, "")
		b.is("1/b", Waiting, "")
		if id := b.at("1/b").Person.ID; id != "2" {
			t.Errorf("what was not sent goes to %s", id)
		}
	})
	b.offer(offer("2", "1/a", "another"))
	b.is("1/a", Waiting, "")
}

// What was adopted once, by a change that was taken back, is still what a later
// layout must not give to somebody else; nor is it hidden by having been moved away.
func TestALayoutAfterAnAdoption(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.must(b.SetHome("/scans", home(), byFolder))
	b.offer(offer("1", "1/a", "A"), offer("1", "1/b", "B"))
	b.send("1/a", 7)
	away := home()
	away.Relation = "organisations"
	b.must(b.Adopt("/scans", away, []string{"/scans"}))
	b.must(b.Adopt("/scans", home(), []string{"/scans"}))
	mapped := home()
	mapped.Layout = "{name} {reference}"
	toOther := func(string) (string, bool) { return "2", true }
	b.everyWay(func(t *testing.T) {
		var moved *MovedError
		if err := b.Moved("/scans", mapped, toOther); !errors.As(err, &moved) || moved.Person != "1" || moved.NowPerson != "2" {
			t.Errorf("a layout that sends what was sent to another is taken: %v", err)
		}
	})
	b.gone("1/a")
	b.everyWay(func(t *testing.T) {
		var moved *MovedError
		if err := b.Moved("/scans", mapped, toOther); !errors.As(err, &moved) || moved.Rel != "1/a" {
			t.Errorf("a layout that would have sent what was sent to another is taken: %v", err)
		}
	})
	b.must(b.Moved("/scans", mapped, byFolder)) // the same persons, by other words
	b.must(b.Adopt("/scans", mapped, []string{"/scans"}))
	b.must(b.Moved("/scans", mapped, toOther)) // it is what was adopted
}

func TestADoubtEndsByAdoption(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	roots := []string{"/scans", "/other"}
	for _, root := range roots {
		b.must(b.SetHome(root, home(), byFolder))
	}
	b.must(b.Adopt("/other", home(), roots)) // before the doubt: it counts for nothing
	b.must(b.Doubt("restored", 0, 0))
	doubted := func(t *testing.T, root string, want bool) {
		t.Helper()
		d, err := b.DoubtAbout(root)
		if err != nil || (d != nil) != want || want && d.Cause != "restored" {
			t.Errorf("%s: %+v, %v", root, d, err)
		}
	}
	b.everyWay(func(t *testing.T) {
		doubted(t, "/scans", true)
		doubted(t, "/other", true)
		doubted(t, "/unknown", true)
	})
	b.must(b.Adopt("/scans", home(), roots))
	b.everyWay(func(t *testing.T) {
		doubted(t, "/scans", false)
		doubted(t, "/other", true)
	})
	b.must(b.Adopt("/other", home(), roots))
	b.everyWay(func(t *testing.T) {
		doubted(t, "/other", false)
		doubted(t, "/unknown", false) // a root that is new is nobody's worry
		if at, err := b.Adopted("/scans"); at == 0 || err != nil {
			t.Errorf("adopted at %d, %v", at, err)
		}
	})
}

// A root that the config leaves out while the others are adopted was not
// spoken of: it is in doubt when it comes back.
func TestADoubtOutlivesAChangedConfig(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.must(b.SetHome("/scans", home(), byFolder))
	b.must(b.SetHome("/left out", home(), byFolder))
	b.must(b.SetMarked("/left out"))
	b.must(b.Doubt("restored", 0, 0))
	b.must(b.Adopt("/scans", home(), []string{"/scans"}))
	b.everyWay(func(t *testing.T) {
		for root, want := range map[string]bool{"/scans": false, "/left out": true} {
			if d, err := b.DoubtAbout(root); err != nil || (d != nil) != want {
				t.Errorf("%s: %+v, %v", root, d, err)
			}
		}
	})
	b.must(b.Adopt("/left out", home(), []string{"/scans", "/left out"}))
	if d, err := b.Doubted(); d != nil || err != nil {
		t.Errorf("%+v, %v", d, err)
	}
}

func TestAMarkIsRemembered(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	const root = "/sc\xffans" // no UTF-8
	b.must(b.SetMarked(root))
	b.must(b.SetMarked(root))
	at := b.Position()
	if at != 2 { // the head and the mark
		t.Errorf("position %d", at)
	}
	b.everyWay(func(t *testing.T) {
		if marked, err := b.Marked(root); !marked || err != nil {
			t.Errorf("%v, %v", marked, err)
		}
		if marked, err := b.Marked("/another"); marked || err != nil {
			t.Errorf("/another: %v, %v", marked, err)
		}
	})
}

// TestAGateBehindAnAdoption: in a ledger that is made anew an adoption lets an
// item stand where its gate was opened before; where the next gate opened
// elsewhere it is still shown where it stands.
func TestAGateBehindAnAdoption(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.must(b.SetHome("/scans", home(), byFolder))
	b.offer(offer("1", "1/a", "x"))
	it := b.openGate("1/a")
	b.must(b.Adopt("/scans", home(), []string{"/scans"}))
	b.must(b.NotStored(it.ID, try("cut")))
	b.offer(offer("1", "1/b", "x"))
	b.gone("1/a")
	b.openGate("1/b")
	b.lostLedger() // and a recount
	if is := b.item(it.ID); is.State != Sending || is.Places != 1 || is.Rel != "1/a" {
		t.Fatalf("%+v", is)
	}
	b.offer(offer("1", "1/b", "x"))
	b.gone("1/a")
	if is := b.item(it.ID); is.State != Sending || is.Places != 1 || is.Rel != "1/b" {
		t.Fatalf("%+v", is)
	}
}
