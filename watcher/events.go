package watcher

import "time"

// minEventsLife keeps events that fail as soon as they are there from making
// one full rescan after another.
const minEventsLife = 10 * time.Second

// openEvents begins with events, or goes on with those there are. Where they
// come from is the platform's: an events has watch, forget and close, and is
// full where it cannot tell of all folders, and broken after an error.
func (r *root) openEvents() {
	if r.events != nil && r.events.broken.Load() {
		r.closeEvents()
		if r.now().Sub(r.eventsSince) < minEventsLife {
			return // the next full rescan tries again
		}
	}
	if r.noEvents {
		return
	}
	if r.events == nil {
		e, err := openEvents(r.dir, r.dirty, r.log)
		if err != nil {
			if !r.eventsFailed {
				r.log.Warn("no file system events, files wait for the next rescan", "err", err)
			}
			r.eventsFailed = true
			return
		}
		r.events, r.eventsSince = e, r.now()
	}
	r.eventsFailed = false
	r.events.full = false // there may be room again
}

func (r *root) closeEvents() {
	if r.events != nil {
		r.events.close()
		r.events = nil
	}
	r.showEvents()
}

// showEvents notes for Status whether every folder has its watch.
func (r *root) showEvents() {
	on := r.events != nil && !r.events.full
	r.mu.Lock()
	defer r.mu.Unlock()
	r.eventsOn = on
}
