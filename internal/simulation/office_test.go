package simulation

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"math/rand/v2"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"
)

// tree is a root as the office knows it.
type tree struct {
	rootPlan
	path      string
	files     map[string]*paper
	away      bool             // it is not mounted
	places    int              // that the ledger had when it went
	before    map[string]int64 // what was there before the first start, with its size
	beforeSHA map[string]bool
	first     map[string]bool // what was there before the first start, by its SHA-256
}

// paper is a file in the office.
type paper struct {
	content []byte
	busy    bool // somebody is still writing it
}

// folders are all that there ever are: of persons whom Bloxs knows, of one whom
// it comes to know, of nobody, and one with the wrong name.
var folders = []string{"1001 - Jansen", "1001", "1002 - Bakker", "1003 - Pietersen", "1004 - Smit", "1005 - Visser", "New folder"}

// usual is where most files go.
var usual = []string{"1001 - Jansen", "1001", "1002 - Bakker"}

var personFolder = regexp.MustCompile(`^(\S+)( - .+)?$`)

// personOf says whose a path is.
func personOf(rel string) string {
	top, _, below := strings.Cut(rel, "/")
	if m := personFolder.FindStringSubmatch(top); below && m != nil {
		return m[1]
	}
	return ""
}

func ignored(rel string) bool {
	return strings.HasSuffix(rel, ".bak") || strings.HasSuffix(rel, ".part")
}

// furnish makes the roots, with what is in them before the first start.
func (w *world) furnish() {
	for i, p := range w.plan.roots {
		r := &tree{rootPlan: p, path: filepath.Join(w.dir, fmt.Sprintf("scans%d", i+1)), files: map[string]*paper{}, before: map[string]int64{}, beforeSHA: map[string]bool{}}
		w.mustDo(os.Mkdir(r.path, 0o755))
		w.roots = append(w.roots, r)
		for range p.before {
			rel := w.newPath(w.rnd)
			w.write(r, rel, w.content(w.rnd))
		}
		r.first = maps.Clone(r.beforeSHA)
	}
}

func (w *world) mustDo(err error) {
	if err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) newPath(rnd *rand.Rand) string {
	dir := pick(rnd, folders...)
	if chance(rnd, 60) {
		dir = pick(rnd, usual...)
	}
	if chance(rnd, 20) {
		dir += "/" + pick(rnd, "in", "out")
	}
	return fmt.Sprintf("%s/%c%s", dir, 'a'+rnd.IntN(5), pick(rnd, ".txt", ".txt", ".txt", ".txt", ".pdf", ".pdf", ".bak"))
}

// content is a new one, or at times one that was there before.
func (w *world) content(rnd *rand.Rand) []byte {
	if chance(rnd, 10) {
		if old := w.anyPaper(rnd); old != nil && !old.busy {
			return old.content
		}
	}
	w.number++
	size := 1 + rnd.IntN(pick(rnd, 40, 4000))
	if chance(rnd, w.plan.large) {
		size = 200_000 + rnd.IntN(500_000)
	}
	body := fmt.Appendf(nil, "%d of seed %d: ", w.number, w.seed)
	body = append(body, bytes.Repeat([]byte{byte('a' + w.number%26)}, size)...)
	if chance(rnd, 15) {
		body = append(append([]byte("%PDF-1.4\n"), body...), "\n%%EOF\n"...)
	}
	return body
}

func (w *world) anyPaper(rnd *rand.Rand) *paper {
	r, rel := w.someFile(rnd, "", "")
	if rel == "" {
		return nil
	}
	return r.files[rel]
}

// someFile picks a file that nobody is writing, of a person where that is given.
// With a name it is one of that name, if there is any.
func (w *world) someFile(rnd *rand.Rand, person, name string) (*tree, string) {
	r := pick(rnd, w.roots...)
	if r.away {
		return r, ""
	}
	var all, named []string
	for _, rel := range slices.Sorted(maps.Keys(r.files)) {
		if !r.files[rel].busy && (person == "" || personOf(rel) == person) {
			all = append(all, rel)
			if path.Base(rel) == name {
				named = append(named, rel)
			}
		}
	}
	if len(named) > 0 {
		all = named
	}
	if len(all) == 0 {
		return r, ""
	}
	return r, pick(rnd, all...)
}

func (r *tree) at(rel string) string { return filepath.Join(r.path, filepath.FromSlash(rel)) }

// stamp gives a file the bubble's time, which is the office's.
func (r *tree) stamp(rel string) { _ = os.Chtimes(r.at(rel), time.Now(), time.Now()) }

// write puts a whole file there in one go, over whatever was there.
func (w *world) write(r *tree, rel string, content []byte) {
	w.mustDo(os.MkdirAll(filepath.Dir(r.at(rel)), 0o755))
	w.mustDo(os.WriteFile(r.at(rel), content, 0o644))
	r.stamp(rel)
	delete(w.unseen, r.at(rel))
	w.stands(r, rel, content)
}

// gone is for a file that the archive has taken in the meantime. It may put it
// back, so its span goes on until something else stands there.
func (w *world) gone(r *tree, rel string, err error) bool {
	if errors.Is(err, fs.ErrNotExist) {
		delete(r.files, rel)
		return true
	}
	w.mustDo(err)
	return false
}

// fileDeed does something with files, and says what. The caller has mu.
func (w *world) fileDeed(rnd *rand.Rand, person, name string) string {
	if name == "" && chance(rnd, 35) {
		return w.drop(rnd, person)
	}
	r, rel := w.someFile(rnd, person, name)
	if rel == "" {
		return w.drop(rnd, person)
	}
	is := r.files[rel]
	if _, err := os.Lstat(r.at(rel)); w.gone(r, rel, err) {
		return "finds nothing at " + rel
	}
	switch rnd.IntN(12) {
	case 0:
		to := w.newPath(rnd)
		if other := r.files[to]; other != nil && other.busy {
			return "does nothing"
		}
		w.write(r, to, is.content)
		return "copies " + rel + " to " + to
	case 1, 2:
		return w.rename(rnd, r, rel)
	case 3:
		content := w.content(rnd)
		w.write(r, rel, content)
		return fmt.Sprintf("writes %s anew: %.8s", rel, digest(content))
	case 4:
		content := append(bytes.Clone(is.content), fmt.Sprintf(" and %d", w.number)...)
		w.number++
		w.write(r, rel, content)
		return fmt.Sprintf("adds to %s: %.8s", rel, digest(content))
	case 5:
		if !w.gone(r, rel, os.Remove(r.at(rel))) {
			w.stands(r, rel, nil)
		}
		return "deletes " + rel
	case 6:
		content := w.content(rnd)
		temp := path.Dir(rel) + "/~$new"
		w.mustDo(os.WriteFile(r.at(temp), content, 0o644))
		r.stamp(temp)
		w.mustDo(os.Rename(r.at(temp), r.at(rel)))
		delete(w.unseen, r.at(rel))
		w.stands(r, rel, content)
		return fmt.Sprintf("puts another file in the place of %s: %.8s", rel, digest(content))
	case 7:
		r.stamp(rel)
		return "touches " + rel
	case 8:
		return w.folderDeed(rnd, r, rel)
	}
	return w.behindTheBack(r, rel)
}

func (w *world) rename(rnd *rand.Rand, r *tree, rel string) string {
	to := w.newPath(rnd)
	if other := r.files[to]; to == rel || other != nil && other.busy {
		return "does nothing"
	}
	w.mustDo(os.MkdirAll(filepath.Dir(r.at(to)), 0o755))
	content := r.files[rel].content
	if w.gone(r, rel, os.Rename(r.at(rel), r.at(to))) {
		return "finds nothing at " + rel
	}
	if w.unseen[r.at(rel)] {
		w.unseen[r.at(to)] = true
	} else {
		delete(w.unseen, r.at(to))
	}
	w.stands(r, rel, nil)
	w.stands(r, to, content)
	return "renames " + rel + " to " + to
}

// folderDeed renames or deletes the folder of a person.
func (w *world) folderDeed(rnd *rand.Rand, r *tree, rel string) string {
	top, _, _ := strings.Cut(rel, "/")
	var in []string
	for _, f := range slices.Sorted(maps.Keys(r.files)) {
		if strings.HasPrefix(f, top+"/") {
			if r.files[f].busy {
				return "does nothing"
			}
			in = append(in, f)
		}
	}
	if chance(rnd, 25) {
		w.mustDo(os.RemoveAll(r.at(top)))
		for _, f := range in {
			w.stands(r, f, nil)
		}
		return "deletes the folder " + top
	}
	to := pick(rnd, folders...)
	if _, err := os.Lstat(r.at(to)); err == nil {
		return "can't rename a folder to " + to
	}
	w.mustDo(os.Rename(r.at(top), r.at(to)))
	for _, f := range in {
		content, now := r.files[f].content, to+strings.TrimPrefix(f, top)
		if w.unseen[r.at(f)] {
			w.unseen[r.at(now)] = true
		}
		w.stands(r, f, nil)
		if _, err := os.Lstat(r.at(now)); err == nil {
			w.stands(r, now, content)
		}
	}
	return "renames the folder " + top + " to " + to
}

// drop puts a new file into a folder: whole, under a temporary name first, or
// page by page.
func (w *world) drop(rnd *rand.Rand, person string) string {
	r, rel := pick(rnd, w.roots...), w.newPath(rnd)
	for person != "" && personOf(rel) != person && chance(rnd, 95) {
		rel = w.newPath(rnd)
	}
	if old := r.files[rel]; r.away || old != nil && old.busy {
		return "does nothing"
	}
	content := w.content(rnd)
	what := fmt.Sprintf("%s: %.8s", rel, digest(content))
	switch rnd.IntN(4) {
	case 0:
		temp := rel + ".part"
		w.mustDo(os.MkdirAll(filepath.Dir(r.at(rel)), 0o755))
		w.mustDo(os.WriteFile(r.at(temp), content, 0o644))
		r.stamp(temp)
		w.mustDo(os.Rename(r.at(temp), r.at(rel)))
		delete(w.unseen, r.at(rel))
		w.stands(r, rel, content)
		return "downloads " + what
	case 1:
		w.pages(rnd, r, rel, content)
		return "scans page by page " + what
	}
	w.write(r, rel, content)
	return "drops " + what
}

// pages writes a file in parts, with pauses shorter than settle; where the file
// shows that its end is missing, with much longer ones.
func (w *world) pages(rnd *rand.Rand, r *tree, rel string, content []byte) {
	most := w.plan.settle * 4 / 5
	if bytes.HasPrefix(content, []byte("%PDF-")) {
		most = time.Minute
	}
	w.mustDo(os.MkdirAll(filepath.Dir(r.at(rel)), 0o755))
	parts := 2 + rnd.IntN(4)
	written := 0
	w.stands(r, rel, nil)
	r.files[rel] = &paper{busy: true}
	write := func(part int) {
		next := len(content) * (part + 1) / parts
		if bytes.HasPrefix(content, []byte("%PDF-")) && part < parts-1 {
			next = min(max(next, 5), len(content)-6) // it is told by its first bytes, and ends with its last page
		}
		flags := os.O_WRONLY | os.O_CREATE | os.O_APPEND
		if part == 0 {
			flags |= os.O_TRUNC
		}
		f, err := os.OpenFile(r.at(rel), flags, 0o644)
		w.mustDo(err)
		_, err = f.Write(content[min(written, next):next])
		w.mustDo(errors.Join(err, f.Close()))
		r.stamp(rel)
		written = max(written, next)
		if part == parts-1 {
			delete(w.unseen, r.at(rel))
			w.stands(r, rel, content)
		}
	}
	write(0)
	at := time.Duration(0)
	for part := 1; part < parts; part++ {
		at += time.Duration(rnd.Int64N(int64(most)))
		w.later(at, func() {
			write(part)
			w.tell("the office: page %d of %d of %s", part+1, parts, rel)
		})
	}
}

// surprise is a deed in the very moment in which a request is on its way, mostly
// with the file that it carries.
func (w *world) surprise(person, name string, rnd *rand.Rand) {
	w.mu.Lock()
	defer w.mu.Unlock()
	r, rel := w.someFile(rnd, person, name)
	what := "does nothing"
	switch {
	case rel != "" && chance(rnd, 30):
		what = w.behindTheBack(r, rel)
	case chance(rnd, 20):
		what = w.fileDeed(rnd, person, "")
	default:
		what = w.fileDeed(rnd, person, name)
	}
	w.tell("the office, meanwhile: %s", what)
}
