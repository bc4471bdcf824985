package store

import (
	"fmt"
	"slices"
	"testing"
	"time"
)

// TestSteps: an item's lines are found among all others, wherever they stand.
func TestSteps(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.large = true
	long := "1001/" + string(make([]byte, 3000)) + ".pdf" // longer than what is read at once
	rels := []string{long}
	for i := range 40 {
		rels = append(rels, fmt.Sprintf("1001/%d.pdf", i))
	}
	for i, rel := range rels {
		b.now = b.now.Add(10 * time.Minute)
		b.offer(offer("1001", rel, rel))
		b.send(rel, int64(100+i))
	}
	b.now = b.now.Add(time.Hour)
	b.offer(offer("1002", "1002/cut.pdf", "cut"))
	it := b.take()
	b.must(b.OpenGate(it.ID, Place{Root: it.Root, Rel: it.Rel}))
	b.must(b.NobodyKnows(it.ID, false, try("the line was cut")))
	b.now = b.now.Add(time.Hour)
	b.must(b.Resolve(it.ID, true, 77))
	ops := func(id ItemID) (list []string) {
		t.Helper()
		steps, all, err := b.Steps(t.Context(), id)
		b.must(err)
		if !all {
			t.Errorf("%s: some are missing in %+v", id, steps)
		}
		for _, s := range steps {
			list = append(list, fmt.Sprintf("%s %d %t %s", s.Op, s.FileID, s.Sent, s.Cause))
		}
		return list
	}
	for i, rel := range rels {
		is, _, err := b.ItemAt("/scans", rel)
		b.must(err)
		if got, want := ops(is.ID), []string{"gate opened 0 false ", fmt.Sprintf("receipt %d false ", 100+i)}; !slices.Equal(got, want) {
			t.Errorf("%.20q: %q, want %q", rel, got, want)
		}
	}
	if got, want := ops(it.ID), []string{"gate opened 0 false ", "uncertain 0 false the line was cut", "resolution 77 true "}; !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
}
