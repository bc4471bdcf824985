package watcher

import (
	"slices"
	"testing"
)

// The ledger is told that a root was at another path before its marker forgets
// that; whoever only looks tells nothing.
func TestARootAtANewPath(t *testing.T) {
	t.Parallel()
	b, p := markedBench(t)
	b.putMarker(func(m *marker) { m.Root = "/elsewhere" })
	told := func() []string {
		p.mu.Lock()
		defer p.mu.Unlock()
		return slices.Clone(p.heirs)
	}
	b.Survey(t.Context())
	if m := b.marker(); m.Root != "/elsewhere" || len(told()) > 0 {
		t.Fatalf("a look has told %q, and left %+v", told(), m)
	}
	b.renew()
	b.Start(t.Context())
	b.until("the marker is refreshed", func() bool { return b.marker().Root == b.dir })
	if got := told(); !slices.Equal(got, []string{b.dir + " from /elsewhere"}) {
		t.Errorf("the ledger was told %q", got)
	}
}
