package watcher

import (
	"context"
	"sync"
	"time"
)

// surveyStall is how long a file system may give no answer at all, in a survey.
const surveyStall = 10 * time.Second

// Survey looks at every root once, for a command that asks while nothing runs:
// Status and Settling then tell what is there. It offers nothing. A root whose
// file system hangs is offline: the command keeps the store from the service,
// which must be able to start. It must not be called together with Start.
func (w *Watcher) Survey(ctx context.Context) {
	var all sync.WaitGroup
	for _, r := range w.roots {
		all.Go(func() { r.lookOnce(ctx) })
	}
	all.Wait()
}

func (r *root) lookOnce(ctx context.Context) {
	if r.hangs {
		return
	}
	r.noEvents, r.survey = true, true
	done := make(chan struct{})
	go func() {
		defer close(done)
		r.scan(ctx, true)
	}()
	tick := time.NewTicker(surveyStall)
	defer tick.Stop()
	for last := r.answers.Load(); ; {
		select {
		case <-done:
			return
		case <-tick.C:
		}
		now := r.answers.Load()
		if now == last {
			break
		}
		last = now
	}
	r.hangs = true
	r.setStanding(standing{offline: "its file system does not answer"})
}

// Standing looks at one root as a start would, and leaves nothing there: why it
// would be offline, or paused until it is adopted. It must not be called
// together with Start.
func (w *Watcher) Standing(root string) (offline, paused string) {
	r := w.root(root)
	if r == nil {
		return "it is no watched root", ""
	}
	r.survey = true
	_, _, st := r.arrive()
	return st.offline, st.paused
}
