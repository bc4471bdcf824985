package watcher

import (
	"cmp"
	"time"

	"bloxdrop/store"
)

// RootStatus is how a root stands.
type RootStatus struct {
	Path       string
	Online     bool
	Offline    string    // why it is offline; "not looked at yet" before the first look
	Unproven   bool      // it is offline, and a person may say that it is the right folder all the same
	Paused     string    // why it waits until a person adopts it
	Since      time.Time // when that began
	There      int       // how many persons' files were there then; -1 while they are counted
	Baseline   string    // why what was there at the first start is not noted yet, so that nothing is offered; "" where it is, or need not be
	Events     bool      // whether events make rescans early; polling never stops
	LastRescan time.Time

	// Each file in the root counts in one of these, or is a place of the queue's.
	Settling, Unmatched, Ignored int

	Waiting           int       // of Settling: those that nobody follows, since they are empty or can't be looked at
	WaitingSince      time.Time // since when there is one of them
	Resettling        int       // of Settling: those that the queue still has as places, with what they held before
	Unreadable        int       // folders that could not be listed; what they hold is as last seen
	FoundByRescanOnly int       // files of which no event told
}

// Settling is a file that waits to be whole.
type Settling struct {
	Root, Rel string
	Item      store.ItemID // the item of which the path is a place, if it is one
	Since     time.Time    // when it was first seen to settle
	Why       string
	Stuck     bool // it can't be read, or not be offered
	Whole     bool // it has never changed, and only waits to be read
}

// Status tells how every root stands, in the order of Options.Roots.
func (w *Watcher) Status() []RootStatus {
	all := make([]RootStatus, len(w.roots))
	for i, r := range w.roots {
		all[i] = r.status()
	}
	return all
}

// Settling lists the files whose settling is followed: all but empty files
// and those beyond the bound of a root, which only count.
func (w *Watcher) Settling() []Settling {
	var all []Settling
	for _, r := range w.roots {
		all = r.set.list(all)
	}
	return all
}

func (r *root) status() RootStatus {
	settling, resettling, copies := r.set.counts()
	r.mu.Lock()
	defer r.mu.Unlock()
	offline := cmp.Or(r.silence(), r.offline)
	return RootStatus{
		Path:              r.Path,
		Online:            offline == "",
		Offline:           offline,
		Unproven:          r.unproven,
		Paused:            r.paused,
		Since:             r.pausedSince,
		There:             r.there,
		Baseline:          r.baseline,
		Events:            r.eventsOn,
		LastRescan:        r.lastRescan,
		Settling:          settling + r.total.waiting + r.total.postponed,
		Unmatched:         r.total.unmatched,
		Ignored:           r.total.ignored + copies,
		Waiting:           r.total.waiting,
		WaitingSince:      r.waitingSince,
		Resettling:        resettling + r.total.known,
		Unreadable:        r.total.unreadable,
		FoundByRescanOnly: r.foundByRescan,
	}
}

// settled says whether nothing more is to be expected of this root soon.
func (r *root) settled() bool {
	r.mu.Lock()
	if !r.silentSince.IsZero() {
		r.mu.Unlock()
		return true
	}
	looked, barred := r.looked, r.barred()
	done := !r.lastRescan.IsZero() && r.total.postponed == 0
	r.mu.Unlock()
	if barred {
		return looked
	}
	return done && !r.set.canSettle()
}
