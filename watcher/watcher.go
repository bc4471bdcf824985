// Package watcher says where files come from: it looks after the watched
// roots, finds each file in them, says whose it is, waits until it is whole,
// and offers it, hashed, to the queue.
//
// It promises that every file in a root is in exactly one of settling,
// unmatched, ignored, or a place that the queue knows; that what it offers is
// the SHA-256 of a whole file that stood there unchanged for the root's settle
// time; and that a root which cannot be seen is offline, never "all deleted".
//
// Rescans are the truth. File system events only make them early, so that
// nothing depends on an event that did not come.
//
// It must never write into a root, but its marker, where none but ours stands,
// or a person has adopted the root. It must never follow a link, call a place gone without a
// complete, error-free listing of its folder in a root that is still the same,
// or let one root's trouble stop another.
package watcher

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"sync"
	"time"

	"bloxdrop/internal/await"
	"bloxdrop/internal/layout"
	"bloxdrop/store"
)

// Queue takes what the watcher finds. Root is a root's path as configured; dir
// and rel are relative to it, "/"-separated, as the folders list them; "" is
// the root itself.
type Queue interface {
	// Known tells what the ledger remembers of these files in dir: same length, same order.
	Known(root, dir string, names []string) ([]store.Known, error)
	// Places counts the places directly in dir and names, as store.Fold does, its child folders that hold places anywhere below.
	Places(root, dir string) (files int, folders []string, err error)
	// Files names, as store.Fold does, the places directly in dir.
	Files(root, dir string) ([]string, error)
	// Baseline tells how a root stands to what was in it at its first start.
	Baseline(root string) (store.Baseline, error)
	// TakeBaseline notes what is in a root now, as walk adds it, and is durable when it returns.
	TakeBaseline(root string, walk func(add func([]store.BaselineFile) error) error) (files int, err error)
	// Skip takes files that are no places as they stand, and tells which are the baseline's.
	Skip(root string, files []store.Found) ([]bool, error)
	// Offer is durable when it returns.
	Offer(batch []store.Offer) error
	// Gone says that these places are proven gone.
	Gone(root string, rels []string) error
	// GoneBelow says that the folder is proven gone, with all places below.
	GoneBelow(root, dir string) error
}

// Root is one watched tree.
type Root struct {
	Path        string // absolute, as configured
	Layout      *layout.Pattern
	Environment string // of the persons in it, see store.PersonKey
	Relation    string
	Settle      time.Duration // how long a file must stay unchanged
	Rescan      time.Duration // the pause between two rescans
	Ignore      []string      // besides the built-in patterns
	Moved       string        // why its files wait until it is adopted, from the start; "": they don't
	// MovedFrom returns an error where files of this root went elsewhere while it was at this former path.
	MovedFrom func(path string) error
}

// Options are what a Watcher needs. All but Ledger are required.
type Options struct {
	Roots  []Root
	Queue  Queue
	Ledger Ledger // nil: the roots get no markers
	Host   string // the name of this machine, for markers
	Log    *slog.Logger
	Now    func() time.Time // must carry a monotonic reading, as time.Now does

	NoEvents bool // rescans only: for the simulation, whose clock can't run while a system call waits

	settlers int // for tests: how many files may settle at once in a root

	fold func(string) string // for tests: store.Fold of another platform
}

// Watcher looks after all roots. Classify and Walk work without Start.
type Watcher struct {
	log     *slog.Logger
	roots   []*root
	changed *signal
	cancel  context.CancelFunc
	start   sync.Once
	stop    sync.Once
	running sync.WaitGroup
}

// New checks the options; it touches no root.
func New(o Options) (*Watcher, error) {
	if o.fold == nil {
		o.fold = store.Fold
	}
	w := &Watcher{log: o.Log, changed: newSignal()}
	for _, cfg := range o.Roots {
		if !filepath.IsAbs(cfg.Path) {
			return nil, fmt.Errorf("root %q is not an absolute path", cfg.Path)
		}
		if cfg.Layout == nil || cfg.Settle <= 0 || cfg.Rescan <= 0 {
			return nil, fmt.Errorf("root %q needs a layout, a settle time and a rescan interval", cfg.Path)
		}
		patterns, err := newIgnore(cfg.Ignore)
		if err != nil {
			return nil, fmt.Errorf("root %q: %w", cfg.Path, err)
		}
		r := newRoot(cfg, o, patterns, w.changed.fire)
		r.lookAll = w.RescanNow
		w.roots = append(w.roots, r)
	}
	if len(w.roots) == 0 {
		return nil, errors.New("no root to watch")
	}
	return w, nil
}

// Start begins to look after every root, until Stop or until ctx ends. Each
// root has goroutines of its own: one scans, one looks at what settles, one
// hashes and offers.
func (w *Watcher) Start(ctx context.Context) {
	w.start.Do(func() {
		ctx, w.cancel = context.WithCancel(ctx)
		for _, r := range w.roots {
			w.running.Go(func() { r.scanLoop(ctx) })
			w.running.Go(func() { r.settleLoop(ctx) })
			w.running.Go(func() { r.hashLoop(ctx, &r.set.usual) })
			w.running.Go(func() { r.hashLoop(ctx, &r.set.huge) })
		}
		w.running.Go(func() { w.senseLoop(ctx) })
	})
}

// Stop ends all work and waits for it, but not long for a root that hangs.
func (w *Watcher) Stop() {
	w.start.Do(func() {}) // a Start that comes after Stop does nothing
	w.stop.Do(func() {
		if w.cancel == nil {
			return
		}
		w.cancel()
		if !await.All(&w.running, nil) {
			w.log.Warn("stopped without waiting for a root that does not answer")
		}
	})
}

// RescanNow makes every root begin a full rescan as soon as it can.
func (w *Watcher) RescanNow() {
	for _, r := range w.roots {
		poke(r.rescanNow)
	}
}

// Barred tells why nothing in a root may be read, sent or changed now; "" where
// it may. soon says that this may end at any moment.
func (w *Watcher) Barred(root string) (why string, soon bool) {
	if r := w.root(root); r != nil {
		return r.bars()
	}
	return "its root is watched no more", false
}

// root finds a root by its path as configured; nil: it is not watched.
func (w *Watcher) root(path string) *root {
	for _, r := range w.roots {
		if r.Path == path {
			return r
		}
	}
	return nil
}

// Changed gives a channel that is closed at the next change of Status or Settling.
func (w *Watcher) Changed() <-chan struct{} { return w.changed.next() }

// WaitSettled waits until every root is offline or was rescanned completely
// since Start, and nothing settles any more that can still settle by itself.
// Empty and unreadable files and those that keep changing are not waited for.
func (w *Watcher) WaitSettled(ctx context.Context) error {
	for {
		changed := w.Changed()
		settled := true
		for _, r := range w.roots {
			settled = settled && r.settled()
		}
		if settled {
			return nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}
