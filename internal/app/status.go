package app

import (
	"context"
	"time"

	"bloxdrop/internal/control"
	"bloxdrop/store"
	"bloxdrop/watcher"
)

// Status adds up ledger and roots.
func (a *App) Status(ctx context.Context) (control.Status, error) {
	a.survey(ctx)
	st := control.Status{Version: a.opts.Version, State: control.Stopped, Pauses: a.pauses(), Roots: []control.Root{}}
	if !a.began.IsZero() {
		st.State = control.Running
	}
	if len(st.Pauses) > 0 && st.State == control.Running {
		st.State = control.Paused
	}
	var counts store.Counts
	if a.store != nil {
		var err error
		if counts, err = a.store.Counts(); err != nil {
			return st, err
		}
		a.countItems(&st, counts)
	}
	st.Notes = append(st.Notes, a.pageNotes()...)
	return st, a.countFiles(&st, counts)
}

// survey lets the watcher look once, where it does not run.
func (a *App) survey(ctx context.Context) {
	if a.began.IsZero() {
		a.watcher.Survey(ctx)
	}
}

const damageRemedy = "stop bloxdrop; then `bloxdrop restore FILE` brings a backup back into store.dir, or `bloxdrop repair` puts together what both still prove; then start it again"

func (a *App) pauses() []control.Pause {
	list := []control.Pause{}
	if a.damage != nil {
		list = append(list, control.Pause{Cause: byDamage, Since: control.Stamp(a.began),
			Remedy: a.damaged().Error()})
	}
	if a.queue == nil {
		return list
	}
	list = append(list, a.rootPauses()...)
	for _, p := range a.queue.Pauses() {
		list = append(list, control.Pause{Cause: p.Cause, Since: control.Stamp(p.Since), Until: control.Stamp(p.Until), Remedy: p.Remedy})
	}
	return list
}

func (a *App) countItems(st *control.Status, c store.Counts) {
	st.Notes = append(st.Notes, a.notes...)
	st.Sent, st.Held, st.Skipped, st.Withdrawn = c.Items[store.Sent], c.Items[store.Held], c.Items[store.Skipped], c.Items[store.Withdrawn]
	st.Waiting, st.Sending = c.Items[store.Waiting], c.Items[store.Sending]
	// A worker has an item from before its gate opens: that is sending, too.
	for id := range a.queue.Claimed() {
		if it, err := a.store.Item(id); err == nil && it.State == store.Waiting {
			st.Waiting--
			st.Sending++
		}
	}
	if !c.Oldest.IsZero() {
		st.OldestWaitingSeconds = max(int64(a.opts.Now().Sub(c.Oldest).Seconds()), 0)
	}
	if next, on := a.queue.Caution(); on {
		note := "an upload ended without an answer, so files go one at a time until Bloxs answers again"
		if next.After(a.opts.Now()) {
			note += "; the next at " + next.Local().Format(time.TimeOnly)
		}
		st.Notes = append(st.Notes, note)
	}
	st.Notes = append(st.Notes, a.troubleNotes()...)
	st.Notes = append(st.Notes, a.noticeNotes()...)
	if !a.queue.LookUpsAllowed() {
		st.Notes = append(st.Notes, "Bloxs forbids this key to look persons up, so folders' names are not checked: ask the Bloxs administrator for the right to read persons")
	}
}

// countFiles adds up the files that are there now. A place whose file is just
// settling again counts as settling, and no longer as a place.
func (a *App) countFiles(st *control.Status, c store.Counts) error {
	places, placed := c.Places, c.Placed
	again := map[store.ItemID]int{}
	for _, s := range a.watcher.Settling() {
		if s.Item != "" {
			again[s.Item]++
		}
	}
	for id, n := range again {
		it, err := a.store.Item(id)
		if err != nil {
			continue // it went meanwhile
		}
		places -= n
		if it.Places <= n {
			placed--
		}
	}
	for _, r := range a.watcher.Status() {
		n, err := a.placesIn(r)
		if err != nil {
			return err
		}
		st.Settling += r.Settling
		st.Unmatched += r.Unmatched
		st.Ignored += r.Ignored
		if why := unbased(r); why != "" {
			st.Notes = append(st.Notes, r.Path+": "+why)
		}
		there := n + r.Settling - r.Resettling + r.Unmatched + r.Ignored
		st.Files += there
		st.Roots = append(st.Roots, control.Root{
			Path: r.Path, Online: r.Online, Offline: offline(r), Paused: r.Paused != "", Events: r.Events, LastRescan: control.Stamp(r.LastRescan),
			Files: there, Unreadable: r.Unreadable,
		})
	}
	st.Duplicate = max(places-placed, 0)
	st.SettlingLong, _ = a.settleLong()
	return nil
}

func (a *App) placesIn(r watcher.RootStatus) (int, error) {
	if a.store == nil {
		return 0, nil
	}
	return a.store.PlacesIn(r.Path)
}
