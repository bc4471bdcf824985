package watcher

import (
	"context"
	"sync"
)

// Survey looks at every root once, for a command that asks while nothing runs:
// Status and Settling then tell what is there. It offers nothing. It must not
// be called together with Start.
func (w *Watcher) Survey(ctx context.Context) {
	var all sync.WaitGroup
	for _, r := range w.roots {
		r.noEvents, r.survey = true, true
		all.Go(func() { r.scan(ctx, true) })
	}
	all.Wait()
}

// Standing looks at one root as a start would, and leaves nothing there: why it
// would be offline, or paused until it is adopted. It must not be called
// together with Start.
func (w *Watcher) Standing(root string) (offline, paused string) {
	for _, r := range w.roots {
		if r.Path == root {
			r.survey = true
			_, _, st := r.arrive()
			return st.offline, st.paused
		}
	}
	return "it is no watched root", ""
}
