package app

import (
	"context"
	"fmt"
	"path"
	"path/filepath"
	"strings"
	"time"

	"bloxdrop/internal/archive"
	"bloxdrop/internal/config"
	"bloxdrop/internal/control"
	"bloxdrop/watcher"
)

// newArchive is for every root: where sent files stay by now, it still ends
// what was begun when they didn't.
func (a *App) newArchive() *archive.Archive {
	var roots []archive.Root
	for _, w := range a.opts.Config.Watch {
		roots = append(roots, archive.Root{Path: w.Path, Delete: w.AfterUpload == config.AfterDelete})
	}
	return archive.New(archive.Options{Roots: roots, Store: a.store, Ready: a.rootReady, Log: a.opts.Log})
}

// rootReady says whether files in a root may be touched.
func (a *App) rootReady(path string) bool {
	why, _ := a.watcher.Barred(path)
	return why == ""
}

// listSent lets the ledger list what the archive is to see to.
func (a *App) listSent() error {
	for _, w := range a.opts.Config.Watch {
		if err := a.store.AfterUpload(w.Path, w.AfterUpload != config.AfterKeep); err != nil {
			return err
		}
	}
	return nil
}

// follow tells archive and notices of what happened to files, and of rescans, until ctx ends.
func (a *App) follow(ctx context.Context) {
	rescans := map[string]time.Time{}
	for {
		looked, tried := a.watcher.Changed(), a.queue.Changed()
		for _, r := range a.watcher.Status() {
			if r.Online && r.LastRescan.After(rescans[r.Path]) {
				rescans[r.Path] = r.LastRescan
				a.archive.Rescanned(r.Path)
				a.notices.Rescanned(r.Path)
			}
		}
		a.archive.Sent()
		a.notices.Wake()
		select {
		case <-ctx.Done():
			return
		case <-looked:
		case <-tried:
		}
	}
}

// troubleNotes tell of files that have to go and can't.
func (a *App) troubleNotes() (notes []string) {
	for _, t := range a.archive.Troubles() {
		many, what := files(t.Files), "moved to "+archive.Folder
		if t.More {
			many += " or more"
		}
		if t.Root.Delete {
			what = "deleted"
		}
		notes = append(notes, fmt.Sprintf("%s in %s that Bloxs has can't be %s, such as %s: %s; mend that, as by the right for bloxdrop to change its folder (each rescan tries again), or set after_upload = %q",
			many, t.Root.Path, what, filepath.FromSlash(t.Path), t.Reason, config.AfterKeep))
	}
	return notes
}

// explainOwn is for the names in a root that are bloxdrop's own.
func explainOwn(c watcher.Class, ex control.Explanation) control.Explanation {
	top, _, _ := strings.Cut(c.Rel, "/")
	switch {
	case strings.EqualFold(top, archive.Folder):
		ex.Reason = "bloxdrop puts files that are in Bloxs into " + archive.Folder + ", and never looks in there: nothing in it is sent"
		ex.Remedy = "if somebody else has put it there and it should go: move it into a person's folder"
	case watcher.IsNotice(path.Dir(c.Rel), filepath.Base(c.Rel)), c.Rel == watcher.PageName:
		ex.Reason = "bloxdrop writes this for people, and takes it away itself; a notice that somebody deletes means that the files of its folder are to be tried again"
	case strings.HasPrefix(filepath.Base(c.Rel), archive.Aside):
		ex.Reason = "Bloxs has this file, and it was put aside to be deleted; the next rescan finishes that"
	default:
		ex.Reason = "by this file bloxdrop knows the root again; leave it where it is"
	}
	return ex
}
