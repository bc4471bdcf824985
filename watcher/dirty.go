package watcher

import (
	"path"
	"sync"
)

// The dirty set stays small however many events come: beyond these bounds it
// remembers less and more is scanned.
const (
	maxDirtyFolders = 4096
	maxHintNames    = 256
)

// dirtySet gathers the folders in which something happened, from the pump of
// events to the scanner.
type dirtySet struct {
	mu      sync.Mutex
	folders map[string]*hint
	all     bool // everything must be scanned
	wake    chan struct{}
}

// hint names the children of a dirty folder that may be folders new to us,
// with everything below them.
type hint struct {
	names   map[string]bool
	deep    bool            // too many names: every child may be
	touched map[string]bool // children that were changed, be they files or folders
	other   bool            // something else happened, too
}

func (h *hint) has(name string) bool { return h != nil && (h.deep || h.names[name]) }

// idle says that nothing but folders which are known was changed in f: what
// happened in them is told of by itself.
func (h *hint) idle(f *folder) bool {
	if f == nil || h.other || len(h.touched) == 0 {
		return false
	}
	for name := range h.touched {
		if c := f.children[name]; c == nil || !c.scanned {
			return false
		}
	}
	return true
}

func newDirtySet() *dirtySet {
	return &dirtySet{folders: map[string]*hint{}, wake: make(chan struct{}, 1)}
}

// mark notes that something happened directly in the folder rel. A child that
// is not "" may be a folder that has to be scanned with everything below.
func (d *dirtySet) mark(rel, child string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	h := d.hint(rel)
	if h == nil {
		return
	}
	h.other = true
	if child == "" || h.deep || h.names[child] {
		return
	}
	if len(h.names) >= maxHintNames {
		h.deep, h.names = true, nil
		return
	}
	if h.names == nil {
		h.names = map[string]bool{}
	}
	h.names[child] = true
}

// touch notes that child in the folder rel was changed, which for a folder says
// that something happened in it.
func (d *dirtySet) touch(rel, child string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	h := d.hint(rel)
	if h == nil || h.other || h.touched[child] {
		return
	}
	if len(h.touched) >= maxHintNames {
		h.other, h.touched = true, nil
		return
	}
	if h.touched == nil {
		h.touched = map[string]bool{}
	}
	h.touched[child] = true
}

// hint is that of a folder; nil where everything is to be scanned.
func (d *dirtySet) hint(rel string) *hint {
	defer poke(d.wake)
	h := d.folders[rel]
	if h == nil {
		if d.all || len(d.folders) >= maxDirtyFolders {
			d.all, d.folders = true, map[string]*hint{}
			return nil
		}
		h = &hint{}
		d.folders[rel] = h
	}
	return h
}

// markAll asks for a full rescan.
func (d *dirtySet) markAll() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.all, d.folders = true, map[string]*hint{}
	poke(d.wake)
}

// take hands over what was gathered and begins anew.
func (d *dirtySet) take() (folders map[string]*hint, all bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	folders, all = d.folders, d.all
	d.folders, d.all = map[string]*hint{}, false
	return folders, all
}

// covers says whether events have told of the folder rel, or of one above it.
func (d *dirtySet) covers(rel string) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.all || covers(d.folders, rel)
}

func covers(folders map[string]*hint, rel string) bool {
	for folders[rel] == nil {
		if rel == "" {
			return false
		}
		rel = parent(rel)
	}
	return true
}

// parent is the folder that holds rel; "" for what lies directly in the root.
func parent(rel string) string {
	if dir := path.Dir(rel); dir != "." {
		return dir
	}
	return ""
}
