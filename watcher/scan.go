package watcher

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path"
	"syscall"
	"time"

	"bloxdrop/store"
)

const (
	coalesce  = 200 * time.Millisecond // events of one action come in bursts
	chunkSize = 1024                   // files looked at together
)

var (
	errRootMoved = errors.New("the root is not the folder any more that it was when the scan began")
	errNotThere  = errors.New("the folder is not there any more")
)

// scanLoop scans the whole root now and then, and dirty folders soon.
func (r *root) scanLoop(ctx context.Context) {
	defer r.closeEvents()
	timer := time.NewTimer(0)
	defer timer.Stop()
	mark := time.NewTicker(markerEvery) // a rescan may be rarer, and sending goes on
	defer mark.Stop()
	pause := coalesce
	for {
		full := true
		select {
		case <-ctx.Done():
			return
		case <-timer.C:
		case <-r.rescanNow:
		case <-mark.C:
			full = false
		case <-r.set.room:
			r.tree.postponedFolders("", r.set.free(), func(rel string) { r.dirty.mark(rel, "") })
			continue
		case <-r.dirty.wake:
			if !sleep(ctx, pause) {
				return
			}
			full = false
		}
		began := r.now()
		if full {
			r.expectRescan(time.Time{})
		}
		r.scanning.Begin()
		wasFull := r.scan(ctx, full)
		r.scanning.End()
		if wasFull {
			timer.Reset(r.Rescan)
			r.expectRescan(r.now().Add(r.Rescan))
		}
		// A large folder in which much happens takes no more than a fifth of the time,
		// but waits no longer than for a rescan.
		pause = max(coalesce, min(4*r.now().Sub(began), r.Rescan))
		r.changed()
	}
}

func sleep(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// pass is one scan: of everything, or of the dirty folders.
type pass struct {
	*root
	ctx     context.Context
	base    os.FileInfo
	full    bool
	first   bool             // nothing was known before: what it finds is no surprise
	told    map[string]*hint // what events had told of when it began
	fresh   []string
	dropped bool
	unbased bool     // the baseline is not complete: what is found is counted, no more
	names   []string // of one chunk; used again
	looks   []store.Look
	others  []int // those of them that are no places as they stand
}

// scan makes one pass, and says whether it was a full one.
func (r *root) scan(ctx context.Context, full bool) bool {
	// Taken before anything is looked at, so that later events stay for later.
	dirty, all := r.dirty.take()
	r.mu.Lock()
	first := r.barred()
	r.mu.Unlock()
	base, moved, st := r.arrive()
	full = full || all || first || moved
	if all {
		dirty = map[string]*hint{"": {}} // events have told, though not where
	}
	if st.barred() || moved {
		r.closeEvents()
	}
	if r.setStanding(st) {
		r.set.forgetBelow("") // whoever adopts it may skip what is there
		r.countThere(ctx)
	}
	if st.barred() {
		return full
	}
	if moved {
		r.log.Warn("another folder stands in the root's place, scanning everything")
	}
	r.mu.Lock()
	r.base = base
	r.mu.Unlock()
	unbased, err := r.needsBaseline(ctx, full)
	if err != nil {
		if ctx.Err() == nil {
			r.log.Error("scan was broken off", "err", err)
		}
		return full
	}
	p := &pass{unbased: unbased != "", root: r, ctx: ctx, base: base, full: full, first: first, told: dirty}
	err = p.run()
	r.showEvents()
	r.set.expect(r.postponed())
	switch {
	case err == nil:
		p.finish()
	case ctx.Err() != nil:
	case errors.Is(err, errRootMoved), errors.Is(err, errNotThere):
		r.log.Warn("the root changed during a scan, nothing was concluded")
		r.dirty.markAll()
	default:
		r.log.Error("scan was broken off", "err", err)
	}
	return full
}

func (p *pass) run() error {
	if p.full {
		p.openEvents()
		return p.folder("", p.tree, p.ground(""), true, nil)
	}
	for rel, h := range p.told {
		if h.idle(p.tree.find(rel)) {
			continue
		}
		if err := p.dirtyFolder(rel, h); err != nil {
			return err
		}
	}
	return nil
}

// dirtyFolder scans rel, or the nearest folder above that is known and there.
// Changes may be told of by names as their author wrote them, in another case
// or in a short form; the tree has those by which a listing shows them.
func (p *pass) dirtyFolder(rel string, h *hint) error {
	if p.tree.find(rel) == nil {
		rel, _ = asListed(p.dir, rel)
	}
	for {
		f := p.tree.find(rel)
		if f != nil {
			err := p.folder(rel, f, p.ground(rel), false, h)
			if !errors.Is(err, errNotThere) || rel == "" {
				return err
			}
		}
		rel, h = parent(rel), nil
	}
}

// finish notes a complete pass. Watches that were asked for while an old path
// still held them are asked for again.
func (p *pass) finish() {
	if p.dropped {
		for _, rel := range p.fresh {
			p.dirty.mark(parent(rel), path.Base(rel))
		}
	}
	p.gatherBeside()
	if p.full {
		p.mu.Lock()
		p.lastRescan = p.now()
		p.mu.Unlock()
	}
}

// folder scans the folder rel: what is directly in it, and what is below where
// that is asked for or new.
func (p *pass) folder(rel string, f *folder, g ground, deep bool, h *hint) error {
	if g.ignored == "" && p.events != nil {
		p.events.watch(p.path(rel)) // before listing: what comes later is told
	}
	l, err := p.list(rel, f, g)
	if err != nil {
		return err
	}
	if l.trouble != nil {
		if isGone(l.trouble) {
			return errNotThere
		}
		if p.isAway(l.trouble) {
			return errRootMoved
		}
		p.warnUnreadable(rel, f, l.trouble)
		p.setUnreadable(f)
		return nil
	}
	p.warnUnreadable(rel, f, l.blind)
	p.setCounts(f, l.counts)
	f.heads = l.heads
	stamp := p.adopt(rel, f, g, l.folders)
	if l.blind == nil {
		if err := p.conclude(rel, f, g, l.found, stamp); err != nil {
			return err
		}
	}
	p.dropUnseen(rel, f, stamp)
	for _, name := range l.folders {
		c := f.children[name]
		if !deep && c.scanned && !h.has(name) {
			continue
		}
		err := p.folder(join(rel, name), c, p.below(g, rel, name), true, nil)
		if err != nil && !errors.Is(err, errNotThere) {
			return err
		}
		c.scanned = err == nil
	}
	return nil
}

// isAway says, after a folder's own trouble, whether the whole root can't be
// reached any more: where a server is down each folder would take its time to fail.
func (p *pass) isAway(trouble error) bool {
	if errors.Is(trouble, fs.ErrPermission) {
		return false
	}
	_, err := statFolder(p.dir)
	return err != nil
}

// warnUnreadable says once that a folder keeps its files from us.
func (p *pass) warnUnreadable(rel string, f *folder, err error) {
	if err != nil && (f.counts == nil || f.counts.unreadable == 0) {
		p.log.Warn("folder cannot be read, what was in it counts as still there", "path", p.path(rel), "err", err)
	}
}

// adopt notes the child folders that a listing showed, and numbers it.
func (p *pass) adopt(rel string, f *folder, g ground, names []string) (stamp uint64) {
	p.stamp++
	for _, name := range names {
		c, isNew := f.child(name)
		c.seen = p.stamp
		if !isNew {
			continue
		}
		c.ignored = g.ignored != "" || p.ignore.match(rel, name) != ""
		if p.events != nil && !p.first && !c.ignored {
			p.fresh = append(p.fresh, join(rel, name))
		}
	}
	return p.stamp
}

func (p *pass) dropUnseen(rel string, f *folder, stamp uint64) {
	for name, c := range f.children {
		if c.seen != stamp {
			p.drop(c, join(rel, name))
			p.set.forgetBelow(join(rel, name))
			delete(f.children, name)
			p.dropped = true
		}
	}
}

// isGone says that a folder is not there, or that something else is there.
func isGone(err error) bool {
	return isMissing(err) || errors.Is(err, syscall.ENOTDIR) || errors.Is(err, syscall.ELOOP)
}
