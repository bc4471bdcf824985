package store

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"testing"
	"time"
)

// walker does anything that the program may do, in any order, and remembers
// what Bloxs was told and what it answered.
type walker struct {
	*bench
	rnd     *rand.Rand
	there   map[string]string // path -> content, as the share has it
	sent    map[ItemID]int64
	opened  map[ItemID]bool // gates that opened and have no answer yet
	unclear map[ItemID]bool // held until a person decides
	old     archive
}

// TestRandomWalk: whatever happens in whatever order, the books add up, what
// was sent stays sent, and what is uncertain stays held.
func TestRandomWalk(t *testing.T) {
	t.Parallel()
	seed := uint64(time.Now().UnixNano())
	if s := os.Getenv("STORE_SEED"); s != "" {
		_, err := fmt.Sscan(s, &seed)
		if err != nil {
			t.Fatal(err)
		}
	}
	t.Logf("STORE_SEED=%d", seed)
	w := walker{bench: newBench(t), rnd: rand.New(rand.NewPCG(seed, 1)),
		there: map[string]string{}, sent: map[ItemID]int64{}, opened: map[ItemID]bool{}, unclear: map[ItemID]bool{},
		old: archive{map[string]Look{}, map[string]Look{}}}
	w.large = true // check recounts
	moves := []func(){w.drop, w.drop, w.drop, w.remove, w.removeFolder, w.gate, w.gate, w.answer, w.answer, w.answer, w.notYet,
		w.lookUp, w.resolve, w.retry, w.confirm, w.follow, w.listed,
		w.dropOld, w.dropOld, w.removeOld, w.baselineAnew, w.order, w.orderAgain}
	for range 500 {
		w.now = w.now.Add(time.Duration(w.rnd.IntN(1000)) * time.Millisecond)
		before := w.states()
		moves[w.rnd.IntN(len(moves))]()
		w.stepped(before)
		w.check()
		switch w.rnd.IntN(80) {
		case 0:
			w.reopen()
			w.check()
		case 1:
			w.kill()
			w.open()
			w.check()
		case 2:
			w.rebuild()
		}
	}
}

func (w *walker) states() map[ItemID]State {
	w.t.Helper()
	all := map[ItemID]State{}
	for _, state := range []State{Waiting, Sending, Sent, Held, Skipped, Withdrawn} {
		p, err := w.List(state, "", 1000)
		w.must(err)
		for _, it := range p.Items {
			all[it.ID] = it.State
		}
	}
	return all
}

// stepped checks that every item has gone a way that is drawn, if any.
func (w *walker) stepped(before map[ItemID]State) {
	w.t.Helper()
	for id, is := range w.states() {
		if was := before[id]; was != is && !slices.Contains(ways()[was], is) {
			w.t.Fatalf("%s went from %q to %q, which is no way", id, was, is)
		}
	}
}

func (w *walker) check() {
	w.t.Helper()
	w.recount()
	w.checkOld()
	for id, fileID := range w.sent {
		if it := w.item(id); it.State != Sent || it.FileID != fileID {
			w.t.Fatalf("was sent as %d, is %+v", fileID, it)
		}
	}
	for id := range w.opened {
		if it := w.item(id); it.State != Sending {
			w.t.Fatalf("its gate is open, is %+v", it)
		}
	}
	for id := range w.unclear {
		if it := w.item(id); it.State != Held || it.Reason != Uncertain {
			w.t.Fatalf("is uncertain, is %+v", it)
		}
	}
}

func (w *walker) somewhere() (rel, person string) {
	person = string(rune('1' + w.rnd.IntN(3)))
	return fmt.Sprintf("%s/%c/%c", person, 'a'+rune(w.rnd.IntN(2)), 'a'+rune(w.rnd.IntN(3))), person
}

func (w *walker) drop() {
	rel, person := w.somewhere()
	w.there[rel] = string(rune('A' + w.rnd.IntN(6)))
	w.offer(offer(person, rel, w.there[rel]))
}

func (w *walker) remove() {
	rel, _ := w.somewhere()
	delete(w.there, rel)
	w.gone(rel)
}

func (w *walker) removeFolder() {
	rel, _ := w.somewhere()
	dir := rel[:3]
	for rel := range w.there {
		if rel[:3] == dir {
			delete(w.there, rel)
		}
	}
	w.must(w.GoneBelow("/scans", dir))
}

func (w *walker) gate() {
	if it := w.take(); it.ID != "" {
		w.must(w.OpenGate(it.ID, Place{Root: it.Root, Rel: it.Rel}))
		w.opened[it.ID] = true
	}
}

// any picks one of the items, the same one for the same seed.
func (w *walker) any(ids map[ItemID]bool) (first ItemID) {
	for id := range ids {
		if first == "" || id < first {
			first = id
		}
	}
	return first
}

func (w *walker) answer() {
	id := w.any(w.opened)
	if id == "" {
		return
	}
	delete(w.opened, id)
	switch w.rnd.IntN(6) {
	case 0, 1, 2:
		w.sent[id] = w.rnd.Int64()
		w.must(w.Receipt(id, w.sent[id]))
	case 3:
		w.must(w.NobodyKnows(id, false, try("cut")))
		w.unclear[id] = true
	case 4:
		w.must(w.NotStored(id, Try{Due: w.now.Add(time.Duration(w.rnd.IntN(9)) * time.Second)}))
	case 5:
		w.must(w.Hold(id, Rejected, try("no")))
	}
}

func (w *walker) notYet() {
	if it := w.take(); it.ID != "" {
		switch w.rnd.IntN(3) {
		case 0:
			w.must(w.Hold(it.ID, NameMismatch, try("who")))
		case 1:
			w.must(w.NotStored(it.ID, Try{Due: w.now.Add(time.Duration(w.rnd.IntN(9)) * time.Second)}))
		case 2: // an answer before the gate
			w.must(w.NobodyKnows(it.ID, false, try("200")))
			w.unclear[it.ID] = true
		}
	}
}

func (w *walker) lookUp() {
	_, p := w.somewhere()
	if w.rnd.IntN(2) == 0 {
		w.must(w.PersonFound(person(p), nil))
	} else {
		w.must(w.PersonUnknown(person(p), "none", w.now.Add(time.Hour)))
	}
}

func (w *walker) resolve() {
	id := w.any(w.unclear)
	if id == "" {
		return
	}
	delete(w.unclear, id)
	if sent := w.rnd.IntN(2) == 0; sent {
		w.sent[id] = w.item(id).FileID // of a first upload, if there was one
		w.must(w.Resolve(id, true, 0))
	} else {
		w.must(w.Resolve(id, false, 0))
	}
}

func (w *walker) retry() {
	rel, _ := w.somewhere()
	if it, _, err := w.ItemAt("/scans", rel); err == nil {
		_, err := w.Retry(it.ID)
		w.must(err)
	} else if !errors.Is(err, ErrNoItem) {
		w.t.Fatal(err)
	}
}

func (w *walker) confirm() {
	_, p := w.somewhere()
	_, err := w.Confirm(person(p), "Smit")
	w.must(err)
}

// follow moves a file that was sent out of its place, or gives it up.
func (w *walker) follow() {
	page, _, err := w.SentPlaces("/scans", "", 1)
	w.must(err)
	if len(page) > 0 {
		_, err := w.NoteDown([]Note{{SentPlace: page[0], To: "_sent/" + page[0].Place.Rel}})
		w.must(err)
	}
	notes, err := w.Notes("/scans", 1)
	w.must(err)
	if len(notes) > 0 && w.rnd.IntN(2) == 0 {
		gone := w.rnd.IntN(2) == 0
		if _, p, err := w.ItemAt("/scans", notes[0].Place.Rel); gone && err == nil && p.Item == notes[0].Place.Item {
			delete(w.there, p.Rel)
		}
		w.must(w.EndNotes(notes, gone))
	}
}

func (w *walker) listed() { w.must(w.AfterUpload("/scans", w.rnd.IntN(4) > 0)) }

// rebuild loses one of the two files; the next rescan offers all that is there.
func (w *walker) rebuild() {
	w.close()
	name := []string{ledgerName, journalName}[w.rnd.IntN(2)]
	w.must(os.Remove(w.file(name)))
	w.open()
	w.check()
	for rel, content := range w.there {
		w.offer(offer(rel[:1], rel, content))
	}
	for rel := range w.old.there {
		w.find(rel)
	}
	w.check()
}
