package check

import (
	"context"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/dustin/go-humanize"

	"bloxdrop/internal/app"
	"bloxdrop/internal/config"
	"bloxdrop/store"
	"bloxdrop/watcher"
)

func about(w config.Watch) string { return "root " + w.Path }

// roots are those of which the config says where they are.
func (c *checker) roots() (list []config.Watch) {
	for _, w := range c.Config.Watch {
		if w.Path != "" {
			list = append(list, w)
		}
	}
	return list
}

// root looks at one root and at all that stands in it.
func (c *checker) root(ctx context.Context, v *visit, w config.Watch) *result {
	r := &result{}
	me := about(w)
	fi, err := os.Stat(w.Path)
	v.moved.Add(1)
	switch {
	case err != nil:
		remedy := "make the folder or mount the share; until then it is offline, and the others go on"
		if os.IsPermission(err) {
			remedy = "give bloxdrop's account the right to read it"
		}
		r.add(Error, me, remedy, "%s", offline(err))
		return r
	case !fi.IsDir():
		r.add(Error, me, "name the folder that people drop files into", "it is a file")
		return r
	}
	if err := mayRead(w.Path); err != nil {
		r.add(Error, me, "give bloxdrop's account the right to read it", "it can't be read: %s", plain(err))
		return r
	}
	c.writable(r, w)
	if w.Pattern == nil {
		return r // what the config says of the layout is what is to be mended first
	}
	sights, err := c.sights()
	if err != nil {
		r.add(Error, me, "", "it can't be looked at: %v", err)
		return r
	}
	v.moved.Add(1)
	c.standing(r, w, sights)
	t := newTour(c, w, v, sights)
	if err := sights.Tour(ctx, w.Path, t.visit); err != nil && ctx.Err() == nil {
		r.add(Error, me, "", "it can't be looked through: %v", err)
	}
	c.events(r, w, t.folders)
	t.report(r)
	return r
}

// standing says whether the next start would wait for a person's word.
func (c *checker) standing(r *result, w config.Watch, sights *watcher.Watcher) {
	if c.Desk != nil { // its pauses are said already
		if st := c.rootStatus(w.Path); st != nil && !st.Online {
			r.add(Error, about(w), "", "the service finds it offline: %s", st.Offline)
		}
		return
	}
	offline, paused := sights.Standing(w.Path)
	switch {
	case offline != "":
		r.add(Error, about(w), "mount the share; if this is the right folder all the same, start bloxdrop and say `bloxdrop adopt "+app.ShellQuoted(w.Path)+" --existing upload`, or `skip`", "it would be offline: %s", offline)
	case paused != "":
		r.add(Error, about(w), "mend that, or start bloxdrop and say `bloxdrop adopt`, as `bloxdrop status` will explain; nothing is sent before", "it would be paused: %s", paused)
	}
}

func offline(err error) string {
	if os.IsNotExist(err) {
		return "it does not exist"
	}
	return plain(err)
}

// sights is a watcher that only looks, of the roots that the config is clear about.
func (c *checker) sights() (*watcher.Watcher, error) {
	clear := *c.Config
	clear.Watch = slices.DeleteFunc(c.roots(), func(w config.Watch) bool { return w.Pattern == nil })
	opts := app.Options{Config: &clear, Version: c.Version, Now: c.Now, Log: c.Log}
	return app.Sights(opts, c.ledger, c.firstStart())
}

func (c *checker) firstStart() bool {
	dir := c.Config.Store.Dir
	return c.Desk == nil && dir != "" && !store.Exists(dir)
}

// writable looks whether marker and notices can be written, and files be put away.
func (c *checker) writable(r *result, w config.Watch) {
	err := mayWrite(w.Path)
	switch {
	case err == nil:
	case w.AfterUpload == config.AfterMove || w.AfterUpload == config.AfterDelete:
		r.add(Error, about(w), letWrite(err)+`, or say after_upload = "keep"`,
			"after_upload is %q, but nothing can be changed there: %v", w.AfterUpload, plain(err))
	default:
		notices := ""
		if c.Config.Notices.InShare {
			notices = ", and no notices for colleagues"
		}
		r.add(Warning, about(w), letWrite(err),
			"nothing can be written there (%v), so it gets no marker .bloxdrop, by which a swapped share or a second bloxdrop is noticed%s", plain(err), notices)
	}
}

// events looks whether changes are told or only found by rescans.
func (c *checker) events(r *result, w config.Watch, folders int) {
	me := about(w)
	rescans := fmt.Sprintf("changes are found by rescans only, every %s", w.Rescan)
	limit := watchLimit()
	d, err := diskOf(w.Path)
	status := c.rootStatus(w.Path)
	switch {
	case status != nil && !status.Online, err != nil:
	case d.remote:
		r.add(OK, me, "", "it is on %s, which tells little of what others do there: most %s", d.kind, rescans)
	case limit > 0 && folders > limit:
		r.add(Warning, me, fmt.Sprintf("raise the sysctl fs.inotify.max_user_watches above %d", folders),
			"it has %s, and the system lets only %s be watched: in the others %s", many(folders, "folder"), count(limit), rescans)
	case status != nil && !status.Events:
		r.add(Warning, me, "the service's log says why", "%s", rescans)
	default:
		r.add(OK, me, "", "its file system tells of changes; a rescan follows every %s", w.Rescan)
	}
}

// pace says how long so many uploads take under the rate limit.
func (c *checker) pace(files int) string {
	perMinute := c.Config.Bloxs.RequestsPerMinute
	if perMinute <= 0 {
		return "as fast as Bloxs takes them"
	}
	d := time.Duration(float64(files) / float64(perMinute) * float64(time.Minute)).Round(time.Minute)
	if d < time.Minute {
		return fmt.Sprintf("in a minute or so at %d a minute", perMinute)
	}
	return fmt.Sprintf("in about %s at %d a minute", strings.TrimSuffix(d.String(), "0s"), perMinute)
}

func sized(fi fs.FileInfo) string { return humanize.IBytes(uint64(max(fi.Size(), 0))) }
