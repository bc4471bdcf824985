package app

import (
	"context"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"bloxdrop/internal/control"
	"bloxdrop/store"
	"bloxdrop/uploader"
)

// What the page reads beside what commands ask. All of it is bounded.

// Rows lists items in a state, the newest first; waiting ones by age.
func (a *App) Rows(state, after string, n int) (control.Rows, error) {
	if a.store == nil {
		return control.Rows{}, nil // the status says why
	}
	read := a.store.Newest
	if state == string(store.Waiting) {
		read = a.store.List
	}
	p, err := read(store.State(state), after, n)
	if err != nil {
		return control.Rows{}, err
	}
	rows, err := a.rows(p.Items)
	return control.Rows{Rows: rows, Next: p.Next}, err
}

const heldLooked = 2000

// Held lists held items, n of each reason at most, so that many of one reason
// hide no other one.
func (a *App) Held(n int) (held control.Held, err error) {
	held.Counts = map[string]int{}
	if a.store == nil {
		return held, nil
	}
	var items []store.Item
	for it, err := range store.All(func(before string) (store.Page, error) { return a.store.Newest(store.Held, before, page) }) {
		if err != nil {
			return held, err
		}
		reason := string(it.Reason)
		if held.Counts[reason]++; held.Counts[reason] <= n {
			items = append(items, it)
		}
		if held.Looked++; held.Looked == heldLooked {
			break
		}
	}
	held.Rows, err = a.rows(items)
	return held, err
}

func (a *App) rows(items []store.Item) (rows []control.Row, err error) {
	claimed := a.queue.Claimed()
	for _, it := range items {
		if it.State == store.Waiting && claimed[it.ID] {
			it.State = store.Sending
		}
		r, err := a.row(it)
		if err != nil {
			return nil, err
		}
		rows = append(rows, r)
	}
	return rows, nil
}

func (a *App) row(it store.Item) (control.Row, error) {
	e, err := a.entry(it)
	if err != nil {
		return control.Row{}, err
	}
	r := control.Row{Entry: e, Root: it.Root, Rel: it.Rel, Kind: it.Person.Kind, Due: it.Due, Seen: it.FirstSeen,
		Since: it.Changed, Delivered: it.SentAt, Uncertain: it.Uncertain}
	places, err := a.store.PlacesOf(it.ID, 1)
	if err != nil {
		return r, err
	}
	if len(places) > 0 {
		r.Root, r.Rel, r.Folder = places[0].Root, places[0].Rel, places[0].Folder
		r.Path = filepath.Join(r.Root, filepath.FromSlash(r.Rel))
	}
	if it.Forgotten() {
		return r, nil
	}
	who, err := a.store.Person(it.Person)
	r.Names = who.Names
	return r, err
}

// RetryItems is Retry of items, and says how many that lets go.
func (a *App) RetryItems(items []string) (int, error) {
	if err := a.ready(); err != nil {
		return 0, err
	}
	var ids []store.ItemID
	for _, name := range items {
		it, err := a.store.Find(name)
		if err != nil {
			return 0, err
		}
		ids = append(ids, it.ID)
	}
	return a.queue.Retry(ids)
}

// Hours tells how many files Bloxs took in each hour since then.
func (a *App) Hours(since time.Time) (hours []control.Hour, err error) {
	if a.store == nil {
		return nil, nil
	}
	list, err := a.store.Hours(since)
	for _, h := range list {
		hours = append(hours, control.Hour(h))
	}
	return hours, err
}

// Flights lists what is on its way.
func (a *App) Flights() (list []control.Flight, err error) {
	if a.uploader == nil {
		return nil, nil
	}
	for _, f := range a.uploader.Flights() {
		f.Item.State = store.Sending
		r, err := a.row(f.Item)
		if err != nil {
			return list, err
		}
		list = append(list, control.Flight{Row: r, Begun: f.Since, Moved: f.Sent, Stage: stageOf(f)})
	}
	return list, nil
}

func stageOf(f uploader.Flight) string {
	switch {
	case f.Awaiting, f.Sending && f.Sent == f.Item.Size:
		return control.Answering
	case f.Sending:
		return control.Uploading
	}
	return control.Checking
}

const (
	paceOver = 5 * time.Minute // by how long a while the pace is judged
	paceMost = 500             // and by how many files
)

// Pace is by the last files, and never more than the rate limit allows.
func (a *App) Pace() (p control.Pace, err error) {
	limit := float64(a.opts.Config.Bloxs.RequestsPerMinute)
	if a.store == nil {
		return p, nil
	}
	last, err := a.store.Newest(store.Sent, "", paceMost)
	if err != nil {
		return p, err
	}
	now := a.opts.Now()
	n, since := 0, now
	for _, it := range last.Items {
		if now.Sub(it.SentAt) > paceOver || it.SentAt.After(now) {
			break
		}
		n, since = n+1, it.SentAt
	}
	if d := now.Sub(since); n >= 5 && d > 5*time.Second {
		p.PerMinute = float64(n) / d.Minutes()
	}
	if p.NotBefore, err = a.store.LastDue(); err != nil {
		return p, err
	}
	if limit > 0 && (p.PerMinute == 0 || p.PerMinute > limit) {
		p.PerMinute = limit
	}
	return p, nil
}

const (
	personsFound = 20
	rowsFound    = 50
	newestLooked = 2000
	lookFor      = 100 * time.Millisecond // in all
)

// Search finds persons, names and file IDs. With after it goes on looking for
// names in what was not looked at yet.
func (a *App) Search(ctx context.Context, text, after string) (found control.Found, err error) {
	if err := a.ready(); err != nil {
		return found, err
	}
	ctx, cancel := context.WithTimeout(ctx, lookFor)
	defer cancel()
	text = strings.TrimSpace(text)
	var items []store.Item
	if after == "" {
		if items, err = a.searchExact(ctx, text, &found); err != nil {
			return found, err
		}
		if len(items) > 0 {
			found.Part = 1
			found.Rows.Rows, err = a.rows(items)
			return found, err
		}
		if items, err = a.store.NewestLike(ctx, store.Sent, text, newestLooked, rowsFound); err != nil {
			return found, err
		}
	}
	s, err := a.store.ItemsLike(ctx, text, after, rowsFound)
	if err != nil {
		return found, err
	}
	for _, it := range s.Items {
		if !slices.ContainsFunc(items, func(other store.Item) bool { return other.ID == it.ID }) {
			items = append(items, it)
		}
	}
	slices.SortFunc(items, func(a, b store.Item) int { return b.Changed.Compare(a.Changed) })
	found.Rows.Rows, err = a.rows(items)
	found.Rows.Next, found.Part = s.Next, s.Part
	return found, err
}

// searchExact uses what the ledger has an index of, file IDs and item IDs, and
// looks through the persons, of whom there are far fewer than files.
func (a *App) searchExact(ctx context.Context, text string, found *control.Found) (items []store.Item, err error) {
	if id, bad := strconv.ParseInt(text, 10, 64); bad == nil {
		if items, err = a.store.ByFileID(id, rowsFound); err != nil {
			return nil, err
		}
	}
	if it, bad := a.store.Find(text); bad == nil {
		items = append(items, it)
	}
	ctx, cancel := context.WithTimeout(ctx, lookFor/3)
	defer cancel()
	persons, all, err := a.store.PersonsLike(ctx, text, personsFound)
	for _, p := range persons {
		found.Persons = append(found.Persons, control.Person{Environment: p.Key.Environment, Relation: p.Key.Relation, Kind: p.Key.Kind, ID: p.Key.ID, Names: p.Names})
	}
	found.AllPersons = all
	return items, err
}

// FilesOf lists files of a person, at most rowsFound.
func (a *App) FilesOf(p control.Person) (rows []control.Row, err error) {
	if err := a.ready(); err != nil {
		return nil, err
	}
	items, err := a.store.ItemsOf(store.PersonKey{Environment: p.Environment, Relation: p.Relation, Kind: p.Kind, ID: p.ID}, rowsFound)
	if err != nil {
		return nil, err
	}
	return a.rows(items)
}

// Story tells all that is known of one item.
func (a *App) Story(ctx context.Context, item string) (s control.Story, err error) {
	if err := a.ready(); err != nil {
		return s, err
	}
	it, err := a.store.Find(item)
	if err != nil {
		return s, err
	}
	rows, err := a.rows([]store.Item{it})
	if err != nil {
		return s, err
	}
	s.Row = rows[0]
	s.Reason, s.Remedy = a.reason(it, s.Row.Path)
	ctx, cancel := context.WithTimeout(ctx, lookFor)
	defer cancel()
	steps, all, err := a.store.Steps(ctx, it.ID)
	s.AllSteps = all
	for _, is := range steps {
		step := control.Step{At: is.At, What: is.Op, FileID: is.FileID, Detail: is.Cause}
		if is.Sent {
			step.What += " sent"
		}
		s.Steps = append(s.Steps, step)
	}
	return s, err
}

// Changed gives a channel that is closed when what the page shows may have changed.
func (a *App) Changed() (queue, roots <-chan struct{}) {
	if a.queue == nil {
		return nil, a.watcher.Changed()
	}
	return a.queue.Changed(), a.watcher.Changed()
}
