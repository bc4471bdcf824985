package store

import (
	"maps"
	"testing"
)

// TestSend: what is ordered is skipped no more, under whatever name, and what
// isn't stays.
func TestSend(t *testing.T) {
	b := newBench(t)
	b.baseline(map[string][2]int64{"1/a.pdf": {1, 1}, "1/b.pdf": {2, 2}, "1/sub/c.pdf": {3, 3}, "1/link.pdf": {3, 3}, "1/subs.pdf": {4, 4}})
	skip := func() map[string]bool {
		all := map[string]bool{}
		for rel, f := range map[string][2]int64{"1/moved.pdf": {1, 1}, "1/b.pdf": {2, 2}, "1/sub/c.pdf": {3, 3}, "1/link.pdf": {3, 3}, "1/subs.pdf": {4, 4}} {
			all[rel] = b.skips(rel, aLook(f))
		}
		return all
	}
	want := map[string]bool{"1/moved.pdf": true, "1/b.pdf": true, "1/sub/c.pdf": true, "1/link.pdf": true, "1/subs.pdf": true}
	order := func(rel string, n int, gone ...string) {
		t.Helper()
		if sent, err := b.Send("/scans", rel); sent != n || err != nil {
			t.Fatalf("%s: %d %v", rel, sent, err)
		}
		for _, rel := range gone {
			want[rel] = false
		}
		if got := skip(); !maps.Equal(got, want) {
			t.Fatalf("behind %s: %v, want %v", rel, got, want)
		}
		b.recount()
	}
	order("1/nothing.pdf", 0)
	order("1/moved.pdf", 1, "1/moved.pdf")
	order("1/sub", 1, "1/sub/c.pdf")
	order("1/sub", 0)
	b.kill()
	b.open()
	order("2", 0)
	order("", 3, "1/b.pdf", "1/link.pdf", "1/subs.pdf")
	if c := b.counts().Items; c[Skipped]+c[Withdrawn] != 0 {
		t.Fatal(c)
	}
	b.offer(offer("1", "1/moved.pdf", "x"))
	b.is("1/moved.pdf", Waiting, "")
}

// TestSendAgain: a second upload needs a person's word and a copy to take.
func TestSendAgain(t *testing.T) {
	b := newBench(t)
	b.offer(offer("1", "1/a.pdf", "A"), offer("1", "1/b.pdf", "B"))
	a, other := b.send("1/a.pdf", 7), b.send("1/b.pdf", 8)
	b.must(b.SendAgain(a.ID))
	b.must(b.SendAgain(other.ID))
	if it := b.item(a.ID); it.State != Waiting || it.FileID != 7 {
		t.Fatalf("%+v", it)
	}
	b.gone("1/b.pdf")
	b.offer(offer("1", "1/b.pdf", "B"))
	if it := b.item(other.ID); it.State != Sent || it.FileID != 8 {
		t.Fatalf("the order outlived the file: %+v", it)
	}
	for _, lost := range []string{journalName, ledgerName} {
		b.comesBack(lost)
		if it := b.item(a.ID); it.FileID != 7 || it.SentAt.IsZero() {
			t.Fatalf("%s lost: %+v", lost, it)
		}
	}
	b.offer(offer("1", "1/a.pdf", "A"))
	b.is("1/a.pdf", Sent, "") // a rebuilt ledger has no copy to send until the rescan
	b.must(b.SendAgain(a.ID))
	b.must(b.NobodyKnows(b.openGate("1/a.pdf").ID, false, try("cut")))
	b.must(b.Resolve(a.ID, true, 0))
	if it := b.item(a.ID); it.State != Sent || it.FileID != 7 {
		t.Fatalf("%+v", it)
	}
}
