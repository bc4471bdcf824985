package app

import (
	"context"
	"time"

	"bloxdrop/internal/alert"
	"bloxdrop/internal/words"
	"bloxdrop/queue"
	"bloxdrop/store"
)

// startAlerts begins to tell whoever the config names.
func (a *App) startAlerts() {
	o := AlertOptions(a.opts)
	if len(o.URLs) == 0 {
		return
	}
	o.Look, o.Sent, o.Now, o.Log = a.troubles, a.metrics.Alerted, a.opts.Now, a.opts.Log
	a.alerts = alert.New(o)
	a.alerts.Start()
}

// AlertOptions is who is told, and in which words.
func AlertOptions(opts Options) alert.Options {
	c := opts.Config
	o := alert.Options{After: c.Alerts.After.Std(), Dir: c.Store.Dir, Host: hostName(), Words: words.In(c.Notices.Language)}
	for _, u := range c.Alerts.URLs {
		o.URLs = append(o.URLs, u.Reveal())
	}
	return o
}

// endAlerts lets the alerts come to their end while other things do.
func (a *App) endAlerts() <-chan struct{} {
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		if a.alerts != nil {
			a.alerts.Stop()
		}
	}()
	return ended
}

const (
	lookAtWaiting = 256 // of the oldest
	settlesLong   = time.Hour
)

// troubles is what somebody should be told of, if it lasts. It may wait for
// the ledger as long as that takes.
func (a *App) troubles() (all []alert.Trouble, err error) {
	s, err := a.stand()
	if err != nil {
		return nil, err
	}
	away := map[string]bool{}
	for i, r := range s.roots {
		notYet := r.LastRescan.IsZero()
		if !r.Online {
			all = append(all, alert.Trouble{Kind: alert.Offline, Root: i + 1, Unsure: notYet && a.running() < time.Minute})
		}
		if r.Unreadable > 0 || notYet || !r.Online {
			all = append(all, alert.Trouble{Kind: alert.Unreadable, Root: i + 1, Count: r.Unreadable, Unsure: notYet || !r.Online})
		}
		away[r.Path] = !r.Online || r.Paused != ""
	}
	pausing := false
	for cause, is := range s.pauses {
		if !is || cause == queue.ByLimit { // that is how Bloxs works on a full day
			continue
		}
		pausing = pausing || cause != byAdopt
		all = append(all, alert.Trouble{Kind: alert.Paused, What: cause, AtOnce: cause == byDamage})
	}
	switch n, some := a.settleLong(); {
	case n > 0:
		all = append(all, alert.Trouble{Kind: alert.Settling, Count: n, AtOnce: true})
	case some && a.running() < settlesLong+time.Minute: // since when they do is not remembered
		all = append(all, alert.Trouble{Kind: alert.Settling, Unsure: true})
	}
	if a.store == nil {
		return all, nil
	}
	held, err := a.heldLong()
	if err != nil {
		return nil, err
	}
	waiting, err := a.waitLong(s, away)
	if waiting != nil {
		waiting.Explained = pausing
		all = append(all, *waiting)
	}
	return append(all, held...), err
}

// running is for how long it has.
func (a *App) running() time.Duration { return a.opts.Now().Sub(a.began) }

// settleLong counts files that have settled for over an hour, and tells
// whether any settle at all. Of empty ones it is only known that there has been
// one in their root all the time.
func (a *App) settleLong() (n int, some bool) {
	settling := a.watcher.Settling()
	for _, f := range settling {
		if a.opts.Now().Sub(f.Since) > settlesLong {
			n++
		}
	}
	some = len(settling) > 0
	for _, r := range a.watcher.Status() {
		if r.Online && r.Waiting > 0 {
			some = true
			if a.opts.Now().Sub(r.WaitingSince) > settlesLong {
				n += r.Waiting
			}
		}
	}
	return n, some
}

// heldLong is a trouble for each reason for which items are held, since the
// oldest of them is.
func (a *App) heldLong() (all []alert.Trouble, err error) {
	at := map[store.Reason]int{}
	for it, err := range a.items(context.Background(), store.Held) {
		if err != nil {
			return all, err
		}
		i, known := at[it.Reason]
		if !known {
			i = len(all)
			at[it.Reason] = i
			all = append(all, alert.Trouble{Kind: alert.Held, What: string(it.Reason), Since: it.Changed})
		}
		all[i].Count++
	}
	return all, nil
}

// waitLong is the trouble that files wait and don't get through: the oldest
// has waited for long, and was tried in vain, or none gets through at all. A
// backlog that is being worked off is no trouble, nor is what waits for a root
// that is away.
func (a *App) waitLong(s standing, away map[string]bool) (*alert.Trouble, error) {
	p, err := a.store.List(store.Waiting, "", lookAtWaiting)
	if err != nil {
		return nil, err
	}
	after, now := a.opts.Config.Alerts.After.Std(), a.opts.Now()
	for _, it := range p.Items {
		if away[it.Root] {
			continue
		}
		tried := it.Attempts > 0 || a.queue.OwnWall(it.ID)
		if now.Sub(it.FirstSeen) < after || !tried && now.Sub(s.delivered) < after && s.delivered.After(a.began) {
			return nil, nil
		}
		return &alert.Trouble{Kind: alert.Waiting, Unsure: !tried && now.Sub(s.delivered) < after, // since that start
			Count: s.counts.Items[store.Waiting] + s.counts.Items[store.Sending], Since: it.FirstSeen}, nil
	}
	return nil, nil
}
