package store_test

import (
	"crypto/sha256"
	"os"
	"slices"
	"strings"
	"time"

	"pgregory.net/rapid"

	"bloxdrop/store"
)

var (
	allRoots   = []string{"/scans", "/archive"}
	allStates  = []store.State{store.Waiting, store.Sending, store.Sent, store.Held, store.Skipped, store.Withdrawn}
	allFolders = []string{"1", "2", "1/in", "2/in", "1/in/deep"}
	allNames   = []string{"a", "b", "c"}
	allHomes   = []store.Home{home("https://a.bloxs.io", "{reference}"), home("https://a.bloxs.io", "{reference}[ - {name}]"), home("https://b.bloxs.io", "{reference}")}
)

func home(environment, layout string) store.Home {
	return store.Home{Environment: environment, Relation: "persons", Kind: "reference", Layout: layout}
}

func one[T any](w *twins, what string, of []T) T { return rapid.SampledFrom(of).Draw(w.T, what) }

func (w *twins) root() string { return one(w, "root", allRoots) }
func (w *twins) rel() string  { return one(w, "folder", allFolders) + "/" + one(w, "name", allNames) }
func (w *twins) often(n int) bool {
	return rapid.IntRange(0, n).Draw(w.T, "chance") > 0
}

// key is the person of a path, mostly of the first environment.
func (w *twins) key(rel string) store.PersonKey {
	environment := "https://a.bloxs.io"
	if !w.often(6) {
		environment = "https://b.bloxs.io"
	}
	return store.PersonKey{Environment: environment, Relation: "persons", Kind: "reference", ID: rel[:1]}
}

func (w *twins) look() store.Look {
	n := int64(rapid.IntRange(1, 4).Draw(w.T, "look"))
	return store.Look{Size: 1 + n%2, ModTime: n, ChangeTime: n, Inode: uint64(n)}
}

// item picks one of the items in these states, a zero one where there is none.
func (w *twins) item(states ...store.State) store.Item {
	var all []store.Item
	for _, state := range states {
		p, err := w.store.List(state, "", 1000)
		w.must(err)
		all = append(all, p.Items...)
	}
	if len(all) == 0 {
		return store.Item{ID: "00"}
	}
	slices.SortFunc(all, func(a, b store.Item) int { return strings.Compare(string(a.ID), string(b.ID)) })
	return all[rapid.IntRange(0, len(all)-1).Draw(w.T, "item")]
}

func (w *twins) try() store.Try {
	return store.Try{Counts: w.often(1), Due: w.now.Add(time.Duration(rapid.IntRange(-1, 5).Draw(w.T, "due")) * time.Second), Detail: "because", TraceID: one(w, "trace", []string{"", "t"})}
}

func done(err error) (any, error) { return nil, err }

// deeds are all transitions, and all that can happen between two of them.
func (w *twins) deeds() map[string]func(*rapid.T) {
	deeds := map[string]func(){
		"":      w.compare,
		"offer": w.offer, "offer more": w.offer, "offer again": w.offer, "gone": w.gone, "take": w.take, "gate": w.gate, "gate of another": w.gate,
		"receipt": w.receipt, "receipt of another": w.receipt, "not stored": w.notStored, "hold": w.hold, "nobody knows": w.nobodyKnows,
		"resolve": w.resolve, "retry": w.retry, "send again": w.sendAgain, "confirm": w.confirm, "pause": w.pause, "look-up": w.lookUp, "forget": w.forget,
		"baseline": w.baseline, "skip": w.skip, "send": w.send, "after upload": w.afterUpload, "note": w.note, "root": w.aboutRoot, "suspect": w.suspect,
		"second": w.second, "reopen": w.reopen, "crash": w.crash, "torn step": w.tornStep, "lose a file": w.lose,
	}
	steps := map[string]func(*rapid.T){}
	for name, do := range deeds {
		steps[name] = func(t *rapid.T) {
			w.T = t
			do()
		}
	}
	return steps
}

func (w *twins) offer() {
	var batch []store.Offer
	root := w.root()
	for range rapid.IntRange(1, 3).Draw(w.T, "batch") {
		rel := w.rel()
		content := one(w, "content", []string{"x", "y", "z"})
		batch = append(batch, store.Offer{Root: root, Rel: rel, Look: w.look(), SHA256: sha256.Sum256([]byte(content)), Person: w.key(rel),
			Folder: one(w, "folder's name", []string{"", "Jansen"}), Racy: !w.often(3)})
	}
	w.both("offer", func(l ledger) (any, error) { return done(l.Offer(batch)) })
}

func (w *twins) gone() {
	root, rel := w.root(), w.rel()
	if w.often(2) {
		w.both("gone", func(l ledger) (any, error) { return done(l.Gone(root, []string{rel, "1/a"})) })
		return
	}
	dir := one(w, "dir", []string{"1", "1/in", "2", ""})
	w.both("gone below", func(l ledger) (any, error) { return done(l.GoneBelow(root, dir)) })
}

func (w *twins) take() {
	some := w.item(store.Waiting).ID
	taken := func(id store.ItemID) bool { return id == some }
	if w.often(2) {
		taken = func(store.ItemID) bool { return false }
	}
	horizon := one(w, "horizon", []time.Duration{3 * time.Second, time.Hour})
	w.both("take", func(l ledger) (any, error) {
		it, places, next, err := l.Take(taken, horizon)
		return []any{it, places, next}, err
	})
}

// gate is for an item that waits, mostly.
func (w *twins) gate() {
	it := w.item(store.Waiting)
	if !w.often(5) {
		it = w.item(allStates...)
	}
	w.both("open gate", func(l ledger) (any, error) { return done(l.OpenGate(it.ID, store.Place{Root: it.Root, Rel: it.Rel})) })
}

func (w *twins) receipt() {
	it := w.item(store.Sending)
	w.files++
	w.both("receipt", func(l ledger) (any, error) { return done(l.Receipt(it.ID, w.files)) })
}

func (w *twins) notStored() {
	it, t := w.item(store.Sending, store.Waiting), w.try()
	w.both("not stored", func(l ledger) (any, error) { return done(l.NotStored(it.ID, t)) })
}

func (w *twins) hold() {
	it, t := w.item(store.Sending, store.Waiting), w.try()
	why := one(w, "why", []store.Reason{store.Rejected, store.NameMismatch})
	w.both("hold", func(l ledger) (any, error) { return done(l.Hold(it.ID, why, t)) })
}

func (w *twins) nobodyKnows() {
	it, t, again := w.item(store.Sending), w.try(), !w.often(3)
	if !w.often(3) {
		it = w.item(allStates...)
	}
	w.both("nobody knows", func(l ledger) (any, error) { return done(l.NobodyKnows(it.ID, again, t)) })
}

func (w *twins) resolve() {
	it, sent, id := w.item(store.Held), w.often(1), int64(rapid.IntRange(0, 1).Draw(w.T, "file"))
	w.both("resolve", func(l ledger) (any, error) { return done(l.Resolve(it.ID, sent, id*1000)) })
}

func (w *twins) retry() {
	it := w.item(allStates...)
	w.both("retry", func(l ledger) (any, error) { return l.Retry(it.ID) })
}

func (w *twins) sendAgain() {
	it := w.item(store.Sent)
	w.both("send again", func(l ledger) (any, error) { return done(l.SendAgain(it.ID)) })
}

func (w *twins) confirm() {
	key := w.key(w.rel())
	w.both("confirm", func(l ledger) (any, error) { return l.Confirm(key, "Jansen") })
}

func (w *twins) pause() {
	on := w.often(1)
	w.both("pause", func(l ledger) (any, error) { return done(l.PauseByHand(on)) })
}

func (w *twins) lookUp() {
	key, at := w.key(w.rel()), w.now.Add(time.Hour)
	switch rapid.IntRange(0, 4).Draw(w.T, "answer") {
	case 0, 1:
		w.both("person found", func(l ledger) (any, error) { return done(l.PersonFound(key, []string{"Jan"})) })
	case 2:
		w.both("person unknown", func(l ledger) (any, error) { return done(l.PersonUnknown(key, "nobody", at)) })
	case 3:
		w.both("person unchecked", func(l ledger) (any, error) { return done(l.PersonUnchecked(key)) })
	case 4:
		w.both("look-up later", func(l ledger) (any, error) { return done(l.LookUpLater(key, at)) })
	}
}

func (w *twins) forget() {
	id := one(w, "person", []string{"1", "2"})
	if w.often(1) { // most often something of theirs is still there
		for _, root := range allRoots {
			w.both("gone", func(l ledger) (any, error) { return done(l.GoneBelow(root, id)) })
		}
	}
	w.both("forget", func(l ledger) (any, error) {
		return l.Forget(id, func(_, _, rel string) bool { return strings.HasPrefix(rel, id+"/") })
	})
}

func (w *twins) suspect() {
	root, rel := w.root(), w.rel()
	_, p, err := w.store.ItemAt(root, rel)
	if err == nil {
		w.both("suspect", func(l ledger) (any, error) { return done(l.Suspect([]store.Place{p})) })
	}
}

func (w *twins) baseline() {
	root := w.root()
	switch rapid.IntRange(0, 4).Draw(w.T, "what of it") {
	case 0:
		w.both("want a baseline", func(l ledger) (any, error) { return l.WantBaseline(root) })
	case 1:
		w.both("want no baseline", func(l ledger) (any, error) { return done(l.UnwantBaseline(root)) })
	case 2:
		from := w.root()
		w.both("inherit a baseline", func(l ledger) (any, error) { return done(l.Inherit(root, from)) })
	default:
		var batches [][]store.BaselineFile
		for range rapid.IntRange(0, 2).Draw(w.T, "batches") {
			var batch []store.BaselineFile
			for range rapid.IntRange(1, 3).Draw(w.T, "files") {
				batch = append(batch, store.BaselineFile{Rel: w.rel(), Look: w.look()})
			}
			batches = append(batches, batch)
		}
		var breaks error
		if !w.often(4) {
			breaks = os.ErrPermission
		}
		w.both("take a baseline", func(l ledger) (any, error) {
			return l.TakeBaseline(root, func(add func([]store.BaselineFile) error) error {
				for _, batch := range batches {
					if err := add(batch); err != nil {
						return err
					}
				}
				return breaks
			})
		})
	}
}

func (w *twins) found() (files []store.Found) {
	for range rapid.IntRange(1, 3).Draw(w.T, "found") {
		rel := w.rel()
		files = append(files, store.Found{Rel: rel, Look: w.look(), Person: w.key(rel), Folder: one(w, "folder's name", []string{"", "Jansen"})})
	}
	return files
}

func (w *twins) skip() {
	root, files := w.root(), w.found()
	w.both("skip", func(l ledger) (any, error) { return l.Skip(root, files) })
	w.both("would skip", func(l ledger) (any, error) { return l.WouldSkip(root, files[0]) })
}

func (w *twins) send() {
	root, rel := w.root(), w.rel()
	if !w.often(3) {
		rel = one(w, "dir", []string{"1", "1/in", "2", ""})
	}
	w.both("send", func(l ledger) (any, error) { return l.Send(root, rel) })
}

func (w *twins) afterUpload() {
	root, on := w.root(), w.often(3)
	w.both("after upload", func(l ledger) (any, error) { return done(l.AfterUpload(root, on)) })
}

func (w *twins) note() {
	root := w.root()
	page, _, err := w.store.SentPlaces(root, "", 2)
	w.must(err)
	if len(page) > 0 && w.often(1) {
		var notes []store.Note
		for _, p := range page {
			notes = append(notes, store.Note{SentPlace: p, To: "_sent/" + p.Place.Rel, Delete: w.often(1)})
		}
		w.both("note down", func(l ledger) (any, error) { return l.NoteDown(notes) })
		return
	}
	notes, err := w.store.Notes(root, 2)
	w.must(err)
	gone := w.often(1)
	w.both("end notes", func(l ledger) (any, error) { return done(l.EndNotes(notes, gone)) })
}

func (w *twins) aboutRoot() {
	root, is := w.root(), one(w, "home", allHomes)
	personOf := func(rel string) (string, bool) {
		return one2(is.Layout == allHomes[1].Layout, "9", rel[:1]), rel[0] == '1'
	}
	switch rapid.IntRange(0, 6).Draw(w.T, "what of it") {
	case 0:
		w.both("set marked", func(l ledger) (any, error) { return done(l.SetMarked(root)) })
	case 1, 2:
		w.both("set home", func(l ledger) (any, error) { return done(l.SetHome(root, is, personOf)) })
	case 3:
		known, above := uint64(rapid.IntRange(0, 9).Draw(w.T, "known")), uint64(rapid.IntRange(0, 200).Draw(w.T, "above"))
		w.both("doubt", func(l ledger) (any, error) { return done(l.Doubt("restored", known, above)) })
	case 4:
		w.both("adopt", func(l ledger) (any, error) { return done(l.Adopt(root, is, allRoots)) })
	case 5:
		w.both("trust", func(l ledger) (any, error) { return done(l.Trust(root, allRoots)) })
	case 6:
		keep := allRoots
		if !w.often(2) {
			keep = []string{root}
		}
		w.both("keep roots", func(l ledger) (any, error) { return l.KeepRoots(keep) })
	}
}

func one2(is bool, a, b string) string {
	if is {
		return a
	}
	return b
}
