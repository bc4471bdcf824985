package app

import (
	"context"
	"errors"
	"fmt"

	"bloxdrop/internal/bloxs"
	"bloxdrop/internal/config"
	"bloxdrop/internal/control"
	"bloxdrop/store"
	"bloxdrop/watcher"
)

// Send is a person's order: to send what existing = "skip" has left, at a path
// or below a folder, or, with again, to upload one sent file a second time.
func (a *App) Send(ctx context.Context, path string, again bool) (string, error) {
	if err := a.ready(); err != nil {
		return "", err
	}
	c := a.watcher.Classify(path)
	if c.Kind == watcher.Outside {
		return "", fmt.Errorf("%s is outside every watched root", path)
	}
	if again {
		return a.sendAgain(ctx, path, c)
	}
	n, err := a.queue.Send(c.Root, c.Rel)
	if n > 0 {
		a.watcher.LookSoon(c.Root, c.Rel)
	}
	if err != nil {
		return "", fmt.Errorf("%s will be sent, the others not: %w", files(n), err)
	}
	if n == 0 {
		return "", a.nothingToSend(ctx, path, c)
	}
	return files(n) + " will be sent, once unchanged for settle" + a.butStopped(), nil
}

func (a *App) butStopped() string {
	if a.began.IsZero() {
		return ", when bloxdrop runs again"
	}
	return a.butPaused()
}

// nothingToSend says why there was nothing skipped at a path.
func (a *App) nothingToSend(ctx context.Context, path string, c watcher.Class) error {
	if c.Kind == watcher.Folder {
		return fmt.Errorf("no skipped file is in %s; `bloxdrop list --state skipped` names them all", path)
	}
	if it, _, err := a.store.ItemAt(c.Root, c.Rel); err == nil && it.State == store.Sent {
		return fmt.Errorf("%s is in Bloxs already, %s; to upload it a second time all the same: `bloxdrop send %s --again`", path, asFile(it), ShellQuoted(path))
	}
	ex, err := a.Explain(ctx, path)
	if err != nil {
		return err
	}
	return fmt.Errorf("there is nothing skipped at %s: it is %s; %s%s", path, ex.State, ex.Reason, toDo(ex))
}

func toDo(ex control.Explanation) string {
	if ex.Remedy == "" {
		return ""
	}
	return "; to do: " + ex.Remedy
}

func (a *App) sendAgain(ctx context.Context, path string, c watcher.Class) (string, error) {
	if c.Kind == watcher.Folder {
		return "", fmt.Errorf("%s is a folder: a second upload can't be taken back, so name one file", path)
	}
	it, place, err := a.store.ItemAt(c.Root, c.Rel)
	if err != nil && !errors.Is(err, store.ErrNoItem) {
		return "", err
	}
	if it.State == store.Sent && c.Kind == watcher.Personal && place.Look == a.lookAt(c) {
		if err := a.sameReceiver(path, it); err != nil {
			return "", err
		}
		if err := a.queue.SendAgain(it.ID); err != nil {
			return "", fmt.Errorf("%s: %w", path, err)
		}
		a.opts.Log.Warn("a second upload was ordered", "path", path, "person", it.Person.ID, "file_id", it.FileID)
		return fmt.Sprintf("%s will be uploaded a second time%s; it is in Bloxs already, %s", path, a.butStopped(), asFile(it)), nil
	}
	if it.State == store.Skipped {
		return "", fmt.Errorf("%s was never sent: `bloxdrop send %s`, without --again, sends it", path, ShellQuoted(path))
	}
	ex, err := a.Explain(ctx, path)
	if err != nil {
		return "", err
	}
	return "", fmt.Errorf("there is nothing at %s to upload a second time: it is %s; %s%s", path, ex.State, ex.Reason, toDo(ex))
}

// sameReceiver refuses where a file was sent to somebody else than its folder
// names by now: its root was adopted since, and a second upload would go to
// the first receiver once more.
func (a *App) sameReceiver(path string, it store.Item) error {
	now, _, err := a.personOf(path)
	was := it.Person
	was.Environment = now.Environment // whatever the address was called, it is this one that is asked
	if err != nil || was == now {
		return err
	}
	return fmt.Errorf("%s was sent to the %s with %s %s, and its folder is by now that of the %s with %s %s; a second upload would go to the first again. To send it to the other, save it with a change",
		path, bloxs.OneOf(was.Relation), was.Kind, was.ID, bloxs.OneOf(now.Relation), now.Kind, now.ID)
}

func asFile(it store.Item) string {
	if it.FileID == 0 {
		return "without a file ID, as somebody has said"
	}
	return fmt.Sprintf("as file %d", it.FileID)
}

// begin settles what becomes of the files that are in a root at its first
// start. It comes before anything else of the root is noted.
func (a *App) begin(w config.Watch) error {
	if w.Existing == config.ExistingSkip {
		is, err := a.store.WantBaseline(w.Path)
		if err == nil && is == store.NoBaseline {
			a.note(w.Path, `existing = "skip" has no effect on %s: it is for a first start; bloxdrop has run there before, and remembers nothing there that was to be skipped`)
		}
		return err
	}
	is, err := a.store.Baseline(w.Path)
	switch {
	case err != nil:
		return err
	case is == store.BaselineWanted: // nothing was skipped yet, and nothing sent
		return a.store.UnwantBaseline(w.Path)
	case is == store.BaselineKept:
		a.note(w.Path, `existing = "upload" has no effect on %s: what was there when bloxdrop began with it, or it was adopted, with "skip" stays skipped; `+"`bloxdrop send PATH` sends it all the same")
	}
	return nil
}

// note is for status, and said once in the log.
func (a *App) note(root, format string) {
	text := fmt.Sprintf(format, root)
	a.notes = append(a.notes, text)
	a.opts.Log.Warn(text)
}

// unbased is why nothing in a root is taken in yet.
func unbased(r watcher.RootStatus) string {
	if r.Baseline == "" {
		return ""
	}
	return `what is there at the first start is to be skipped, and before it is all noted nothing is taken in: ` + r.Baseline
}

// newcomer says what becomes of a file that nobody has taken in yet.
func (a *App) newcomer(root string) (reason, remedy string) {
	if why, soon := a.watcher.Barred(root); why != "" && !soon {
		return "it is new, and is not taken in: " + why, "see `bloxdrop status`"
	}
	for _, r := range a.watcher.Status() {
		if why := unbased(r); r.Path == root && why != "" {
			return "it is new: " + why, ""
		}
	}
	return "it is new: the next rescan takes it in", ""
}

// addResemblance says by what a file counts as there before, where that could
// be another one.
func (a *App) addResemblance(c watcher.Class, ex *control.Explanation) error {
	alike, err := a.store.SkippedByName(c.Root, c.Rel)
	if alike {
		ex.Reason += "; it has the path and the size of what was there, but another time: if its content is new, it has to be sent by hand"
	}
	return err
}

// addSkipped says of a file that is nobody's that it would be skipped.
func (a *App) addSkipped(c watcher.Class, ex *control.Explanation) error {
	if a.store == nil {
		return nil
	}
	skips, err := a.store.WouldSkip(c.Root, store.Found{Rel: c.Rel, Look: a.lookAt(c)})
	if skips {
		ex.Reason += "; it was there when bloxdrop began with this root, so it is skipped in a person's folder too, unless `bloxdrop send` orders it then"
	}
	return err
}
