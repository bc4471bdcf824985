package app

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"path/filepath"
	"slices"
	"strings"

	"bloxdrop/internal/bloxs"
	"bloxdrop/internal/control"
	"bloxdrop/queue"
	"bloxdrop/store"
	"bloxdrop/watcher"
)

var errNoLedger = errors.New("bloxdrop has not run with this config yet: there is no ledger in store.dir")

// ready tells why nothing can be done, where that is so.
func (a *App) ready() error {
	switch {
	case a.damage != nil:
		return a.damaged()
	case a.store == nil:
		return errNoLedger
	}
	return nil
}

// damaged is a.damage with what to do about it, nil where there is none.
func (a *App) damaged() error {
	if a.damage == nil {
		return nil
	}
	return fmt.Errorf("ledger and journal are damaged, so nobody can tell what was sent: %s (%w)", damageRemedy, a.damage)
}

// itemsAt finds the items at a path: that of a file, all below a folder, or,
// where nothing is there any more, those that were last seen there.
func (a *App) itemsAt(ctx context.Context, path string) ([]store.Item, error) {
	c := a.watcher.Classify(path)
	if c.Kind == watcher.Outside {
		items, err := a.lastSeenOutside(ctx, path)
		if err == nil && len(items) == 0 {
			err = fmt.Errorf("%s is outside every watched root", path)
		}
		return items, err
	}
	it, _, err := a.store.ItemAt(c.Root, c.Rel)
	if err == nil {
		return []store.Item{it}, nil
	}
	if !errors.Is(err, store.ErrNoItem) {
		return nil, err
	}
	seen := map[store.ItemID]bool{}
	var items []store.Item
	for it, err := range a.below(c) {
		if err != nil {
			return nil, err
		}
		if !seen[it.ID] {
			seen[it.ID] = true
			items = append(items, it)
		}
	}
	if len(items) > 0 || c.Kind != watcher.Missing && c.Kind != watcher.Offline {
		return items, nil
	}
	return a.lastSeenAt(ctx, c.Root, c.Rel)
}

// below goes through the items at or below a path; one with several places
// there comes as often.
func (a *App) below(c watcher.Class) iter.Seq2[store.Item, error] {
	return store.All(func(after string) (store.Page, error) { return a.store.Below(c.Root, c.Rel, after, page) })
}

// named is itemsAt, or where no path is given but an item's ID, that item.
func (a *App) named(ctx context.Context, name string) ([]store.Item, error) {
	if strings.ContainsAny(name, `/\`) {
		return a.itemsAt(ctx, name)
	}
	it, err := a.store.Find(name)
	return []store.Item{it}, err
}

// lastSeenAt looks through the whole ledger: only places that are there now
// are found by their path.
func (a *App) lastSeenAt(ctx context.Context, root, rel string) (items []store.Item, err error) {
	for it, err := range a.items(ctx, itemStates()...) {
		if err != nil {
			return nil, err
		}
		if it.Root == root && store.Fold(it.Rel) == store.Fold(rel) {
			items = append(items, it)
		}
	}
	return items, nil
}

// lastSeenOutside is lastSeenAt for a root that the config no longer names. What
// is uncertain there is still to be settled.
func (a *App) lastSeenOutside(ctx context.Context, path string) (items []store.Item, err error) {
	for it, err := range a.items(ctx, itemStates()...) {
		if err != nil {
			return nil, err
		}
		if filepath.Join(it.Root, filepath.FromSlash(it.Rel)) == filepath.Clean(path) {
			items = append(items, it)
		}
	}
	return items, nil
}

// Retry lets files go now: those of the paths, or all.
func (a *App) Retry(ctx context.Context, paths []string, all bool) (string, error) {
	if err := a.ready(); err != nil {
		return "", err
	}
	if all {
		a.watcher.RescanNow()
		n, err := a.queue.RetryAll()
		return tried(n) + a.butPaused(), err
	}
	var ids []store.ItemID
	var uncertain int
	for _, path := range paths {
		items, err := a.named(ctx, path)
		if err != nil {
			return "", err
		}
		if len(items) == 0 {
			ex, err := a.Explain(ctx, path)
			if err != nil {
				return "", err
			}
			return "", fmt.Errorf("there is nothing to try again at %s: it is %s; %s", path, ex.State, ex.Reason)
		}
		for _, it := range items {
			ids = append(ids, it.ID)
			if it.State == store.Held && it.Reason == store.Uncertain {
				uncertain++
			}
		}
	}
	n, err := a.queue.Retry(ids)
	said := tried(n) + a.butPaused()
	if uncertain > 0 {
		said += fmt.Sprintf("; %s may be in Bloxs already and is left alone: look there, then `bloxdrop resolve PATH --sent` or `--resend`", files(uncertain))
	}
	return said, err
}

// butPaused says what a retry does not end.
func (a *App) butPaused() string {
	for _, p := range a.queue.Pauses() {
		if p.Cause == queue.ByHand {
			return ", but sending is paused by hand: `bloxdrop resume` goes on"
		}
	}
	return ""
}

func files(n int) string {
	if n == 1 {
		return "1 file"
	}
	return fmt.Sprintf("%d files", n)
}

func tried(n int) string {
	if n == 0 {
		return "no file is held or waits"
	}
	return files(n) + " will be tried again now"
}

// Resolve settles an uncertain upload by a person's word.
func (a *App) Resolve(ctx context.Context, r control.Resolution) (string, error) {
	if err := a.ready(); err != nil {
		return "", err
	}
	it, err := a.target(ctx, r.Target)
	if err != nil {
		return "", err
	}
	path := filepath.Join(it.Root, filepath.FromSlash(it.Rel))
	if err := a.isNobodysID(it, r.FileID); err != nil {
		return "", err
	}
	if err := a.queue.Resolve(it.ID, r.Sent, r.FileID); err != nil {
		return "", fmt.Errorf("%s: %w", path, err)
	}
	if r.Sent {
		return path + " is noted as sent", nil
	}
	if now, err := a.store.Item(it.ID); err == nil && now.State == store.Withdrawn {
		return path + " is noted as not sent; there is no copy of it in the folder any more: put it back, and it goes", nil
	}
	return path + " will be sent again", nil
}

// isNobodysID refuses a file ID that another file has: it was misread or
// mistyped, and after_upload might delete the only copy because of it.
func (a *App) isNobodysID(it store.Item, fileID int64) error {
	if fileID == 0 {
		return nil
	}
	others, err := a.store.ByFileID(fileID, 8)
	for _, other := range others {
		if other.ID != it.ID && other.Person.Environment == it.Person.Environment {
			return fmt.Errorf("file %d is another one in Bloxs: %s, of %s %s; nothing was changed. Look for this file's own ID, or say --sent without one",
				fileID, filepath.Join(other.Root, filepath.FromSlash(other.Rel)), bloxs.OneOf(other.Person.Relation), other.Person.ID)
		}
	}
	return err
}

// target is the one item that a person names by its path or its ID.
func (a *App) target(ctx context.Context, name string) (store.Item, error) {
	if !strings.ContainsAny(name, `/\`) {
		return a.store.Find(name)
	}
	items, err := a.itemsAt(ctx, name)
	if err != nil {
		return store.Item{}, err
	}
	var uncertain []store.Item
	for _, it := range items {
		if it.State == store.Held && it.Reason == store.Uncertain {
			uncertain = append(uncertain, it)
		}
	}
	if c := a.watcher.Classify(name); len(uncertain) == 0 && c.Kind != watcher.Outside {
		// The file may have been edited since, and have gone as another item.
		if it, err := a.uncertainAt(ctx, c.Root, c.Rel); err != nil || it.ID != "" {
			return it, err
		}
	}
	switch {
	case len(uncertain) == 1:
		return uncertain[0], nil
	case len(uncertain) > 1:
		return store.Item{}, fmt.Errorf("%d uncertain uploads are at %s: name one file, or its item as `bloxdrop list --state held` shows it", len(uncertain), name)
	case len(items) == 1:
		return items[0], nil // its state is the answer
	}
	return store.Item{}, fmt.Errorf("no uncertain upload is at %s", name)
}

// uncertainAt finds the uncertain item that was last seen at a path, if any.
func (a *App) uncertainAt(ctx context.Context, root, rel string) (found store.Item, err error) {
	for it, err := range a.items(ctx, store.Held) {
		if err != nil {
			return found, err
		}
		if it.Reason == store.Uncertain && it.Root == root && store.Fold(it.Rel) == store.Fold(rel) {
			found = it
		}
	}
	return found, nil
}

// Confirm notes that a folder's name is right for its person.
func (a *App) Confirm(_ context.Context, path string) (string, error) {
	if err := a.ready(); err != nil {
		return "", err
	}
	key, folder, err := a.personOf(path)
	switch {
	case a.watcher.Classify(path).Kind == watcher.Missing:
		return "", fmt.Errorf("nothing is at %s: name the folder, or a file in it", path)
	case err != nil:
		return "", fmt.Errorf("%s is in no person's folder: %w", path, err)
	case folder == "":
		return "", fmt.Errorf("the folder of %s shows no name that could be confirmed", path)
	}
	n, err := a.queue.Confirm(key, folder)
	if err != nil {
		return "", err
	}
	return fmt.Sprintf("%q is confirmed as the folder of person %s; %s can go", folder, key.ID, files(n)), nil
}

// personOf tells whose a file or folder is, and the name that its folder shows.
func (a *App) personOf(path string) (key store.PersonKey, folder string, err error) {
	c := a.watcher.Classify(path)
	for _, w := range a.opts.Config.Watch {
		if w.Path != c.Root || c.Kind == watcher.Outside {
			continue
		}
		var folders []string
		if c.Rel != "" {
			folders = strings.Split(c.Rel, "/")
		}
		if c.Kind != watcher.Folder && len(folders) > 0 {
			folders = folders[:len(folders)-1]
		}
		p, err := w.Pattern.Match(folders)
		if err != nil {
			return key, "", err
		}
		key = store.PersonKey{Environment: a.opts.Config.Bloxs.Environment(), Relation: w.Relation, Kind: p.Kind, ID: p.ID}
		return key, p.Name, nil
	}
	return key, "", errors.New("it is outside every watched root")
}

// Pause keeps everything back until Resume.
func (a *App) Pause(context.Context) (string, error) {
	if err := a.ready(); err != nil {
		return "", err
	}
	return "sending is paused, also over restarts, until `bloxdrop resume`; files are still taken in", a.queue.PauseByHand()
}

// Resume ends the pauses that a person can end.
func (a *App) Resume(context.Context) (string, error) {
	if err := a.ready(); err != nil {
		return "", err
	}
	if err := a.queue.Resume(); err != nil {
		return "", err
	}
	var left []string
	for _, p := range a.pauses() {
		if !slices.Contains(left, p.Cause) {
			left = append(left, p.Cause)
		}
	}
	switch {
	case len(left) > 0:
		return "what this can end is ended; files still wait for: " + strings.Join(left, ", ") + "; `bloxdrop status` says what to do", nil
	case a.began.IsZero():
		return "sending goes on when bloxdrop runs again", nil
	}
	return "sending goes on", nil
}
