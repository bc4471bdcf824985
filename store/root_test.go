package store

import (
	"errors"
	"os"
	"testing"
)

func byFolder(rel string) (string, bool) { return rel[:1], true }

func TestARootThatMovesHouse(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	home := Home{Environment: "https://typo.bloxs.io", Relation: "persons", Kind: "reference", Layout: "{reference}"}
	b.must(b.SetHome("/scans", home, byFolder))
	b.offer(offer("1", "1/a", "A"), offer("1", "1/b", "B"))
	b.must(b.SetHome("/scans", home, byFolder))
	b.is("1/a", Waiting, "")

	right := home
	right.Environment = "https://test.bloxs.io"
	b.must(b.SetHome("/scans", right, byFolder)) // nothing was sent to the wrong address
	b.reopen()
	if known, err := b.Known("/scans", "1", []string{"a"}); err != nil || known[0].Found {
		t.Errorf("a place under the former address is still known: %+v, %v", known, err)
	}
	b.offer(offer("1", "1/a", "A"), offer("1", "1/b", "B"))
	b.is("1/a", Waiting, "")
	b.send("1/a", 7)

	other := right
	other.Layout = "{reference} {name}"
	b.must(b.SetHome("/scans", other, byFolder)) // the same persons: a receipt still counts
	b.offer(offer("1", "1/a", "A"), offer("1", "1/b", "B"))
	b.is("1/a", Sent, "")

	// A layout that gives what was sent to somebody else is a mistake, or must be meant.
	mapped := other
	mapped.Layout = "{name} {reference}"
	var remapped *MovedError
	toOther := func(string) (string, bool) { return "2", true }
	if err := b.SetHome("/scans", mapped, toOther); !errors.As(err, &remapped) || remapped.Rel != "1/a" || remapped.NowPerson != "2" {
		t.Errorf("a layout that sends what was sent to another is taken: %v", err)
	}
	b.is("1/a", Sent, "")

	for _, change := range []func(h *Home){
		func(h *Home) { h.Environment = home.Environment },
		func(h *Home) { h.Relation = "organisations" },
		func(h *Home) { h.Kind = "externalIdentifier" },
	} {
		h := other
		change(&h)
		var moved *MovedError
		if err := b.SetHome("/scans", h, byFolder); !errors.As(err, &moved) || moved.Now != h || moved.Was.Kind != other.Kind {
			t.Errorf("%+v is taken with receipts present: %v", h, err)
		}
		b.is("1/a", Sent, "")
	}
	b.must(b.SetHome("/scans", other, byFolder))

	// Neither a rebuilt ledger nor a file that is away for a while hides what was sent.
	b.gone("1/a")
	b.close()
	b.must(os.Remove(b.file(ledgerName)))
	b.open()
	h := other
	h.Kind = "externalIdentifier"
	var moved *MovedError
	if err := b.SetHome("/scans", h, byFolder); !errors.As(err, &moved) {
		t.Errorf("a rebuilt ledger forgets what was sent by another identifier: %v", err)
	}
	b.must(b.SetHome("/scans", other, byFolder))
}

func TestARootThatIsNoLongerWatched(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.offer(offer("1", "1/a", "A"), offer("1", "1/b", "B"))
	b.send("1/a", 7)
	if n, err := b.KeepRoots([]string{"/scans"}); n != 0 || err != nil {
		t.Fatal(n, err)
	}
	if n, err := b.KeepRoots([]string{"/other"}); n != 2 || err != nil {
		t.Fatal(n, err)
	}
	b.reopen()
	if c := b.counts(); c.Places != 0 || c.Items[Withdrawn] != 1 || c.Items[Sent] != 1 {
		t.Errorf("%+v", c)
	}
	b.offer(offer("1", "1/a", "A"), offer("1", "1/b", "B")) // it is watched again
	b.is("1/a", Sent, "")
	b.is("1/b", Waiting, "")
}
