package simulation

import (
	"math/rand/v2"
	"os"
	"path"
	"slices"
	"time"

	"bloxdrop/internal/bloxs/bloxstest"
	"bloxdrop/store"
	"bloxdrop/watcher"
)

// deed is one thing that happens in the office, or to it.
func (w *world) deed() {
	switch n := w.rnd.IntN(100); {
	case n < w.plan.people:
		w.command()
	case n < w.plan.people+5:
		w.restart()
	case n < w.plan.people+8:
		w.unmount()
	case n < w.plan.people+12:
		w.bloxsChanges()
	case n < w.plan.people+14:
		w.fill(w.rnd)
	default:
		w.inTheOffice()
		if w.plan.events && w.life.Load() != nil {
			for _, r := range w.roots {
				w.life.Load().watcher.LookSoon(r.path, "")
			}
		}
	}
}

// inTheOffice is a deed with files: a single one, often one that waits to be
// sent, or a stack of them.
func (w *world) inTheOffice() {
	person, name := "", ""
	if p, err := w.store.List(store.Waiting, "", 100); err == nil && len(p.Items) > 0 && chance(w.rnd, 50) {
		it := pick(w.rnd, p.Items...)
		person, name = it.Person.ID, path.Base(it.Rel)
	}
	n := 1
	if chance(w.rnd, 10) {
		person, name, n = "", "", 3+w.rnd.IntN(8)
	}
	for range n {
		w.mu.Lock()
		what := ""
		if n > 1 {
			what = w.drop(w.rnd, "")
		} else {
			what = w.fileDeed(w.rnd, person, name)
		}
		w.mu.Unlock()
		w.tell("the office %s", what)
	}
}

// fill has the disk of the ledger full for a while.
func (w *world) fill(rnd *rand.Rand) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.full.Store(true)
	w.tell("the disk is full")
	w.later(time.Duration(rnd.Int64N(int64(time.Minute))), func() {
		w.full.Store(false)
		w.tell("the disk has room again")
	})
}

// unmount takes a root away for a while, and leaves an empty folder or none.
func (w *world) unmount() {
	w.mu.Lock()
	defer w.mu.Unlock()
	r := pick(w.rnd, w.roots...)
	for _, p := range r.files {
		if p.busy {
			return
		}
	}
	if _, err := os.Lstat(r.at(watcher.MarkerName)); r.away || err != nil {
		return // an empty folder at a first start would be taken for the root
	}
	w.mustDo(os.Rename(r.path, r.path+".away"))
	if chance(w.rnd, 50) {
		w.mustDo(os.Mkdir(r.path, 0o755))
	}
	r.away = true
	w.tell("the root %s goes away", r.path)
	time.AfterFunc(time.Second, func() { w.stays(r) })
	w.later(time.Duration(w.rnd.Int64N(int64(4*time.Minute))), func() { w.mount(r) })
}

// stays notes how many places a root has that has just gone away; none of them
// may go before it is back.
func (w *world) stays(r *tree) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if r.away {
		r.places = w.durablePlaces(r)
	}
}

// durablePlaces counts the places in a root but the skipped ones, which a crash
// may forget until the next rescan.
func (w *world) durablePlaces(r *tree) (n int) {
	for _, it := range w.store.Items() {
		places, _ := w.store.PlacesOf(it.ID, 1000)
		for _, p := range places {
			if it.State != store.Skipped && p.Root == r.path {
				n++
			}
		}
	}
	return n
}

func (w *world) mount(r *tree) {
	if r.away {
		if n := w.durablePlaces(r); n < r.places && w.life.Load() != nil && !w.life.Load().dead.Load() && !w.rebuilt {
			w.violation("lost: %d of %d places went while their root was away", r.places-n, r.places)
		}
		r.places = 0
		w.mustDo(os.RemoveAll(r.path))
		w.mustDo(os.Rename(r.path+".away", r.path))
		r.away = false
		w.tell("the root %s is back", r.path)
	}
}

func (w *world) mountAll() {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, r := range w.roots {
		w.mount(r)
	}
}

// command is what a person orders.
func (w *world) command() {
	l := w.life.Load()
	if l == nil || l.queue == nil {
		return
	}
	items := w.store.Items()
	var it store.Item
	if len(items) > 0 {
		it = pick(w.rnd, items...)
	}
	uncertain := slices.DeleteFunc(items, func(is store.Item) bool { return is.State != store.Held || is.Reason != store.Uncertain })
	if len(uncertain) > 0 && chance(w.rnd, 60) {
		w.resolve(pick(w.rnd, uncertain...))
		return
	}
	switch w.rnd.IntN(8) {
	case 0:
		_, err := l.queue.RetryAll()
		w.tell("a person: retry --all: %v", err)
	case 1:
		_, err := l.queue.Retry([]store.ItemID{it.ID})
		w.tell("a person: retry %.8s: %v", it.ID, err)
	case 2:
		if chance(w.rnd, 50) {
			w.tell("a person: pause: %v", l.queue.PauseByHand())
		} else {
			w.tell("a person: resume: %v", l.queue.Resume())
		}
	case 3, 4:
		if it.Reason == store.NameMismatch {
			_, err := l.queue.Confirm(it.Person, "Pietersen")
			w.tell("a person: confirm: %v", err)
		}
	case 5:
		w.send(l, it)
	case 6:
		w.sendAgain(l, it)
	case 7:
		l.watcher.RescanNow()
	}
}

// send orders what was skipped.
func (w *world) send(l *life, it store.Item) {
	if it.State != store.Skipped {
		return
	}
	w.sendOrders = true
	_, err := l.queue.Send(it.Root, it.Rel)
	l.watcher.LookSoon(it.Root, it.Rel)
	w.tell("a person: send %s: %v", it.Rel, err)
}

// sendAgain orders a second upload.
func (w *world) sendAgain(l *life, it store.Item) {
	if it.State != store.Sent {
		return
	}
	w.orders[versionOf(it)]++
	w.tally.ordered++
	err := l.queue.SendAgain(it.ID)
	if err == nil {
		w.said[it.ID]++
	}
	w.tell("a person: send --again %.8s %s: %v", it.ID, it.Rel, err)
}

func versionOf(it store.Item) version { return version{it.Person.ID, it.SHA256.String()} }

// resolve is what a person says who has looked into Bloxs, and may be wrong.
func (w *world) resolve(it store.Item) {
	id := int64(0)
	for _, f := range w.bloxs.Stored() {
		if f.Person == it.Person.ID && f.SHA256 == it.SHA256.String() {
			id = f.ID
		}
	}
	sent := id != 0
	if chance(w.rnd, 10) {
		sent, id = !sent, 0
	}
	if chance(w.rnd, 30) {
		id = 0
	}
	if sent {
		w.byWord[versionOf(it)] = true
	} else {
		w.orders[versionOf(it)]++
		w.tally.ordered++
	}
	err := w.life.Load().queue.Resolve(it.ID, sent, id)
	if err == nil {
		w.said[it.ID]++
	}
	w.tell("a person: resolve %.8s %s, sent %v as %d: %v", it.ID, it.Rel, sent, id, err)
}

// bloxsChanges is what happens in Bloxs.
func (w *world) bloxsChanges() {
	w.mu.Lock()
	defer w.mu.Unlock()
	switch w.rnd.IntN(4) {
	case 0:
		w.bloxs.Know("1004", bloxstest.Person{Name: "Piet Smit"})
		w.tell("Bloxs comes to know 1004")
	case 1:
		w.bloxs.ExpireTokens()
		w.tell("Bloxs forgets its tokens")
	case 2:
		w.bloxs.SetKey("another-key", "another-secret")
		w.tell("the key is refused")
		w.later(time.Duration(w.rnd.Int64N(int64(5*time.Minute))), func() { w.bloxs.SetKey("the-key", "the-secret") })
	case 3:
		w.bloxs.LimitWindow(bloxstest.Limit{Writes: 3, RetryAfter: chance(w.rnd, 50)})
		w.tell("Bloxs's limit is nearly used up")
		w.later(time.Duration(w.rnd.Int64N(int64(5*time.Minute))), func() { w.bloxs.LimitWindow(bloxstest.Limit{}) })
	}
}
