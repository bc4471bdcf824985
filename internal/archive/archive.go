// Package archive does what after_upload says with the files that Bloxs has:
// it moves them to _sent in their root, or deletes them.
//
// It promises that a file is touched only while its item has a receipt with a
// file ID and the file is still the one that was sent, that nothing is ever
// written over another file, and that what a kill interrupts is finished by
// the next start: a durable note in the ledger comes before each touch.
//
// It must never touch a file of which that isn't certain, follow a link, leave
// the root, read or write a root that is offline or paused, or let one root's
// trouble stop another.
package archive

import (
	"context"
	"log/slog"
	"sync"

	"bloxdrop/internal/await"
	"bloxdrop/internal/failpoint"
	"bloxdrop/store"
)

// Folder is where moved files go, at the top of their root.
const Folder = "_sent"

// Aside begins the name under which a file waits for a moment to be deleted;
// the dot keeps it from being taken for a document.
const Aside = ".bloxdrop-"

// Root is a watched tree whose sent files are moved, or deleted.
type Root struct {
	Path   string // as configured
	Delete bool
}

// Store is what the archive needs of package store. It is an interface so that
// the simulation can put its model of the ledger in its place.
type Store interface {
	SentPlaces(root, after string, n int) (page []store.SentPlace, next string, err error)
	NoteDown(notes []store.Note) (noted []store.Note, err error)
	Notes(root string, n int) ([]store.Note, error)
	EndNotes(notes []store.Note, gone bool) error
}

var _ Store = (*store.Store)(nil)

// Options is what an Archive needs. All are required.
type Options struct {
	Roots []Root
	Store Store
	Ready func(root string) bool // it is online, and not paused
	Log   *slog.Logger

	// For tests: step is told of each step as it is done, and its error ends
	// everything at that moment, as a kill does; rename stands in for the
	// platform's, as on a file system that has no better one.
	step       func(what string) error
	rename     renamer
	mostFailed int
}

// Archive looks after all roots. Make it with New.
type Archive struct {
	roots   []*root
	cancel  context.CancelFunc
	running sync.WaitGroup
}

// New makes an Archive that does nothing yet.
func New(o Options) *Archive {
	if o.step == nil {
		o.step = func(what string) error { failpoint.At(what); return nil }
	}
	if o.rename == nil {
		o.rename = rename
	}
	if o.mostFailed == 0 {
		o.mostFailed = mostFailed
	}
	a := &Archive{cancel: func() {}}
	for _, cfg := range o.Roots {
		a.roots = append(a.roots, &root{Root: cfg, opts: o, log: o.Log.With("root", cfg.Path), wake: make(chan struct{}, 1)})
	}
	return a
}

// Start begins to work, until Stop. Each root has a goroutine of its own.
func (a *Archive) Start(ctx context.Context) {
	ctx, a.cancel = context.WithCancel(ctx)
	for _, r := range a.roots {
		a.running.Go(func() { r.loop(ctx) })
	}
}

// Stop ends all work behind the file at hand.
func (a *Archive) Stop() {
	a.cancel()
	await.All(&a.running, nil)
}

// Sent says that there may be new receipts. It costs next to nothing.
func (a *Archive) Sent() {
	for _, r := range a.roots {
		r.poke()
	}
}

// Rescanned says that a root was looked through: what failed there is tried again.
func (a *Archive) Rescanned(path string) {
	for _, r := range a.roots {
		if r.Path == path {
			r.mu.Lock()
			r.again = true
			r.mu.Unlock()
			r.poke()
		}
	}
}

// Finish does all that can be done now. It is for a run that ends, after Stop,
// and leaves a root alone in which a file is still being moved.
func (a *Archive) Finish(ctx context.Context) {
	var all sync.WaitGroup
	for _, r := range a.roots {
		all.Go(func() { r.pass(ctx, true) })
	}
	await.All(&all, ctx.Done())
}

// Trouble is what keeps sent files of a root where they are.
type Trouble struct {
	Root   Root
	Files  int
	More   bool   // there are more than Files, which were not tried
	Path   string // of one of them, below the root
	Reason string
}

// Troubles tells of the roots in which files can't be moved or deleted.
func (a *Archive) Troubles() (all []Trouble) {
	for _, r := range a.roots {
		r.mu.Lock()
		if r.trouble != nil {
			all = append(all, *r.trouble)
		}
		r.mu.Unlock()
	}
	return all
}
