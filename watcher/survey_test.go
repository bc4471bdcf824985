package watcher

import (
	"strings"
	"testing"
	"testing/synctest"

	"bloxdrop/store"
)

// stuck is a Ledger by which a look at a root hangs, as its file system does.
type stuck struct {
	paper
	free chan struct{}
}

func (s *stuck) DoubtAbout(string) (*store.Doubt, error) {
	<-s.free
	return nil, nil
}

// A root that hangs is shown as offline, and is neither waited for nor walked.
func TestASurveyOfARootThatHangs(t *testing.T) {
	l := &stuck{paper: paper{id: "ours", marked: map[string]bool{}}, free: make(chan struct{})}
	b := newBench(t, func(o *Options) { o.Ledger = l })
	b.write("New folder/f", "nobody's")
	synctest.Test(t, func(t *testing.T) {
		l.free = make(chan struct{})
		b.renew()
		for range 2 {
			b.Survey(t.Context())
			if s := b.Status()[0]; s.Online || !strings.Contains(s.Offline, "does not answer") {
				t.Errorf("%+v", s)
			}
		}
		if err := b.Walk(t.Context(), func(c Class) error { t.Errorf("walked to %+v", c); return nil }); err != nil {
			t.Error(err)
		}
		close(l.free)
		synctest.Wait()
	})
}
