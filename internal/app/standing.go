package app

import (
	"time"

	"bloxdrop/internal/metrics"
	"bloxdrop/queue"
	"bloxdrop/store"
	"bloxdrop/watcher"
)

// standing is how everything stands at one moment, for whoever looks after the
// service and must not hang with it. All of it is cheap to know.
type standing struct {
	at        time.Time
	progress  Progress
	counts    store.Counts
	held      time.Time // since when the oldest held item is; zero: none is
	settling  time.Time // likewise the oldest file that settles
	pauses    map[string]bool
	roots     []watcher.RootStatus
	turns     int64
	ledger    int64
	journal   int64
	syncs     int64
	delivered time.Time // when Bloxs last took a file, or the app was opened
}

const (
	byAdopt  = "adopt"
	byDamage = "damaged"
)

// stand adds that up. It waits for ledger, queue and watcher.
func (a *App) stand() (s standing, err error) {
	s = standing{at: a.opts.Now(), pauses: map[string]bool{}}
	if a.store == nil { // nothing else is known, and nobody looks at the roots
		s.pauses[byDamage] = true
		return s, nil
	}
	s.roots = a.watcher.Status()
	for _, r := range s.roots {
		s.pauses[byAdopt] = s.pauses[byAdopt] || r.Paused != ""
	}
	for _, r := range s.roots {
		if r.Waiting > 0 && (s.settling.IsZero() || r.WaitingSince.Before(s.settling)) {
			s.settling = r.WaitingSince
		}
	}
	for _, f := range a.watcher.Settling() {
		if s.settling.IsZero() || f.Since.Before(s.settling) {
			s.settling = f.Since
		}
	}
	for _, p := range a.queue.Pauses() {
		s.pauses[p.Cause] = true
	}
	s.turns, s.delivered = a.queue.Turns(), a.queue.LastDelivered()
	if s.progress, err = a.Progress(); err != nil {
		return s, err
	}
	if s.counts, err = a.store.Counts(); err != nil {
		return s, err
	}
	oldest, err := a.store.List(store.Held, "", 1)
	if err != nil {
		return s, err
	}
	if len(oldest.Items) > 0 {
		s.held = oldest.Items[0].Changed
	}
	s.syncs = a.store.JournalSyncs()
	s.ledger, s.journal, err = a.store.Sizes()
	return s, err
}

func (s standing) offline() (paths []string) {
	for _, r := range s.roots {
		if r.Offline != "" {
			paths = append(paths, r.Path)
		}
	}
	return paths
}

func classes() (names []string) {
	for _, c := range queue.Classes() {
		names = append(names, string(c))
	}
	return names
}

func causes() []string { return append(queue.Causes(), byAdopt, byDamage) }

func (a *App) newMetrics() *metrics.Metrics {
	return metrics.New(metrics.Options{Version: a.opts.Version, Classes: classes(), Causes: causes(), Now: a.opts.Now, Look: a.sight})
}

// sightWithin is how long monitoring waits for a fresh answer.
const sightWithin = time.Second

// sight is what the metrics show: fresh, or the last that was known.
func (a *App) sight() metrics.Sight {
	s, known, _ := a.inside.fresh(a, sightWithin)
	if !known {
		return metrics.Sight{}
	}
	sight := metrics.Sight{
		At: s.at, Pauses: s.pauses,
		OldestWaiting: s.counts.Oldest, OldestHeld: s.held, OldestSettling: s.settling,
		Budget: a.opts.Config.Bloxs.RequestsPerMinute, Turns: s.turns,
		LedgerBytes: s.ledger, JournalBytes: s.journal, JournalSyncs: s.syncs,
	}
	if s.pauses[byDamage] {
		return sight
	}
	sight.Items, sight.Files = map[string]int{}, map[string]int{"settling": 0, "unmatched": 0, "ignored": 0}
	for _, state := range itemStates() {
		sight.Items[string(state)] = s.counts.Items[state]
	}
	for _, r := range s.roots {
		sight.Files["settling"] += r.Settling
		sight.Files["unmatched"] += r.Unmatched
		sight.Files["ignored"] += r.Ignored
		sight.Roots = append(sight.Roots, metrics.Root{
			Online: r.Online, Events: r.Events, LastRescan: r.LastRescan, FoundByRescanOnly: r.FoundByRescanOnly, Unreadable: r.Unreadable,
		})
	}
	return sight
}
