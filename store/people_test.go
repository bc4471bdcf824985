package store

import (
	"os"
	"slices"
	"testing"
	"time"
)

func (b *bench) lookUpDue() (key PersonKey, ok bool, next time.Time) {
	b.t.Helper()
	key, ok, next, err := b.LookUpDue(time.Hour)
	b.must(err)
	return key, ok, next
}

func TestUnknownPersonHoldsTheirFilesOnly(t *testing.T) {
	b := newBench(t)
	b.offer(offer("1", "1/a", "a"), offer("1", "1/b", "b"), offer("1", "1/sent", "s"), offer("1", "1/no", "n"), offer("2", "2/a", "a"))
	b.send("1/sent", 1)
	b.must(b.Hold(b.at("1/no").ID, Rejected, try("no")))
	b.openGate("1/b")
	b.must(b.PersonUnknown(person("1"), "no such reference", b.now.Add(time.Hour)))
	b.kill()
	b.open()
	b.is("1/a", Held, UnknownPerson)
	b.is("1/b", Sending, "")
	b.is("1/sent", Sent, "")
	b.is("1/no", Held, Rejected)
	b.is("2/a", Waiting, "")
	if it := b.at("1/a"); it.Detail != "no such reference" {
		t.Errorf("%+v", it)
	}
	b.offer(offer("1", "1/new", "new"))
	b.is("1/new", Held, UnknownPerson)

	if _, ok, next := b.lookUpDue(); ok || !next.Equal(b.now.Add(time.Hour)) {
		t.Fatal(ok, next)
	}
	b.now = b.now.Add(time.Hour)
	if key, ok, _ := b.lookUpDue(); !ok || key != person("1") {
		t.Fatal(key, ok)
	}
	b.now = b.now.Add(time.Second)
	b.must(b.PersonFound(person("1"), []string{"Jan", "de Vries"}))
	b.kill()
	b.open()
	for _, rel := range []string{"1/a", "1/new"} {
		if b.is(rel, Waiting, ""); b.at(rel).Detail != "" {
			t.Errorf("%+v", b.at(rel))
		}
	}
	b.is("1/no", Held, Rejected)
	if _, ok, next := b.lookUpDue(); ok || !next.IsZero() {
		t.Fatal(ok, next)
	}
	p, err := b.Person(person("1"))
	b.must(err)
	if p.State != KnownToBloxs || !slices.Equal(p.Names, []string{"Jan", "de Vries"}) || !p.CheckedAt.Equal(b.now) || p.Detail != "" {
		t.Fatalf("%+v", p)
	}
	if p, err := b.Person(person("3")); err != nil || p.State != NotLookedUp || p.Key != person("3") {
		t.Fatalf("%+v %v", p, err)
	}
}

func TestHeldForThePersonComesBackHeld(t *testing.T) {
	b := newBench(t)
	o := offer("1", "1/a", "a")
	b.offer(o)
	b.must(b.PersonUnknown(person("1"), "none", b.now.Add(time.Hour)))
	b.gone("1/a")
	b.must(b.PersonUnknown(person("1"), "still none", b.now.Add(2*time.Hour)))
	if _, ok, next := b.lookUpDue(); ok || !next.IsZero() {
		t.Fatal("nobody waits for this person, and they are looked up:", ok, next)
	}
	b.offer(o)
	b.is("1/a", Held, UnknownPerson)
	if key, ok, _ := b.lookUpDue(); !ok || key != person("1") {
		t.Fatal("held, and no look-up is due")
	}
	// The person came to be known while the file was away.
	b.gone("1/a")
	b.must(b.PersonFound(person("1"), nil))
	b.offer(o)
	b.is("1/a", Waiting, "")
}

func TestRetryLooksUpAtOnce(t *testing.T) {
	b := newBench(t)
	b.offer(offer("1", "1/a", "a"), offer("2", "2/a", "a"))
	b.must(b.PersonUnknown(person("1"), "none", b.now.Add(time.Hour)))
	if changed, err := b.Retry(b.at("1/a").ID); !changed || err != nil {
		t.Fatal(changed, err)
	}
	b.is("1/a", Held, UnknownPerson)
	key, ok, _ := b.lookUpDue()
	if !ok || key != person("1") {
		t.Fatal(key, ok)
	}
	b.must(b.LookUpLater(key, b.now.Add(15*time.Minute)))
	if _, ok, next := b.lookUpDue(); ok || !next.Equal(b.now.Add(15*time.Minute)) {
		t.Fatal(ok, next)
	}
	b.must(b.LookUpLater(person("2"), b.now)) // who isn't unknown is not looked up again
	if _, ok, _ := b.lookUpDue(); ok {
		t.Fatal("a person whom nobody asked for is due")
	}
	b.reopen()
	b.now = b.now.Add(-20 * time.Hour) // the clock jumps back: too far off is due
	if _, ok, _ := b.lookUpDue(); !ok {
		t.Fatal("no look-up until the clock is back")
	}
}

// TestLookUpPutOffMeanwhile: a look-up that is put off by an hour at the very
// moment at which another is asked for is not the work of a clock that jumped.
func TestLookUpPutOffMeanwhile(t *testing.T) {
	b := newBench(t)
	b.large = true
	b.offer(offer("1", "1/a", "a"))
	b.must(b.PersonUnknown(person("1"), "none", b.now.Add(time.Hour)))
	b.now = b.now.Add(time.Hour)
	asked := false
	b.opts.Now = func() time.Time {
		was := b.now
		if !asked && b.mu.TryLock() { // it was asked what time it is before it had the ledger, so another comes first
			asked = true
			b.mu.Unlock()
			b.now = b.now.Add(time.Second)
			b.must(b.PersonUnknown(person("1"), "still none", b.now.Add(time.Hour)))
		}
		return was
	}
	key, ok, next, err := b.LookUpDue(time.Hour)
	b.must(err)
	if due := next.Equal(b.now); key != person("1") || ok != due {
		t.Fatalf("%v looked up again: %v, next at %v", key, ok, next)
	}
}

func TestRetryOfAMismatchForgetsTheLookUp(t *testing.T) {
	b := newBench(t)
	b.offer(offer("1", "1/a", "a"))
	b.must(b.PersonFound(person("1"), []string{"Smit"}))
	b.must(b.Hold(b.at("1/a").ID, NameMismatch, try("Jansen is not Smit")))
	if changed, err := b.Retry(b.at("1/a").ID); !changed || err != nil {
		t.Fatal(changed, err)
	}
	p, err := b.Person(person("1"))
	if b.must(err); !p.CheckedAt.IsZero() || p.State != KnownToBloxs {
		t.Fatalf("%+v", p)
	}
	b.is("1/a", Waiting, "")
}

func TestConfirm(t *testing.T) {
	b := newBench(t)
	for _, rel := range []string{"1 - Smit/a", "1 - Smit/b", "1 - Smit/c"} {
		o := offer("1", rel, rel)
		o.Folder = "Smit"
		b.offer(o)
	}
	for _, rel := range []string{"1 - Smit/a", "1 - Smit/b"} {
		b.must(b.Hold(b.at(rel).ID, NameMismatch, try("Jansen")))
	}
	b.must(b.Hold(b.at("1 - Smit/c").ID, Rejected, try("no")))
	for i, want := range []int{2, 0} {
		if n, err := b.Confirm(person("1"), "Smit"); n != want || err != nil {
			t.Fatalf("confirmed the %d. time: %d %v", i+1, n, err)
		}
	}
	b.kill()
	b.open()
	b.is("1 - Smit/a", Waiting, "")
	b.is("1 - Smit/c", Held, Rejected)
	if p, err := b.Person(person("1")); err != nil || !slices.Equal(p.Confirmed, []string{"Smit"}) {
		t.Fatalf("%+v %v", p, err)
	}
	if _, p, err := b.ItemAt("/scans", "1 - Smit/a"); err != nil || p.Folder != "Smit" {
		t.Fatalf("%+v %v", p, err)
	}
}

// TestRenamedFolderIsJudgedAnew: a new place may be one with the right name.
func TestRenamedFolderIsJudgedAnew(t *testing.T) {
	b := newBench(t)
	b.offer(offer("1", "1 - Smit/a", "a"))
	b.must(b.Hold(b.at("1 - Smit/a").ID, NameMismatch, try("Jansen")))
	b.offer(offer("1", "1 - Smit/a", "a")) // touched only
	b.is("1 - Smit/a", Held, NameMismatch)
	b.offer(offer("1", "1 - Jansen/a", "a"))
	b.is("1 - Jansen/a", Waiting, "")
}

// TestAnswerBeforeTheGate: what became of the item meanwhile must not hide that
// Bloxs may have it.
func TestAnswerBeforeTheGate(t *testing.T) {
	b := newBench(t)
	b.offer(offer("1", "1/a", "a"), offer("2", "2/a", "a"))
	b.must(b.PersonUnknown(person("1"), "none", b.now.Add(time.Hour)))
	gone := b.at("2/a").ID
	b.gone("2/a")
	for _, id := range []ItemID{b.at("1/a").ID, gone} {
		b.must(b.NobodyKnows(id, false, try("200 before the gate")))
	}
	b.must(b.PersonFound(person("1"), nil))
	b.kill()
	b.open()
	b.is("1/a", Held, Uncertain)
	b.offer(offer("2", "2/a", "a"))
	b.is("2/a", Held, Uncertain)
}

// TestPauseByHand outlives a kill, and either file's loss.
func TestPauseByHand(t *testing.T) {
	t.Parallel()
	for _, lost := range []string{"", ledgerName, journalName} {
		b := newBench(t)
		for _, paused := range []bool{true, true, false} {
			b.must(b.PauseByHand(paused))
			b.kill()
			b.open()
			b.close()
			if lost != "" {
				b.must(os.Remove(b.file(lost)))
			}
			b.open()
			want := time.Time{}
			if paused {
				want = b.now
			}
			if got, err := b.PausedByHand(); err != nil || !got.Equal(want) {
				t.Fatalf("with %q lost: paused since %v, want %v, %v", lost, got, want, err)
			}
		}
	}
}

// TestPersonUnchecked lets an unknown person's files go where no look-up can
// tell whether Bloxs has come to know them.
func TestPersonUnchecked(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.offer(offer("1", "1/a", "a"))
	b.must(b.PersonUnknown(person("1"), "who?", b.now.Add(time.Hour)))
	b.is("1/a", Held, UnknownPerson)
	b.must(b.PersonUnchecked(person("1")))
	b.offer(offer("1", "1/b", "b"))
	b.reopen()
	b.is("1/a", Waiting, "")
	b.is("1/b", Waiting, "")
	if _, ok, next := b.lookUpDue(); ok || !next.IsZero() {
		t.Error("a look-up is still due")
	}
}
