package watcher

import (
	"context"
	"fmt"
	"time"
)

const (
	// silentAfter is how long a file system may give no answer at all before its
	// root is offline.
	silentAfter = 30 * time.Second
	// senseEvery is how often that is looked at.
	senseEvery = 5 * time.Second
	// overdueAfter is how much later than it should a rescan may begin.
	overdueAfter = 2 * time.Minute
)

const silent = "its file system does not answer"

// senseLoop notices roots that hang. Whoever waits in a system call can't say so.
func (w *Watcher) senseLoop(ctx context.Context) {
	tick := time.NewTicker(senseEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			for _, r := range w.roots {
				r.sense()
			}
		}
	}
}

// sense notes since when a root has not answered.
func (r *root) sense() {
	now := r.now()
	still := max(r.scanning.Still(now), r.looking.Still(now), r.hashing.Still(now))
	r.mu.Lock()
	was := !r.silentSince.IsZero()
	switch {
	case still < silentAfter:
		r.silentSince = time.Time{}
	case !was:
		r.silentSince = now.Add(-still)
	}
	is := !r.silentSince.IsZero()
	r.mu.Unlock()
	switch {
	case is && !was:
		r.log.Warn("the root's file system does not answer, so it is offline; the others go on", "since", now.Add(-still))
	case was && !is:
		r.log.Info("the root's file system answers again")
	default:
		return
	}
	r.changed()
}

// silence is why a root that hangs is offline; "" for any other. It needs mu.
func (r *root) silence() string {
	if r.silentSince.IsZero() {
		return ""
	}
	return fmt.Sprintf("%s, since %s", silent, r.silentSince.Local().Format(time.TimeOnly))
}

// Silent lists the roots whose file systems don't answer.
func (w *Watcher) Silent() (paths []string) {
	for _, r := range w.roots {
		r.mu.Lock()
		if !r.silentSince.IsZero() {
			paths = append(paths, r.Path)
		}
		r.mu.Unlock()
	}
	return paths
}

// Overdue lists the roots in which no rescan begins although it is time, and
// none is under way.
func (w *Watcher) Overdue() (paths []string) {
	for _, r := range w.roots {
		r.mu.Lock()
		if !r.nextRescan.IsZero() && r.now().Sub(r.nextRescan) > overdueAfter {
			paths = append(paths, r.Path)
		}
		r.mu.Unlock()
	}
	return paths
}

// expectRescan notes when the next rescan is to begin; zero: it has.
func (r *root) expectRescan(at time.Time) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.nextRescan = at
}
