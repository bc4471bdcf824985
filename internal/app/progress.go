package app

import (
	"bloxdrop/queue"
	"bloxdrop/store"
)

// Progress is how far a run has come.
type Progress struct {
	Sent     queue.Sent // in this run
	Left     int        // items that wait or are on their way
	Held     int
	Settling int    // files that are not items yet
	Paused   string // the cause, if nothing may be sent
}

// Progress adds up what is cheap to know, so that it can be asked for often.
func (a *App) Progress() (p Progress, err error) {
	if a.queue == nil {
		return p, a.damaged()
	}
	c, err := a.store.Counts()
	if err != nil {
		return p, err
	}
	p = Progress{Sent: a.queue.Sent(), Left: c.Items[store.Waiting] + c.Items[store.Sending], Held: c.Items[store.Held]}
	for _, r := range a.watcher.Status() {
		p.Settling += r.Settling
	}
	if pauses := a.queue.Pauses(); len(pauses) > 0 {
		p.Paused = pauses[0].Cause
	}
	return p, nil
}
