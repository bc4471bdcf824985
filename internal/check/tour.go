package check

import (
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"strings"

	"github.com/dustin/go-humanize"

	"bloxdrop/internal/config"
	"bloxdrop/store"
	"bloxdrop/watcher"
)

const (
	mostExamples = 10     // of one kind of mistake that are named
	mostPeople   = 10_000 // more can't be asked for in the time that a check has
)

// person is one folder that names a person.
type person struct {
	key    store.PersonKey
	name   string // what the folder shows, or ""
	path   string
	verify string
	files  int // that would be sent
}

// examples are things of one kind: the first are named, the others counted.
type examples struct {
	named []Finding
	more  int
}

func (e *examples) add(level Level, about, remedy, format string, args ...any) {
	if len(e.named) == mostExamples {
		e.more++
		return
	}
	e.named = append(e.named, Finding{level, about, fmt.Sprintf(format, args...), remedy})
}

// report gives the named ones, and says how many more there are of what.
func (e *examples) report(r *result, about, what string) {
	r.findings = append(r.findings, e.named...)
	if e.more > 0 {
		r.add(e.named[0].Level, about, "mend those above, and run check again", "and %s", many(e.more, what))
	}
}

// tour adds up what stands in one root.
type tour struct {
	*checker
	w  config.Watch
	me string
	v  *visit

	sights *watcher.Watcher

	files, folders, persons                       int
	unmatched, ignored, empty, large, shut, fresh int
	bytes                                         int64 // of the fresh ones
	known                                         map[store.State]int
	people                                        []person
	bad                                           string // the folder that is nobody's in which the tour is; "" if in none
	strange, loose, links, hollow, big, closed    examples
	looseIn                                       string // the last folder in which a loose file was named
	ledgerErr                                     error
}

func newTour(c *checker, w config.Watch, v *visit, sights *watcher.Watcher) *tour {
	return &tour{checker: c, w: w, me: about(w), v: v, sights: sights, known: map[store.State]int{}}
}

func (t *tour) full(rel string) string { return filepath.Join(t.w.Path, filepath.FromSlash(rel)) }

// shown is a path as findings about the root name it.
func (t *tour) shown(rel string) string {
	if rel == "" {
		return "the root"
	}
	return filepath.FromSlash(rel)
}

// visit takes one sight of the tour.
func (t *tour) visit(s watcher.Sight) error {
	t.v.moved.Add(1)
	if s.Err != nil {
		t.closed.add(Error, t.me, "give bloxdrop's account the right to read it", "%s can't be read: %s", t.shown(s.Rel), plain(s.Err))
		return nil
	}
	if s.Kind == watcher.Folder {
		t.folder(s)
		return nil
	}
	t.files++
	switch s.Kind {
	case watcher.Unmatched:
		t.unmatched++
		t.nobodys(s)
	case watcher.Irregular:
		t.ignored++
		t.links.add(Warning, t.me, "put the file itself there", "%s is %s, and is not followed", t.shown(s.Rel), s.Reason)
	case watcher.Ignored, watcher.Copied:
		t.ignored++
	default:
		t.personal(s)
	}
	return nil
}

func (t *tour) folder(s watcher.Sight) {
	t.folders++
	switch {
	case s.Rel == "":
	case s.Person.ID != "":
		if strings.Count(s.Rel, "/")+1 != s.Person.Depth {
			return // it lies in a person's folder
		}
		t.persons++
		if len(t.people) < mostPeople {
			t.people = append(t.people, person{key: t.key(s), name: s.Person.Name, path: t.full(s.Rel), verify: t.w.Verify})
		}
	case s.Reason != "" && !t.inBad(s.Rel):
		t.bad = s.Rel
		t.strange.add(Warning, t.me, "rename it, or change watch.layout; until then its files stay where they are", "%s", s.Reason)
	}
}

// inBad tells whether rel lies in a folder that was named already.
func (t *tour) inBad(rel string) bool { return t.bad != "" && strings.HasPrefix(rel, t.bad+"/") }

// nobodys names a file that lies too high up; what is in a folder with a wrong
// name is named with it.
func (t *tour) nobodys(s watcher.Sight) {
	dir := filepath.Dir(t.full(s.Rel))
	if t.inBad(s.Rel) || t.loose.named != nil && dir == t.looseIn {
		return
	}
	t.looseIn = dir
	t.loose.add(Warning, t.me, "`bloxdrop list --state unmatched` shows all such files", "%s is no person's: %s", t.shown(s.Rel), s.Reason)
}

func (t *tour) key(s watcher.Sight) store.PersonKey {
	return store.PersonKey{Environment: t.Config.Bloxs.Environment(), Relation: t.w.Relation, Kind: s.Person.Kind, ID: s.Person.ID}
}

// personal counts a person's file by what would happen to it.
func (t *tour) personal(s watcher.Sight) {
	path := t.shown(s.Rel)
	limit := int64(t.Config.Upload.MaxSize)
	switch size := s.Info.Size(); {
	case size == 0:
		t.empty++
		t.hollow.add(Warning, t.me, "save or scan it again, or take it away", "%s is empty, and waits for content", path)
		return
	case t.taken(s):
		return
	case limit > 0 && size > limit:
		t.large++
		t.big.add(Warning, t.me, "make it smaller; or raise upload.max_size, if Bloxs takes larger ones", "%s is %s, which is over upload.max_size (%s): it would be held",
			path, sized(s.Info), humanize.IBytes(uint64(limit)))
		return
	}
	if err := mayRead(t.full(s.Rel)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		t.shut++
		t.closed.add(Error, t.me, "give bloxdrop's account the right to read it", "%s can't be read: %s", path, plain(err))
		return
	}
	if watcher.MayBeCopy(s.Rel, s.Info.Size()) && t.sights.Classify(t.full(s.Rel)).Kind == watcher.Copied {
		t.ignored++
		return
	}
	t.fresh++
	t.bytes += s.Info.Size()
	if last := len(t.people) - 1; last >= 0 && t.people[last].key == t.key(s) {
		t.people[last].files++
	}
}

// taken tells whether the ledger knows the file as it is.
func (t *tour) taken(s watcher.Sight) bool {
	if t.ledger == nil || t.ledgerErr != nil {
		return false
	}
	it, place, err := t.ledger.ItemAt(t.w.Path, s.Rel)
	if err != nil && !errors.Is(err, store.ErrNoItem) {
		t.ledgerErr = err
	}
	same := err == nil && place.Look.Size == s.Info.Size() && place.Look.ModTime == s.Info.ModTime().UnixNano()
	if same {
		t.known[it.State]++
	}
	return same
}

// report says it all: first what is wrong, then the sum.
func (t *tour) report(r *result) {
	t.closed.report(r, t.me, "more such path")
	if t.strange.named != nil && t.persons == 0 {
		r.add(Error, t.me, "look whether watch.layout is the one that this office uses", "none of its folders fits the layout %q, so nothing would be sent", t.w.Layout)
	}
	t.strange.report(r, t.me, "more such folder")
	t.loose.report(r, t.me, "more such place")
	t.links.report(r, t.me, "more link")
	t.hollow.report(r, t.me, "more empty file")
	t.big.report(r, t.me, "more such file")
	if t.ledgerErr != nil {
		r.add(Warning, t.me, "", "what is sent already could not be told: %v", t.ledgerErr)
	}
	r.add(OK, t.me, "", "%s, %s: %s", many(t.persons, "person folder"), many(t.files, "file"), t.sum())
	r.people = t.people
}

// sum says what becomes of the files.
func (t *tour) sum() string {
	var parts []string
	add := func(n int, what string) {
		if n > 0 {
			parts = append(parts, count(n)+" "+what)
		}
	}
	known := 0
	for _, s := range []store.State{store.Sent, store.Sending, store.Waiting, store.Held, store.Skipped, store.Withdrawn} {
		add(t.known[s], string(s))
		known += t.known[s]
	}
	size := humanize.IBytes(uint64(t.bytes))
	switch {
	case t.fresh == 0:
	case t.status != nil:
		add(t.fresh, "of persons ("+size+"), sent or on their way as status says")
	case t.w.Existing == config.ExistingSkip && known == 0:
		add(t.fresh, `there before the first start, so existing = "skip" leaves them`)
	case t.w.Existing == "":
		add(t.fresh, "of persons ("+size+"); whether they would be sent is for watch.existing to say")
	default:
		add(t.fresh, "would be sent ("+size+", "+t.pace(t.fresh)+")")
	}
	add(t.shut, "that can't be read")
	add(t.large, "too large")
	add(t.empty, "empty")
	add(t.unmatched, "in no person's folder")
	add(t.ignored, "ignored")
	if len(parts) == 0 {
		return "nothing to send"
	}
	return strings.Join(parts, ", ")
}
