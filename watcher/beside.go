package watcher

import (
	"context"
	"hash/fnv"
	"slices"
	"strings"

	"bloxdrop/store"
)

// What package notice asks: where stranded files stand, and where its own do.
// A scan comes past both anyway, so neither costs a further look at a share.

// Beside is a folder in which stranded files or notices stand, as it was when
// it was last listed without an error. Stranded are unmatched files and, in a
// person's folder, empty ones.
type Beside struct {
	Rel      string
	Stranded int
	Which    uint64 // another number: other files are stranded
	Notices  int
}

// Besides lists these folders of a root, by their paths. stamp is another
// number when the list is another one. The caller must not change it.
func (w *Watcher) Besides(root string) (list []Beside, stamp uint64) {
	r := w.root(root)
	if r == nil {
		return nil, 0
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.beside, r.besideIs
}

// noteBeside is told how a folder's counts change; r.mu is held.
func (r *root) noteBeside(was *counts, is counts) {
	if was == nil {
		was = &counts{}
	}
	if was.unmatched+was.empty != is.unmatched+is.empty || was.strangers != is.strangers || was.notices != is.notices {
		r.besideStale = true
	}
}

// gatherBeside is for the scanner alone, as the tree is.
func (r *root) gatherBeside() {
	r.mu.Lock()
	stale := r.besideStale
	r.besideStale = false
	r.mu.Unlock()
	if !stale {
		return
	}
	var list []Beside
	r.tree.besides("", func(b Beside) { list = append(list, b) })
	slices.SortFunc(list, func(a, b Beside) int { return strings.Compare(a.Rel, b.Rel) })
	r.mu.Lock()
	defer r.mu.Unlock()
	r.beside = list
	r.besideIs++
}

func (f *folder) besides(rel string, add func(Beside)) {
	if c := f.counts; c != nil && c.unmatched+c.empty+c.notices > 0 {
		add(Beside{Rel: rel, Stranded: c.unmatched + c.empty, Which: c.strangers, Notices: c.notices})
	}
	for name, c := range f.children {
		c.besides(join(rel, name), add)
	}
}

func hashOf(name string) uint64 {
	h := fnv.New64a()
	_, _ = h.Write([]byte(name))
	return h.Sum64()
}

// StrandedIn looks at the stranded files directly in a folder now, and calls
// visit with the name of each and what tells it from another.
func (w *Watcher) StrandedIn(root, rel string, visit func(name string, look store.Look) error) error {
	if r := w.root(root); r != nil {
		return r.strandedIn(rel, visit)
	}
	return nil
}

func (r *root) strandedIn(rel string, visit func(string, store.Look) error) error {
	g := r.ground(rel)
	if g.ignored != "" {
		return nil
	}
	dir, err := openDir(r.path(rel), rel == "")
	if err != nil {
		return err
	}
	defer dir.Close()
	for e, err := range entries(context.Background(), dir, func() {}) { // short, and no part of a scan
		if err != nil {
			return err
		}
		if Ours(rel, e.Name()) || !e.Type().IsRegular() || r.ignore.match(rel, e.Name()) != "" || r.isWritten(join(rel, e.Name()), g, false) {
			continue
		}
		look, regular, err := lookAt(dir, e)
		if err != nil || !regular || g.reason == "" && look.Size > 0 {
			continue // it went meanwhile, it shows at the next look, or it is not stranded
		}
		if err := visit(e.Name(), look); err != nil {
			return err
		}
	}
	return nil
}
