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
