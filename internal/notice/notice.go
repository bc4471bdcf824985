// Package notice writes files for people into the share: in each folder with a
// problem a short text that says what is wrong and what to do, and at the top
// of each root a page that sums up.
//
// It promises that what it writes appears whole or not at all, is gone soon
// after the problem is, is written only when it says something new (the page
// also once an hour), and is a bounded number of files; that a folder's notice
// names files of that folder alone, and the page no file at all. A notice that
// a colleague deletes is their word that it should work now: the folder's
// files are tried again, but never those that Bloxs may have.
//
// It must never touch a file that isn't its own, by name and content, follow a
// link, write into a root that is offline or paused, let one root's trouble
// stop another, or keep a file from being sent.
package notice

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"bloxdrop/internal/await"
	"bloxdrop/internal/layout"
	"bloxdrop/internal/words"
	"bloxdrop/queue"
	"bloxdrop/store"
	"bloxdrop/watcher"
)

// Root is a watched tree.
type Root struct {
	Path     string // as configured
	Layout   *layout.Pattern
	Relation string
}

// Options is what Notices need. All but Contact are required.
type Options struct {
	Roots    []Root
	Store    *store.Store
	Queue    *queue.Queue
	Watcher  *watcher.Watcher
	Dir      string // where it is remembered which notices were written
	InShare  bool   // false: none are written, and what is there is taken away
	Words    *words.Words
	Contact  string                              // whom to ask
	MaxSize  int64                               // larger files are not sent
	TooLarge func(detail string) bool            // whether an item's detail says that Bloxs finds it too large
	Said     func(detail, traceID string) string // what of an item's detail is in Bloxs's own words
	Now      func() time.Time
	Log      *slog.Logger

	// For tests: how long it rests between two looks, and how many folders get a notice.
	quiet       time.Duration
	mostFolders int
}

const (
	restAtLeast = 2 * time.Second // between two looks at one root
	restOf      = 4               // or so many times as long as the last one took, but no longer than lookAfter
	lookAfter   = time.Minute     // where nothing was said
	mostFolders = 500             // of a root get a notice; the page says that there are more
)

// Notices look after all roots. Make them with New.
type Notices struct {
	roots   []*root
	cancel  context.CancelFunc
	running sync.WaitGroup
}

// New makes Notices that do nothing yet.
func New(o Options) *Notices {
	if o.quiet == 0 {
		o.quiet = restAtLeast
	}
	if o.mostFolders == 0 {
		o.mostFolders = mostFolders
	}
	n := &Notices{cancel: func() {}}
	written := loadWritten(o)
	for _, cfg := range o.Roots {
		n.roots = append(n.roots, &root{
			Root: cfg, Options: o, log: o.Log.With("root", cfg.Path), wake: make(chan struct{}, 1), written: written,
			shown: map[string]shown{}, asked: map[string]word{}, refused: map[string]*Trouble{},
		})
	}
	return n
}

// Start begins to write, until Stop. Each root has a goroutine of its own.
func (n *Notices) Start(ctx context.Context) {
	ctx, n.cancel = context.WithCancel(ctx)
	for _, r := range n.roots {
		n.running.Go(func() { r.loop(ctx) })
	}
}

// Stop ends all work behind the file at hand.
func (n *Notices) Stop() {
	n.cancel()
	await.All(&n.running, nil)
}

// Wake says that something may have changed. It costs next to nothing.
func (n *Notices) Wake() {
	for _, r := range n.roots {
		r.poke()
	}
}

// Rescanned says that a root was looked through: all in it is looked at again.
func (n *Notices) Rescanned(path string) {
	for _, r := range n.roots {
		if r.Path == path {
			r.mu.Lock()
			r.again = true
			r.mu.Unlock()
			r.poke()
		}
	}
}

// Finish does all that is to be done now. It is for a run that ends, after Stop,
// and does not wait long for a root that hangs.
func (n *Notices) Finish(ctx context.Context) {
	var all sync.WaitGroup
	for _, r := range n.roots {
		all.Go(func() { r.pass(ctx, true) })
	}
	await.All(&all, ctx.Done())
}

// Trouble is why people of a root aren't told.
type Trouble struct {
	Root   string
	Folder string // one of those in which nothing can be written; "" is the root
	Reason string
}

// Troubles tells of the roots in which notices can't be written.
func (n *Notices) Troubles() (all []Trouble) {
	for _, r := range n.roots {
		r.mu.Lock()
		if r.trouble != nil {
			all = append(all, *r.trouble)
		}
		r.mu.Unlock()
	}
	return all
}
