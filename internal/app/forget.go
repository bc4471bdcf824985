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
	kept := 0
	if len(left.said) == 0 {
		if err := a.noteGone(ctx, person); err != nil {
			return "", err
		}
		kept, err = a.store.Forget(person, a.owns(person))
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
	said := fmt.Sprintf("person %s is forgotten in ledger and journal; %s stay known by a salted digest alone, so that they are never sent again", person, files(kept))
	if kept == 0 {
		said = fmt.Sprintf("nothing was remembered of person %s that had to be kept", person)
	}
	beyond, err := a.beyond()
	return strings.Join(append([]string{said, "Not reached from here:"}, beyond...), "\n"), err
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
// before the next rescan, it still knows files that are gone.
func (a *App) noteGone(ctx context.Context, person string) error {
	var mine []store.Item
	for _, state := range itemStates() {
		err := a.eachItem(ctx, state, func(it store.Item) error {
			if it.Person.ID == person && it.Places > 0 {
				mine = append(mine, it)
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	for _, it := range mine {
		places, err := a.store.PlacesOf(it.ID, it.Places)
		if err != nil {
			return err
		}
		for _, p := range places {
			if !slices.Contains(a.rootPaths(), p.Root) {
				continue
			}
			if err := a.store.Gone(p.Root, []string{p.Rel}); err != nil {
				return err
			}
		}
	}
	return nil
}

// owns tells whose folder a path is in, by the layouts of today. Windows keeps
// the case of a baseline's paths no more.
func (a *App) owns(person string) func(root, rel string) bool {
	return func(root, rel string) bool {
		for _, w := range a.opts.Config.Watch {
			if w.Path == root {
				folders := strings.Split(rel, "/")
				p, err := w.Pattern.Match(folders[:len(folders)-1])
				return err == nil && strings.EqualFold(p.ID, person)
			}
		}
		return false
	}
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
