package watcher

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"bloxdrop/internal/await"
)

// Adopt gives a root this ledger's marker, whatever stood there, after a person
// has said that the root is the right one and the ledger knows of it.
func (w *Watcher) Adopt(root string) error {
	if r := w.root(root); r != nil {
		return r.adoptHere()
	}
	return fmt.Errorf("%s is no watched root", root)
}

func (r *root) adoptHere() error {
	r.marking.Lock()
	defer r.marking.Unlock()
	empty, err := isEmpty(r.dir)
	if err != nil {
		return fmt.Errorf("%s can't be read: %s", r.Path, plain(err))
	}
	if m, _, err := readMarker(r.path(MarkerName)); err == nil && m.Ledger == r.ledger.ID() && !samePath(m.Root, r.Path) && !r.isRoot(m.Root) {
		if err := r.ledger.Inherit(r.Path, m.Root); err != nil {
			return err
		}
	}
	if !r.write(false) {
		if _, _, err := readMarker(r.path(MarkerName)); !isMissing(err) {
			return fmt.Errorf("the marker %s of another ledger can't be replaced: give bloxdrop's account the right to write into %s, or delete the marker",
				r.path(MarkerName), r.Path)
		}
		if empty { // without a marker only the person's word tells that it is no unmounted share
			if err := r.queue.GoneBelow(r.Path, ""); err != nil {
				return err
			}
		}
	} else if err := r.ledger.SetMarked(r.Path); err != nil {
		return err
	}
	r.mu.Lock()
	r.movedHouse = ""
	r.mu.Unlock()
	r.judged = false
	poke(r.rescanNow)
	return nil
}

// CanAdopt tells why a root can't be adopted now: it is not there.
func (w *Watcher) CanAdopt(root string) error {
	r := w.root(root)
	if r == nil {
		return errors.New("it is no watched root")
	}
	if _, err := isEmpty(r.dir); err != nil {
		return fmt.Errorf("%s can't be read: %s", r.Path, plain(err))
	}
	return nil
}

// leaveWithin bounds Leave: a share that hangs keeps its marker as it is.
const leaveWithin = 400 * time.Millisecond

// Leave notes a clean stop in the markers, so that a ledger which comes back
// at this very position is known to lack nothing. It must come after the last
// step of the ledger.
func (w *Watcher) Leave() {
	var all sync.WaitGroup
	for _, r := range w.roots {
		all.Go(r.leave)
	}
	await.Within(&all, leaveWithin)
}

func (r *root) leave() {
	if !r.marking.TryLock() {
		return // it hangs
	}
	defer r.marking.Unlock()
	if why, _ := r.bars(); why != "" || r.ledger == nil || r.survey || r.wrote.Ledger == "" {
		return
	}
	m, _, err := readMarker(r.path(MarkerName))
	if err != nil || m.Ledger != r.wrote.Ledger || !m.At.Equal(r.wrote.At) {
		return
	}
	r.write(true)
}

// countThere counts the files of persons in a root that waits to be adopted,
// for whoever has to decide.
func (r *root) countThere(ctx context.Context) {
	n := 0
	err := r.tour(ctx, "", r.ground(""), func(s Sight) error {
		if s.Kind == Personal {
			n++
		}
		return nil
	})
	if err != nil {
		return // stopped
	}
	r.mu.Lock()
	r.there = n
	r.mu.Unlock()
	r.changed()
}
