package app

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"path/filepath"
	"slices"
	"strings"

	"bloxdrop/internal/control"
	"bloxdrop/store"
	"bloxdrop/watcher"
)

// States are what `list --state` takes: those of items, and those of files
// that are no item's.
func States() []string {
	return []string{"waiting", "sending", "sent", "held", "skipped", "withdrawn", "settling", "unmatched", "ignored"}
}

// itemStates is the order in which a list of everything goes.
func itemStates() []store.State {
	return []store.State{store.Held, store.Sending, store.Waiting, store.Sent, store.Skipped, store.Withdrawn}
}

// List calls each for every item that is asked for, and for files of the last
// three of States by looking at the roots now.
func (a *App) List(ctx context.Context, which control.Selection, each func(control.Entry) error) error {
	state := which.State
	switch {
	case state == "settling":
		a.survey(ctx)
		return a.listSettling(ctx, which.Person, each)
	case state == "unmatched", state == "ignored":
		a.survey(ctx)
		return a.watcher.Walk(ctx, func(c watcher.Class) error {
			if c.Kind == watcher.Irregular || c.Kind == watcher.Copied {
				c.Kind = watcher.Ignored
			}
			if string(c.Kind) != state {
				return nil
			}
			return each(a.fileEntry(c, state, c.Reason))
		})
	case state != "" && !slices.Contains(States(), state):
		return fmt.Errorf("%q is no state; there are %s", state, strings.Join(States(), ", "))
	case a.store == nil:
		return a.damaged()
	}
	return a.listItems(ctx, which, each)
}

func (a *App) listSettling(ctx context.Context, person string, each func(control.Entry) error) error {
	return a.watcher.Walk(ctx, func(c watcher.Class) error {
		switch {
		case c.Kind != watcher.Personal, person != "" && c.Person.ID != person:
			return nil
		case c.Settling != nil:
			e := a.fileEntry(c, "settling", c.Settling.Why)
			e.FirstSeen = control.Stamp(c.Settling.Since)
			return each(e)
		}
		it, place, err := a.itemNow(ctx, c)
		if err != nil || it.ID != "" && place.Look == a.lookAt(c) {
			return err
		}
		why, _ := a.newcomer(c.Root)
		return each(a.fileEntry(c, "settling", why))
	})
}

// fileEntry is for a file that is no item's. A link has no size of its own.
func (a *App) fileEntry(c watcher.Class, state, why string) control.Entry {
	path := fullPath(c)
	e := control.Entry{Path: path, Paths: []string{path}, Person: c.Person.ID, State: state, Reason: why, Detail: why}
	if look, mode, err := store.LookAt(path); err == nil && mode.IsRegular() {
		e.Size = look.Size
	}
	return e
}

// listItems shows items as a person sees them: what a worker has is sending.
func (a *App) listItems(ctx context.Context, which control.Selection, each func(control.Entry) error) error {
	want := store.State(which.State)
	states := slices.DeleteFunc(itemStates(), func(state store.State) bool {
		return want != "" && want != state && (want != store.Sending || state != store.Waiting)
	})
	claimed := a.queue.Claimed()
	for it, err := range a.items(ctx, states...) {
		if err != nil {
			return err
		}
		if it.State == store.Waiting && claimed[it.ID] {
			it.State = store.Sending
		}
		if which.Person != "" && it.Person.ID != which.Person || want != "" && it.State != want {
			continue
		}
		e, err := a.entry(it)
		if err == nil {
			err = each(e)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

const page = 256

// items goes through the ledger's items in one state after the other, until ctx ends.
func (a *App) items(ctx context.Context, states ...store.State) iter.Seq2[store.Item, error] {
	return func(yield func(store.Item, error) bool) {
		for _, state := range states {
			list := func(after string) (store.Page, error) {
				if ctx.Err() != nil {
					return store.Page{}, context.Cause(ctx)
				}
				return a.store.List(state, after, page)
			}
			for it, err := range store.All(list) {
				if !yield(it, err) || err != nil {
					return
				}
			}
		}
	}
}

const placesShown = 100

func (a *App) entry(it store.Item) (control.Entry, error) {
	places, err := a.store.PlacesOf(it.ID, placesShown)
	if err != nil && !errors.Is(err, store.ErrNoItem) {
		return control.Entry{}, err
	}
	e := control.Entry{
		Item: string(it.ID), Path: filepath.Join(it.Root, filepath.FromSlash(it.Rel)), Paths: []string{}, Person: it.Person.ID, Relation: it.Person.Relation,
		State: string(it.State), Reason: string(it.Reason), Detail: it.Detail, TraceID: it.TraceID, Attempts: it.Attempts,
		FileID: it.FileID, SHA256: it.SHA256.String(), Size: it.Size,
		FirstSeen: control.Stamp(it.FirstSeen), SentAt: control.Stamp(it.SentAt),
	}
	if it.Base != "" {
		e.SHA256 = "" // nobody has read it
	}
	if it.State != store.Held {
		e.Reason = "" // one that was withdrawn keeps why it was held before
	}
	if it.State == store.Waiting {
		e.NextTry = control.Stamp(it.Due)
	}
	if it.Forgotten() {
		e.SHA256, e.Detail = "", "forgotten: only that it was sent is remembered"
	}
	for _, p := range places {
		e.Paths = append(e.Paths, filepath.Join(p.Root, filepath.FromSlash(p.Rel)))
	}
	if len(e.Paths) > 0 && !slices.Contains(e.Paths, e.Path) {
		e.Path = e.Paths[0] // the newest that is still there
	}
	return e, nil
}
