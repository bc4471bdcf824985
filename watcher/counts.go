package watcher

import (
	"strings"
	"time"
)

// counts are of the files directly in one folder, or the sum of all folders.
// What is a place or in the settle set is not among them.
type counts struct {
	unmatched  int
	ignored    int
	waiting    int    // settles, but is not followed: empty, or cannot even be looked at
	empty      int    // of waiting
	postponed  int    // settles once the settle set has room
	known      int    // of waiting and postponed: those that the queue has as places
	notices    int    // bloxdrop's own, for people; they count as nothing
	unreadable int    // 1 where the folder could not be listed
	strangers  uint64 // a sum over the names of the unmatched and empty, which tells whether they are still the same; not added up
}

func (c *counts) add(d counts, sign int) {
	c.unmatched += sign * d.unmatched
	c.ignored += sign * d.ignored
	c.waiting += sign * d.waiting
	c.empty += sign * d.empty
	c.postponed += sign * d.postponed
	c.known += sign * d.known
	c.unreadable += sign * d.unreadable
	c.notices += sign * d.notices
}

// folder is what is remembered of a folder between scans: never its files, but
// for those that are named as ours are.
type folder struct {
	children map[string]*folder
	heads    map[string]head
	counts   *counts // nil where all are zero, as in most folders
	ignored  bool
	scanned  bool   // with everything below, at least once
	seen     uint64 // the number of its parent's listing that last showed it
}

// child finds or makes the child folder name.
func (f *folder) child(name string) (c *folder, isNew bool) {
	if c = f.children[name]; c != nil {
		return c, false
	}
	if f.children == nil {
		f.children = map[string]*folder{}
	}
	c = &folder{}
	f.children[name] = c
	return c, true
}

// find is the folder at rel below f, or nil where it is not known.
func (f *folder) find(rel string) *folder {
	if rel == "" {
		return f
	}
	for name := range strings.SplitSeq(rel, "/") {
		if f = f.children[name]; f == nil {
			return nil
		}
	}
	return f
}

// setCounts replaces a folder's counts, and keeps the sum.
func (r *root) setCounts(f *folder, c counts) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.noteBeside(f.counts, c)
	if f.counts != nil {
		r.total.add(*f.counts, -1)
		f.counts = nil
	}
	if c != (counts{}) {
		f.counts = &c
		r.total.add(c, 1)
	}
	switch {
	case r.total.waiting == 0:
		r.waitingSince = time.Time{}
	case r.waitingSince.IsZero():
		r.waitingSince = r.now()
	}
}

// setUnreadable keeps the counts of a folder that cannot be listed.
func (r *root) setUnreadable(f *folder) {
	var c counts
	if f.counts != nil {
		c = *f.counts
	}
	c.unreadable = 1
	c.waiting, c.postponed = c.waiting+c.postponed, 0 // no use in waiting for room
	r.setCounts(f, c)
}

// drop forgets a folder that is not there any more, with all below it. The
// watches go too: a folder that moved would be reported under its old path.
func (r *root) drop(f *folder, rel string) {
	for name, c := range f.children {
		r.drop(c, join(rel, name))
	}
	if r.events != nil && !f.ignored {
		r.events.forget(r.path(rel))
	}
	r.setCounts(f, counts{})
}

// postponedFolders names folders with files that found no room in the settle
// set, until they have enough to fill free places.
func (f *folder) postponedFolders(rel string, free int, add func(rel string)) int {
	if f.counts != nil && f.counts.postponed > 0 && free > 0 {
		free -= f.counts.postponed
		add(rel)
	}
	for name, c := range f.children {
		if free <= 0 {
			break
		}
		free = c.postponedFolders(join(rel, name), free, add)
	}
	return free
}

// join puts a name below a relative folder.
func join(dir, name string) string {
	if dir == "" {
		return name
	}
	return dir + "/" + name
}
