package watcher

import (
	"hash/fnv"
	"io"
	"slices"
	"strings"

	"bloxdrop/store"
)

// What package notice asks: where unmatched files stand, and where its own do.
// A scan comes past both anyway, so neither costs a further look at a share.

const (
	// PageName is the page that each root gets at its top.
	PageName = "_bloxdrop.html"

	// TempNotice is a notice, or the page, that is not whole yet. A kill may leave one.
	TempNotice = MarkerName + "-notice"

	// NoticeStart and NoticeEnd are how the name of each notice begins and ends,
	// in every language; the sign puts it first in a folder that is listed by name.
	NoticeStart = "! "
	NoticeEnd   = ".bloxdrop.txt"
)

// IsNotice tells of the name of a file that package notice writes. It is no
// document, and counts as nothing, as all that is Ours.
func IsNotice(dir, name string) bool {
	name = strings.ToLower(name)
	return dir == "" && name == PageName ||
		len(name) > len(NoticeStart+NoticeEnd) && strings.HasPrefix(name, NoticeStart) && strings.HasSuffix(name, NoticeEnd)
}

// Beside is a folder in which unmatched files or notices stand, as it was when
// it was last listed without an error.
type Beside struct {
	Rel       string
	Unmatched int
	Strangers uint64 // another number: other files are unmatched
	Notices   int
}

// Besides lists these folders of a root, by their paths. stamp is another
// number when the list is another one. The caller must not change it.
func (w *Watcher) Besides(root string) (list []Beside, stamp uint64) {
	for _, r := range w.roots {
		if r.Path == root {
			r.mu.Lock()
			defer r.mu.Unlock()
			return r.beside, r.besideIs
		}
	}
	return nil, 0
}

// noteBeside is told how a folder's counts change; r.mu is held.
func (r *root) noteBeside(was *counts, is counts) {
	if was == nil {
		was = &counts{}
	}
	if was.unmatched != is.unmatched || was.strangers != is.strangers || was.notices != is.notices {
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
	if c := f.counts; c != nil && c.unmatched+c.notices > 0 {
		add(Beside{Rel: rel, Unmatched: c.unmatched, Strangers: c.strangers, Notices: c.notices})
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

// UnmatchedIn looks at the unmatched files directly in a folder now, and calls
// visit with the name of each and what tells it from another.
func (w *Watcher) UnmatchedIn(root, rel string, visit func(name string, look store.Look) error) error {
	for _, r := range w.roots {
		if r.Path == root {
			return r.unmatchedIn(rel, visit)
		}
	}
	return nil
}

func (r *root) unmatchedIn(rel string, visit func(string, store.Look) error) error {
	g := r.ground(rel)
	if g.ignored != "" || g.reason == "" {
		return nil
	}
	dir, err := openDir(r.path(rel), rel == "")
	if err != nil {
		return err
	}
	defer dir.Close()
	for {
		entries, end := dir.ReadDir(chunkSize)
		for _, e := range entries {
			if Ours(rel, e.Name()) || !e.Type().IsRegular() || IsNotice(rel, e.Name()) || r.ignore.match(rel, e.Name()) != "" {
				continue
			}
			look, regular, err := lookAt(dir, e)
			if err != nil || !regular {
				continue // it went meanwhile, or it shows at the next look
			}
			if err := visit(e.Name(), look); err != nil {
				return err
			}
		}
		if end == io.EOF {
			return nil
		}
		if end != nil {
			return end
		}
	}
}
