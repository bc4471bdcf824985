package app

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"

	"bloxdrop/internal/config"
	"bloxdrop/internal/control"
	"bloxdrop/store"
	"bloxdrop/watcher"
)

// home is whom a root's files are for, and whose each path is.
func (a *App) home(w config.Watch) (store.Home, store.PersonOf) {
	home := store.Home{
		Environment: a.opts.Config.Bloxs.Environment(), Relation: w.Relation,
		Kind: w.Pattern.Kind(), Layout: w.Pattern.String(),
	}
	return home, func(rel string) (string, bool) {
		folders := strings.Split(rel, "/")
		p, err := w.Pattern.Match(folders[:len(folders)-1])
		return p.ID, err == nil
	}
}

// mover knows to whom files were sent.
type mover interface {
	Moved(root string, home store.Home, personOf store.PersonOf) error
	MovedFrom(former string, home store.Home, personOf store.PersonOf) error
}

// moved notes for the roots, which are those of the config, why each has to be
// adopted since its config has changed, and how the watcher finds out the same
// of one that is new by its path.
func (a *App) moved(roots []watcher.Root, ledger mover) error {
	for i, w := range a.opts.Config.Watch {
		home, personOf := a.home(w)
		err := ledger.Moved(w.Path, home, personOf)
		var moved *store.MovedError
		if errors.As(err, &moved) {
			roots[i].Moved, err = moved.Error(), nil
		}
		if err != nil {
			return err
		}
		roots[i].MovedFrom = func(path string) error { return ledger.MovedFrom(path, home, personOf) }
	}
	return nil
}

// settleIn notes whom each root's files are for, before anything is taken in. A
// root of which files went elsewhere keeps its former home, and waits.
func (a *App) settleIn() error {
	if a.store == nil {
		return nil
	}
	for _, w := range a.opts.Config.Watch {
		if err := a.begin(w); err != nil {
			return err
		}
		home, personOf := a.home(w)
		err := a.store.SetHome(w.Path, home, personOf)
		var moved *store.MovedError
		if err != nil && !errors.As(err, &moved) {
			return err
		}
	}
	n, err := a.store.KeepRoots(a.rootPaths())
	if n > 0 {
		a.opts.Log.Warn("roots that the config no longer names are forgotten; what waited there is not sent, unless it stands in another root", "files", n)
	}
	if err != nil {
		return err
	}
	return a.listSent()
}

// hostName is what markers and backups call this machine.
func hostName() string {
	name, err := os.Hostname()
	if err != nil {
		return "unknown"
	}
	return name
}

// rootPauses are the roots that wait for a person's word.
func (a *App) rootPauses() (list []control.Pause) {
	for _, r := range a.watcher.Status() {
		if r.Paused == "" {
			continue
		}
		list = append(list, control.Pause{Cause: byAdopt, Since: control.Stamp(r.Since), Remedy: adoptRemedy(r)})
	}
	return list
}

// offline is why a root is, with what a person can say to it.
func offline(r watcher.RootStatus) string {
	if !r.Unproven {
		return r.Offline
	}
	return r.Offline + " If this is the right folder all the same: " + adoptCommand(r.Path)
}

func adoptCommand(root string) string {
	return "`bloxdrop adopt " + ShellQuoted(root) + " --existing upload`, or `skip`"
}

func adoptRemedy(r watcher.RootStatus) string {
	adopt := "`bloxdrop adopt " + ShellQuoted(r.Path) + " --existing "
	what := "what is there"
	if r.There >= 0 {
		what += " (now " + files(r.There) + " of persons)"
	}
	return fmt.Sprintf("the root %s waits: %s. Nothing in it is read or sent until that is mended, or somebody decides: "+
		"%supload` sends %s, unless this ledger has a receipt for it; "+
		"%sskip` sends nothing of it, only what comes from then on; what has a receipt is never sent again either way",
		r.Path, r.Paused, adopt, what, adopt)
}

// Adopt is a person's word that a root is the right one and this ledger's,
// whatever its marker or the config says.
func (a *App) Adopt(ctx context.Context, path, existing string) (string, error) {
	if err := a.ready(); err != nil {
		return "", err
	}
	a.survey(ctx)
	w, err := a.adoptable(path)
	if err != nil {
		return "", err
	}
	said := "what is there, has no receipt and was not skipped before is sent"
	switch existing {
	case config.ExistingUpload:
		err = a.store.UnwantBaseline(w.Path)
	case config.ExistingSkip:
		var n int
		n, err = a.watcher.Baseline(ctx, w.Path)
		said = fmt.Sprintf("what is there now (%s) is skipped, and only what comes from here on is sent; `bloxdrop send PATH` sends one all the same", files(n))
	default:
		err = fmt.Errorf("--existing is upload or skip, not %q", existing)
	}
	if err != nil {
		return "", err
	}
	home, _ := a.home(w)
	if err := a.store.Adopt(w.Path, home, a.rootPaths()); err != nil {
		return "", err
	}
	if err := a.watcher.Adopt(w.Path); err != nil {
		return "", err
	}
	a.opts.Log.Warn("root was adopted", "root", w.Path, "existing", existing)
	return fmt.Sprintf("%s is adopted: %s", w.Path, said), nil
}

// adoptable finds the root that a person names, if it waits to be adopted.
func (a *App) adoptable(path string) (w config.Watch, err error) {
	c := a.watcher.Classify(path)
	if c.Kind == watcher.Outside || c.Rel != "" {
		return w, fmt.Errorf("%s is no watched root; these are: %s", path, strings.Join(a.rootPaths(), ", "))
	}
	for i, r := range a.watcher.Status() {
		if r.Path != c.Root {
			continue
		}
		if r.Online && r.Paused == "" {
			return w, fmt.Errorf("%s needs no adoption: it is neither offline nor paused", r.Path)
		}
		return a.opts.Config.Watch[i], a.watcher.CanAdopt(r.Path)
	}
	return w, fmt.Errorf("%s is no watched root", path)
}
