package app

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"bloxdrop/internal/archive"
	"bloxdrop/store"
	"bloxdrop/watcher"
)

// Forget takes from ledger and journal by what a person could be recognized.
// It refuses, with a list, while a file of theirs is in a root or something of
// theirs is not settled; else the next rescan would bring them back.
func (a *App) Forget(ctx context.Context, person string) (string, error) {
	if err := a.ready(); err != nil {
		return "", err
	}
	if person == "" {
		return "", errors.New("say which person: --person, with the identifier in the folder's name")
	}
	left, err := a.filesOf(ctx, person)
	if err != nil {
		return "", err
	}
	var inUse *store.InUseError
	var alike []string
	theirs := owner{app: a, person: person}
	kept := 0
	if len(left.said) == 0 {
		if alike, err = a.noteGone(ctx, &theirs); err != nil {
			return "", err
		}
		kept, err = a.store.Forget(person, theirs.owns)
		if errors.As(err, &inUse) {
			for _, it := range inUse.Items {
				left.add(filepath.Join(it.Root, filepath.FromSlash(it.Rel)), stillOpen(it))
			}
			left.more += inUse.Total - len(inUse.Items)
			err = nil
		}
	}
	if len(left.said) > 0 {
		return "", left.refusal(person)
	}
	if err != nil {
		return "", err
	}
	a.forgetWarnings()
	said := fmt.Sprintf("person %s is forgotten in ledger and journal; %s stay known by a salted digest alone, so that they are never sent again", person, files(kept))
	if kept == 0 {
		said = fmt.Sprintf("nothing was remembered of person %s that had to be kept", person)
	}
	lines := append([]string{said}, theirs.notWatched()...)
	for _, id := range alike {
		lines = append(lines, fmt.Sprintf("Not forgotten: %s, which differs in capitals and counts as somebody else; if it is the same person, forget that one, too", id))
	}
	beyond, err := a.beyond()
	return strings.Join(append(append(lines, "Not reached from here:"), beyond...), "\n"), err
}

// obstacles are what keeps a person from being forgotten.
type obstacles struct {
	said []string
	more int
}

const obstaclesShown = 20

func (o *obstacles) add(path, why string) {
	if len(o.said) == obstaclesShown {
		o.more++
		return
	}
	if q := strconv.Quote(path); strings.ContainsRune(q, '\\') && filepath.Separator == '/' {
		path = q // who names the files must not steer a terminal
	}
	o.said = append(o.said, path+": "+why)
}

func (o *obstacles) refusal(person string) error {
	if o.more > 0 {
		o.said = append(o.said, fmt.Sprintf("and %d more: bloxdrop list --person %s", o.more, person))
	}
	return fmt.Errorf("person %s can't be forgotten yet:\n  %s\nTake their files out of the roots, settle what waits or is held, and say it again", person, strings.Join(o.said, "\n  "))
}

func stillOpen(it store.Item) string {
	switch {
	case it.State == store.Held && it.Reason == store.Uncertain:
		return "nobody knows whether it is in Bloxs: bloxdrop resolve"
	case it.State == store.Sent, it.State == store.Skipped:
		return "its file is in the root still"
	case it.State == store.Held:
		return "held"
	}
	return "on its way to Bloxs"
}

// filesOf looks through every root for files of a person, also for those that
// have not settled yet.
func (a *App) filesOf(ctx context.Context, person string) (*obstacles, error) {
	a.survey(ctx)
	left := &obstacles{}
	for _, r := range a.watcher.Status() {
		if !r.Online || r.Paused != "" {
			return left, fmt.Errorf("nobody can tell whether files of person %s are in %s: %s%s; mend that first", person, r.Path, r.Offline, r.Paused)
		}
		err := a.watcher.Tour(ctx, r.Path, func(s watcher.Sight) error {
			mine := s.Person.ID == person
			path := fullPath(s.Class)
			switch {
			case s.Kind == watcher.Personal && mine:
				left.add(path, "its file is in the root still")
			case s.Kind == watcher.Folder && s.Err != nil && (mine || s.Person.ID == ""):
				left.add(path, "it can't be looked into: "+s.Err.Error())
			}
			return nil
		})
		if err != nil {
			return left, err
		}
	}
	return left, nil
}

// noteGone tells the ledger what filesOf has proven: with nothing running, or
// before the next rescan, it still knows files that are gone, and those of roots
// that aren't watched any more. It returns who differs in capitals alone.
func (a *App) noteGone(ctx context.Context, theirs *owner) (alike []string, err error) {
	var mine []store.Item
	person := theirs.person
	for it, err := range a.items(ctx, itemStates()...) {
		switch id := it.Person.ID; {
		case err != nil:
			return nil, err
		case id == person && it.Places > 0:
			mine = append(mine, it)
		case id != person && strings.EqualFold(id, person) && !slices.Contains(alike, id):
			alike = append(alike, id)
		}
	}
	for _, it := range mine {
		places, err := a.store.PlacesOf(it.ID, it.Places)
		if err != nil {
			return nil, err
		}
		for _, p := range places {
			theirs.finds(p.Root)
			if err := a.store.Gone(p.Root, []string{p.Rel}); err != nil {
				return nil, err
			}
		}
	}
	return alike, nil
}

// beyond names where else a person may still be found.
func (a *App) beyond() ([]string, error) {
	said := []string{"  backups of store.dir, and those that `bloxdrop backup` made"}
	if file := a.opts.Config.Log.File; file != "" {
		said = append(said, "  "+file+" and the older logs beside it")
	} else {
		said = append(said, "  the log, wherever the service's standard error goes")
	}
	kept, err := a.store.SetAside()
	slices.Sort(kept)
	for _, path := range kept {
		said = append(said, "  "+path+", set aside by an earlier start; delete it when nobody needs it")
	}
	for _, w := range a.opts.Config.Watch {
		if dir := filepath.Join(w.Path, archive.Folder); isFolder(dir) {
			said = append(said, "  "+dir+", where sent files were moved to")
		}
	}
	return append(said, "  Bloxs itself"), err
}

func isFolder(path string) bool {
	fi, err := os.Lstat(path)
	return err == nil && fi.IsDir()
}
