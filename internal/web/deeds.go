package web

import (
	"slices"
	"sync"
	"time"
)

// deed is what somebody has done on the page. The log has all of them; those
// of this run are also shown in the stories of their files.
type deed struct {
	At     time.Time
	Who    string
	Action string
	items  []string
}

type deeds struct {
	mu  sync.Mutex
	all []deed
}

const deedsKept = 500

func (d *deeds) add(is deed, items []string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	is.items = slices.Clone(items)
	if d.all = append(d.all, is); len(d.all) > deedsKept {
		d.all = slices.Delete(d.all, 0, 1)
	}
}

func (d *deeds) of(item string) (list []deed) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, is := range d.all {
		if slices.Contains(is.items, item) {
			list = append(list, is)
		}
	}
	return list
}
