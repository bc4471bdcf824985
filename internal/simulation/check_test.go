package simulation

import (
	"bytes"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"bloxdrop/internal/bloxs/bloxstest"
	"bloxdrop/internal/model"
	"bloxdrop/store"
	"bloxdrop/watcher"
)

// check holds what Bloxs has stored, and what the ledger says of it, against
// what has stood in the office.
func (w *world) check() {
	if len(w.violations) > 0 {
		return
	}
	if !w.quiet() {
		w.violation("something is left to do eight hours after all was well: %s", w.unquiet())
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	stored := w.bloxs.Stored()
	w.notBroken(stored)
	w.notTwice(stored)
	w.notLost(stored)
	w.skippedIsNotSent(stored)
	w.onlyUncertainBehindAGate()
	w.countsAddUp()
}

// notBroken: what is stored is a whole version of a file that stood in a folder
// of that person.
func (w *world) notBroken(stored []bloxstest.File) {
	for _, f := range stored {
		if len(w.stood[version{f.Person, f.SHA256}]) == 0 {
			w.violation("broken: what is stored as %d for %s was never a whole file of theirs: %s, %d bytes", f.ID, f.Person, f.Name, f.Size)
		}
	}
}

// stoodThere: a gate opens only for what stands at its place at that moment, or
// was put back there under another name by the archive.
func (w *world) stoodThere(n int, ln model.Line) {
	where := ln.About.Root + "/" + ln.About.Rel
	former := putBack.ReplaceAllString(where, "$1")
	spans := w.stood[version{ln.About.Person.ID, ln.About.SHA256.String()}]
	if !slices.ContainsFunc(spans, func(s span) bool {
		return s.where == former && !s.from.After(ln.At) && (former != where || s.to.IsZero() || !s.to.Before(ln.At))
	}) {
		w.violation("broken: line %d: the gate of %.8s opened for what did not stand at %s at that time", n, ln.Item, ln.About.Rel)
	}
}

// putBack is a file's name with the ID of what was sent before from its place.
var putBack = regexp.MustCompile(`\.\d{4,}(\.[a-z]+)$`)

// notTwice: one item is stored once, but for what people ordered, and once more
// where on_uncertain is "resend".
func (w *world) notTwice(stored []bloxstest.File) {
	times := map[version]int{}
	for _, f := range stored {
		times[version{f.Person, f.SHA256}]++
	}
	for _, it := range w.store.Items() {
		v := versionOf(it)
		most := 1 + w.orders[v]
		if w.plan.resend && it.Uncertain > 0 {
			most++
		}
		if times[v] > most {
			w.violation("twice: %.8s for %s is stored %d times, and %d are allowed", v.sha, v.person, times[v], most)
		}
		delete(times, v)
	}
	for v, n := range times {
		w.violation("%.8s for %s is stored %d times, and no item knows of it", v.sha, v.person, n)
	}
}

// notLost: each file that stands is a place of the item of its content, and
// that is sent, held or skipped; one that went was sent, or its owner took it.
func (w *world) notLost(stored []bloxstest.File) {
	for _, it := range w.store.Items() {
		v := versionOf(it)
		if it.FileID != 0 && !slices.ContainsFunc(stored, func(f bloxstest.File) bool {
			return f.ID == it.FileID && f.Person == v.person && f.SHA256 == v.sha
		}) {
			w.violation("lost: %.8s of %s counts as sent as %d, and that is not in Bloxs", v.sha, v.person, it.FileID)
		}
	}
	for _, r := range w.roots {
		for _, rel := range slices.Sorted(maps.Keys(r.files)) {
			w.accountedFor(r, rel, stored)
		}
	}
}

func (w *world) accountedFor(r *tree, rel string, stored []bloxstest.File) {
	p, person := r.files[rel], personOf(rel)
	v := version{person, digest(p.content)}
	isStored := slices.ContainsFunc(stored, func(f bloxstest.File) bool { return f.Person == v.person && f.SHA256 == v.sha })
	now, err := os.ReadFile(r.at(rel))
	if err != nil {
		switch {
		case r.after == "keep":
			w.violation("lost: %s is gone, and nobody took it away", rel)
		case r.after == "move" && w.unseen[r.at(rel)] && w.moved(r, p.content):
			// Nobody could tell, and nothing was deleted.
		case !isStored:
			w.violation("lost: %s was taken away after an upload that has not been: %.8s", rel, v.sha)
		case r.after == "move" && !w.moved(r, p.content):
			w.violation("lost: %s is gone, and not in _sent", rel)
		}
		return
	}
	if !bytes.Equal(now, p.content) {
		w.violation("lost: %s has another content than the office gave it", rel)
		return
	}
	if person == "" || ignored(rel) {
		return
	}
	it, _, err := w.store.ItemAt(r.path, rel)
	switch {
	case err != nil:
		w.violation("lost: %s of person %s is no place of any item: %v", rel, person, err)
	case it.State == store.Skipped:
		if !r.skip || !r.beforeSHA[v.sha] && r.before[rel] != int64(len(p.content)) && !w.unseen[r.at(rel)] && !w.cameWithBaseline(r, v.sha) {
			w.violation("lost: %s is skipped, and was not there before", rel)
		}
	case it.Person.ID != person:
		w.violation("%s of person %s counts as %s's", rel, person, it.Person.ID)
	case w.unseen[r.at(rel)]:
		// Nobody can tell that it was changed once it was sent.
	case it.SHA256.String() != v.sha:
		w.violation("lost: %s counts as %.8s, and is %.8s", rel, it.SHA256, v.sha)
	case it.State == store.Sent && !isStored && !w.byWord[v]:
		w.violation("lost: %s counts as sent, and is not in Bloxs", rel)
	case it.State != store.Sent && it.State != store.Held:
		w.violation("lost: %s is %s", rel, it.State)
	}
}

// cameWithBaseline tells whether a content came at the very moment at which the
// root's baseline was finished: which was first can't be told.
func (w *world) cameWithBaseline(r *tree, sha string) bool {
	for v, spans := range w.stood {
		if v.sha == sha && slices.ContainsFunc(w.store.Journal(), func(ln model.Line) bool {
			return ln.Op == model.Baseline && ln.Root == r.path && ln.Complete && spans[0].from.Equal(ln.At)
		}) {
			return true
		}
	}
	return false
}

// skippedIsNotSent: what was there before the first start of a root with
// existing = "skip", and was never touched, stays where it is.
func (w *world) skippedIsNotSent(stored []bloxstest.File) {
	for _, f := range stored {
		spans := w.stood[version{f.Person, f.SHA256}]
		if w.sendOrders || len(spans) != 1 || !spans[0].from.Equal(w.began) {
			continue
		}
		for _, r := range w.roots {
			if r.skip && r.first[f.SHA256] && strings.HasPrefix(spans[0].where, r.path+"/") {
				w.violation("%s of %s was there before the first start, and was sent", f.Name, f.Person)
			}
		}
	}
}

// moved tells whether a content stands anywhere in _sent.
func (w *world) moved(r *tree, content []byte) (found bool) {
	_ = filepath.WalkDir(r.at("_sent"), func(path string, d fs.DirEntry, err error) error {
		if err == nil && d.Type().IsRegular() {
			b, _ := os.ReadFile(path)
			found = found || bytes.Equal(b, content)
		}
		return nil
	})
	return found
}

// onlyUncertainBehindAGate goes through the journal.
func (w *world) onlyUncertainBehindAGate() {
	open := map[store.ItemID]bool{}
	for i, ln := range w.store.Journal() {
		switch ln.Op {
		case model.Gate:
			if open[ln.Item] {
				w.violation("line %d: the gate of %.8s opens twice", i, ln.Item)
			}
			open[ln.Item] = true
			w.tally.gates++
			w.stoodThere(i, ln)
		case model.Uncertain:
			w.tally.uncertain++
			early := strings.Contains(ln.Cause, "before it had the whole file")
			if !open[ln.Item] && !early {
				w.violation("line %d: %.8s is uncertain, and its gate was not open: %s", i, ln.Item, ln.Cause)
			}
			if ln.Again && !w.plan.resend {
				w.violation("line %d: %.8s is sent again by itself", i, ln.Item)
			}
			open[ln.Item] = false
		case model.Resolution, model.Again:
			w.said[ln.Item]--
		case model.NotStored:
			open[ln.Item] = false
		case model.Receipt:
			if !open[ln.Item] {
				w.violation("line %d: a receipt for %.8s, whose gate was not open", i, ln.Item)
			}
			open[ln.Item] = false
		}
	}
	for id, n := range w.said {
		if n > 0 {
			w.violation("a person was told that an order about %.8s is carried out, and the journal does not know of it", id)
		}
	}
}

// countsAddUp compares what status would say with the files that are there.
func (w *world) countsAddUp() {
	status := w.life.Load().watcher.Status()
	for i, r := range w.roots {
		places, err := w.store.PlacesIn(r.path)
		w.mustDo(err)
		files := 0
		w.mustDo(filepath.WalkDir(r.path, func(path string, d fs.DirEntry, err error) error {
			rel, _ := filepath.Rel(r.path, path)
			if dir, name := filepath.Split(rel); err == nil && watcher.Ours(strings.TrimSuffix(dir, "/"), name) {
				if d.IsDir() {
					return fs.SkipDir
				}
				return nil
			}
			if err == nil && !d.IsDir() {
				files++
			}
			return err
		}))
		st := status[i]
		if n := places + st.Settling - st.Resettling + st.Unmatched + st.Ignored; n != files {
			w.violation("the counts of %s don't add up: %d places, %+v, and %d files", r.path, places, st, files)
		}
	}
}
