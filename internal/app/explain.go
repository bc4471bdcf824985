package app

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"bloxdrop/internal/bloxs"
	"bloxdrop/internal/control"
	"bloxdrop/store"
	"bloxdrop/watcher"
)

// Explain says what a path is to bloxdrop, why, and what can be done.
func (a *App) Explain(ctx context.Context, path string) (control.Explanation, error) {
	c := a.watcher.Classify(path)
	ex := control.Explanation{Path: path, State: string(c.Kind), Reason: c.Reason}
	switch c.Kind {
	case watcher.Outside:
		ex.Reason = "it is in none of the watched roots: " + strings.Join(a.rootPaths(), ", ")
		return a.explainOutside(ctx, ex)
	case watcher.Folder:
		return a.explainFolder(c, ex)
	case watcher.Ignored:
		ex.Reason = fmt.Sprintf("its name, or that of a folder above it, matches the pattern %q, and such files are not sent", c.Reason)
		ex.Remedy = "give it another name, or take the pattern out of watch.ignore, if it stands there"
		return ex, nil
	case watcher.Own:
		return explainOwn(c, ex), nil
	case watcher.Irregular:
		ex.State = string(watcher.Ignored)
		ex.Reason = "it is " + c.Reason + ", and only files themselves are sent"
		ex.Remedy = "put the file itself into the folder"
		return ex, nil
	case watcher.Offline:
		ex.Remedy = a.offlineRemedy(c.Root)
	case watcher.Unreadable:
		ex.Remedy = "give the account under which bloxdrop runs the right to read it"
		return ex, nil
	case watcher.Unmatched:
		ex.Remedy = "move it into the folder of the person whose it is; the layout of that root is " + a.layoutOf(c.Root)
		return ex, a.addSkipped(c, &ex)
	}
	if c.Kind == watcher.Copied {
		if it, place, err := a.itemNow(ctx, c); err != nil || it.ID == "" || place.Look != a.lookAt(c) {
			return explainCopy(ex), err
		}
		c.Kind = watcher.Personal // it has come to Bloxs, or is skipped, all the same
	}
	if a.damage != nil {
		ex.State, ex.Reason = "unknown", "nobody can tell whether it was sent: "+a.damage.Error()
		ex.Remedy = damageRemedy
		return ex, nil
	}
	return a.explainItem(ctx, c, ex)
}

// explainOutside says what was last known of a file in a root that the config no
// longer names.
func (a *App) explainOutside(ctx context.Context, ex control.Explanation) (control.Explanation, error) {
	if a.store == nil {
		return ex, nil
	}
	items, err := a.lastSeenOutside(ctx, ex.Path)
	if err != nil || len(items) == 0 {
		return ex, err
	}
	it := slices.MaxFunc(items, func(x, y store.Item) int { return x.Changed.Compare(y.Changed) })
	e, err := a.entry(it)
	if err != nil {
		return ex, err
	}
	outside := ex.Reason
	ex.Item, ex.State = &e, e.State
	ex.Reason, ex.Remedy = a.reason(it, ex.Path)
	ex.Reason += "; " + outside
	return ex, nil
}

func explainCopy(ex control.Explanation) control.Explanation {
	ex.State = string(watcher.Ignored)
	ex.Reason += ", so it is a copy of one and no document, and such files are not sent"
	ex.Remedy = "delete it; if it is a document all the same, put words of your own before its first line"
	return ex
}

func (a *App) rootPaths() (paths []string) {
	for _, w := range a.opts.Config.Watch {
		paths = append(paths, w.Path)
	}
	return paths
}

func (a *App) layoutOf(root string) string {
	for _, w := range a.opts.Config.Watch {
		if w.Path == root {
			return fmt.Sprintf("%q", w.Layout)
		}
	}
	return "unknown"
}

func (a *App) explainFolder(c watcher.Class, ex control.Explanation) (control.Explanation, error) {
	if c.Rel == "" {
		ex.Reason = "it is a watched root, with the layout " + a.layoutOf(c.Root)
		return a.countBelow(c, ex)
	}
	key, name, err := a.personOf(ex.Path)
	if err != nil {
		ex.Reason = "it is no person's folder: " + err.Error()
		return ex, nil
	}
	ex.Reason = "it belongs to the " + bloxs.OneOf(key.Relation) + " with " + key.Kind + " " + key.ID
	if name != "" {
		ex.Reason += fmt.Sprintf(", and shows the name %q", name)
		if ex.Confirmed = a.queue != nil && a.queue.Confirmed(key, name); ex.Confirmed {
			ex.Reason += ", which somebody has confirmed"
		}
	}
	return a.countBelow(c, ex)
}

// countBelow adds what became of the files below a folder.
func (a *App) countBelow(c watcher.Class, ex control.Explanation) (control.Explanation, error) {
	if a.store == nil {
		return ex, nil
	}
	counts := map[store.State]int{}
	for it, err := range a.below(c) {
		if err != nil {
			return ex, err
		}
		counts[it.State]++
	}
	var each []string
	for _, state := range itemStates() {
		if n := counts[state]; n > 0 {
			each = append(each, fmt.Sprintf("%d %s", n, state))
		}
	}
	if len(each) == 0 {
		each = []string{"none yet"}
	}
	ex.Reason += "; its files: " + strings.Join(each, ", ")
	return ex, nil
}

// explainItem is for files of a person, files that are gone, and roots that are offline.
func (a *App) explainItem(ctx context.Context, c watcher.Class, ex control.Explanation) (control.Explanation, error) {
	it, place, err := a.itemNow(ctx, c)
	if err != nil {
		return ex, err
	}
	if c.Kind == watcher.Personal && (it.ID == "" || place.Look != a.lookAt(c)) {
		return a.explainSettling(c, it, ex), nil
	}
	if it.ID == "" {
		if c.Kind == watcher.Missing {
			ex.State, ex.Reason = "not there", "no such file is there, and none was there that bloxdrop has seen"
		}
		return ex, nil
	}
	e, err := a.entry(it)
	if err != nil {
		return ex, err
	}
	ex.Item, ex.State = &e, e.State
	if a.queue.Claimed()[it.ID] && it.State == store.Waiting {
		ex.State = string(store.Sending)
	}
	if c.Kind == watcher.Offline {
		ex.Reason, _ = a.reason(it, ex.Path)
	} else {
		ex.Reason, ex.Remedy = a.reason(it, ex.Path)
	}
	if it.State == store.Skipped {
		if err := a.addResemblance(c, &ex); err != nil {
			return ex, err
		}
	}
	if old, err := a.uncertainAt(ctx, c.Root, c.Rel); err != nil {
		return ex, err
	} else if old.ID != "" && old.ID != it.ID {
		ex.Reason += "; what stood there before is uncertain, as item " + string(old.ID)
	}
	switch c.Kind {
	case watcher.Missing:
		ex.Reason += "; the file is no longer there"
	case watcher.Offline:
		ex.Reason += "; its root is offline: " + c.Reason
	}
	return ex, nil
}

// offlineRemedy is for whatever is in a root that is offline.
func (a *App) offlineRemedy(root string) string {
	remedy := "mount the share, or see to what keeps bloxdrop from it: it comes back by itself"
	for _, r := range a.watcher.Status() {
		if r.Path == root && r.Unproven {
			remedy += "; if this is the right folder all the same: " + adoptCommand(root)
		}
	}
	return remedy
}

// itemNow is the item at a path, or the last that was seen there.
func (a *App) itemNow(ctx context.Context, c watcher.Class) (it store.Item, p store.Place, err error) {
	if a.store == nil {
		return it, p, nil
	}
	it, p, err = a.store.ItemAt(c.Root, c.Rel)
	if !errors.Is(err, store.ErrNoItem) || c.Kind == watcher.Personal {
		if errors.Is(err, store.ErrNoItem) {
			err = nil
		}
		return it, p, err
	}
	items, err := a.lastSeenAt(ctx, c.Root, c.Rel)
	for _, other := range items {
		if other.Changed.After(it.Changed) {
			it = other
		}
	}
	return it, p, err
}

func (a *App) explainSettling(c watcher.Class, was store.Item, ex control.Explanation) control.Explanation {
	ex.State = "settling"
	switch {
	case c.Settling != nil:
		ex.Reason = c.Settling.Why
		if c.Settling.Stuck {
			ex.Remedy = stuckRemedy(ex.Reason)
		}
	case a.began.IsZero():
		ex.Reason = "bloxdrop is not running, and has not taken it in yet"
		ex.Remedy = "start bloxdrop"
	default:
		ex.Reason, ex.Remedy = a.newcomer(c.Root)
	}
	if look, _, err := store.LookAt(fullPath(c)); err == nil && look.Size == 0 {
		ex.Reason, ex.Remedy = "it is empty, and waits for content", "save or scan it again, if it should have content"
	}
	if was.ID != "" {
		ex.Reason += "; what stood there before is " + string(was.State)
		if was.State == store.Sent {
			ex.Reason += fmt.Sprintf(" (file ID %d)", was.FileID)
		}
	}
	return ex
}

// stuckRemedy is for a file that can't be read or offered, by the watcher's words.
func stuckRemedy(why string) string {
	switch {
	case strings.Contains(why, "permission denied"):
		return "give the account under which bloxdrop runs the right to read it"
	case strings.Contains(why, "another program has it open"):
		return "close it in that program; it is looked at again by itself"
	}
	return "see to that; it is tried again by itself, and `bloxdrop status` says what else is wrong"
}

// reason puts an item's state into words, and says what a person can do.
func (a *App) reason(it store.Item, path string) (reason, remedy string) {
	switch it.State {
	case store.Sent:
		return fmt.Sprintf("it is in Bloxs %s, for %s %s, since %s", asFile(it), bloxs.OneOf(it.Person.Relation), it.Person.ID, it.SentAt.Local().Format(time.DateTime)), ""
	case store.Waiting:
		return a.waitingReason(it)
	case store.Sending:
		return "it is on its way, and Bloxs has not answered yet", ""
	case store.Withdrawn:
		if it.Base != "" {
			return "it was there at the first start and skipped, and has gone or changed since", ""
		}
		return "its last copy was taken out of the folder before it was sent, so it is not sent", "put it back, if it should go"
	case store.Skipped:
		return "it was there when bloxdrop began with this root, and existing = \"skip\" leaves it", "`bloxdrop send " + ShellQuoted(path) + "` sends it all the same"
	}
	return heldReason(it, path)
}

func (a *App) waitingReason(it store.Item) (reason, remedy string) {
	switch {
	case a.queue.Claimed()[it.ID]:
		return "it is on its way", ""
	case it.Attempts == 0:
		reason = "it waits for its turn"
	default:
		reason = fmt.Sprintf("it waits for its next try, after %d", it.Attempts)
	}
	if it.Due.After(a.opts.Now()) {
		reason += ", at " + it.Due.Local().Format(time.DateTime)
	}
	if it.Detail != "" {
		reason += "; the last one: " + it.Detail
	}
	if a.began.IsZero() {
		return reason + "; bloxdrop is not running", "start bloxdrop"
	}
	if next, on := a.queue.Caution(); on && next.After(a.opts.Now()) {
		reason += "; after an upload without an answer files go one at a time, the next at " + next.Local().Format(time.TimeOnly)
	}
	if why, soon := a.watcher.Barred(it.Root); why != "" && !soon {
		return reason + "; " + why, "see `bloxdrop status`"
	}
	if p := a.queue.Pauses(); len(p) > 0 {
		return reason + "; sending is paused: " + p[0].Cause, p[0].Remedy
	}
	return reason, ""
}

func heldReason(it store.Item, path string) (reason, remedy string) {
	reason = string(it.Reason) + ": " + it.Detail
	if it.TraceID != "" && !strings.Contains(reason, it.TraceID) {
		reason += " (traceId " + it.TraceID + ")"
	}
	quoted := ShellQuoted(path)
	switch it.Reason {
	case store.UnknownPerson:
		remedy = fmt.Sprintf("rename the folder, if %q is not the right %s; or add the %s in Bloxs, then `bloxdrop retry %s` (it is also looked for every hour)", it.Person.ID, it.Person.Kind, bloxs.OneOf(it.Person.Relation), quoted)
	case store.NameMismatch:
		remedy = "rename the folder, or move the file, if it is the wrong person; if it is the right one: `bloxdrop confirm " + quoted + "`"
	case store.Uncertain:
		remedy = "look in Bloxs whether the file is there; if so `bloxdrop resolve " + quoted + " --sent`, if not `bloxdrop resolve " + quoted + " --resend` (its item " + string(it.ID) + " can be named instead of the path)"
	default:
		remedy = mend(it) + ", then `bloxdrop retry " + quoted + "`"
	}
	return reason, remedy
}

// mend says what may help a refused file.
func mend(it store.Item) string {
	switch {
	case it.Attempts == 0: // max_size; Bloxs was not asked
		return "make it smaller, or raise upload.max_size and restart bloxdrop"
	case bloxs.SaidTooLarge(it.Detail):
		return "make it smaller, or ask for a higher limit in Bloxs or the gateway before it"
	}
	return "mend what Bloxs names"
}

func (a *App) lookAt(c watcher.Class) store.Look {
	look, _, err := store.LookAt(fullPath(c))
	if err != nil {
		return store.Look{}
	}
	return look
}

func fullPath(c watcher.Class) string { return filepath.Join(c.Root, filepath.FromSlash(c.Rel)) }

// ShellQuoted makes a path one word of a command that can be pasted: whoever
// can write into the share chooses the names.
func ShellQuoted(path string) string {
	plain := utf8.ValidString(path) && !strings.ContainsFunc(path, func(r rune) bool { return !unicode.IsPrint(r) })
	switch {
	case runtime.GOOS == "windows":
		if strings.HasSuffix(path, `\`) {
			path += `\` // else it would quote the quote
		}
		return `"` + path + `"` // Windows allows no quotes in names
	case plain:
		return "'" + strings.ReplaceAll(path, "'", `'\''`) + "'"
	}
	var b strings.Builder
	b.WriteString("$'")
	for i := range len(path) {
		if c := path[i]; c < ' ' || c > '~' || c == '\'' || c == '\\' {
			fmt.Fprintf(&b, `\x%02x`, c)
		} else {
			b.WriteByte(c)
		}
	}
	b.WriteString("'")
	return b.String()
}
