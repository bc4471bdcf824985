package store

import (
	"crypto/sha256"
	"fmt"
	"maps"
	"slices"
)

// archive is a root of the walker's with a baseline.
type archive struct {
	there map[string]Look
	base  map[string]Look // what is skipped, since it is as it was
}

const oldRoot = "/archive"

// find does what a rescan does with one file.
func (w *walker) find(rel string) {
	look := w.old.there[rel]
	skips, err := w.Skip(oldRoot, []Found{{Rel: rel, Look: look, Person: person(rel[:1])}})
	w.must(err)
	if !skips[0] {
		sum := sha256.Sum256(fmt.Append(nil, rel[:1], look.Size, look.Inode))
		w.must(w.Offer([]Offer{{Root: oldRoot, Rel: rel, Look: look, SHA256: sum, Person: person(rel[:1])}}))
	}
}

func (w *walker) dropOld() {
	rel, _ := w.somewhere()
	inode := w.rnd.Uint64N(6)
	look := Look{Size: 1 + w.rnd.Int64N(3), ModTime: int64(inode), Inode: inode}
	if w.old.there[rel] != look {
		delete(w.old.base, rel)
	}
	w.old.there[rel] = look
	w.find(rel)
}

func (w *walker) removeOld() {
	rel, _ := w.somewhere()
	delete(w.old.there, rel)
	w.must(w.Gone(oldRoot, []string{rel}))
}

// baselineAnew skips all that is there but what Bloxs has, or may have.
func (w *walker) baselineAnew() {
	w.old.base = maps.Clone(w.old.there)
	maps.DeleteFunc(w.old.base, func(rel string, _ Look) bool {
		it, _, err := w.ItemAt(oldRoot, rel)
		return err == nil && it.passed()
	})
	_, err := w.TakeBaseline(oldRoot, func(add func([]BaselineFile) error) error {
		for rel, look := range w.old.there {
			if err := add([]BaselineFile{{rel, look}}); err != nil {
				return err
			}
		}
		return nil
	})
	w.must(err)
	for _, rel := range slices.Sorted(maps.Keys(w.old.there)) {
		w.find(rel)
	}
}

func (w *walker) order() {
	rel, _ := w.somewhere()
	if w.rnd.IntN(4) == 0 {
		rel = rel[:3] // a folder
	}
	_, err := w.Send(oldRoot, rel)
	w.must(err)
	maps.DeleteFunc(w.old.base, func(r string, _ Look) bool { return r == rel || len(rel) == 3 && r[:3] == rel })
	for r := range w.old.there {
		w.find(r)
	}
}

func (w *walker) orderAgain() {
	var all []ItemID
	for id := range w.sent {
		all = append(all, id)
	}
	if len(all) == 0 {
		return
	}
	slices.Sort(all)
	id := all[w.rnd.IntN(len(all))]
	delete(w.sent, id)
	w.must(w.SendAgain(id))
}

// checkOld: what is as the baseline has it is skipped, or gone.
func (w *walker) checkOld() {
	w.t.Helper()
	for rel, look := range w.old.base {
		if it, _, err := w.ItemAt(oldRoot, rel); err == nil && w.old.there[rel] == look && it.State != Skipped {
			w.t.Fatalf("%s is in the baseline, and is %+v", rel, it)
		}
	}
}
