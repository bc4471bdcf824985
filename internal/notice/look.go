package notice

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"bloxdrop/store"
	"bloxdrop/watcher"
)

// cause is what is wrong with a file, as the catalogue's keys have it.
type cause string

const (
	unknown    cause = "unknown"
	mismatch   cause = "mismatch"
	large      cause = "large"
	rejected   cause = "rejected"
	unreadable cause = "unreadable"
	settling   cause = "settling"
	empty      cause = "empty"
	unmatched  cause = "unmatched"
	uncertain  cause = "uncertain"
)

// causes are in the order in which a notice tells of them; the first of a
// folder is in the notice's name.
func causes() []cause {
	return []cause{unknown, mismatch, large, rejected, unreadable, settling, empty, unmatched, uncertain}
}

// mayBeMended tells whether another try may help, which somebody can ask for.
func (c cause) mayBeMended() bool {
	switch c {
	case settling, empty, unmatched, uncertain:
		return false
	}
	return true
}

func causeOf(r store.Reason) cause {
	switch r {
	case store.UnknownPerson:
		return unknown
	case store.NameMismatch:
		return mismatch
	case store.Uncertain:
		return uncertain
	}
	return rejected
}

const (
	pageSize    = 256              // of the ledger's lists
	mostNames   = 20               // of a folder's files with one cause are named
	placesTold  = 64               // of one item
	longRead    = 10 * time.Minute // by then a file that can't be read is no longer just being written
	longEmpty   = 10 * time.Minute // by then it is no longer just being written either
	longSettled = time.Hour
)

// file is one that a notice names.
type file struct{ name, why string }

// matter is one cause in one folder.
type matter struct {
	files int
	least int64  // of those that are too large, the smallest
	named []file // the first ones by name
}

func (m *matter) add(f file) {
	m.files++
	at, _ := slices.BinarySearchFunc(m.named, f, func(a, b file) int { return strings.Compare(a.name, b.name) })
	if at < mostNames {
		m.named = slices.Insert(m.named, at, f)
		m.named = m.named[:min(len(m.named), mostNames)]
	}
}

// folder is one that needs somebody.
type folder struct {
	rel       string
	id, title string // of its person, as the folder shows them
	matters   map[cause]*matter
}

func (f *folder) files() (n int) {
	for _, m := range f.matters {
		n += m.files
	}
	return n
}

// picture is what is wrong in a root; its folders are by store.Fold of their paths.
type picture struct {
	folders map[string]*folder
	beyond  int // files in further folders
	most    int
}

// at is the folder's matter; nil where so many folders are told of already
// that this one only counts.
func (p *picture) at(rel string, c cause, files int) (*folder, *matter) {
	key := store.Fold(rel)
	f := p.folders[key]
	if f == nil {
		if len(p.folders) >= p.most {
			p.beyond += files
			return nil, nil
		}
		f = &folder{rel: rel, matters: map[cause]*matter{}}
		p.folders[key] = f
	}
	m := f.matters[c]
	if m == nil {
		m = &matter{}
		f.matters[c] = m
	}
	return f, m
}

// look goes through what is held, oldest first, what settles for long, and what
// is stranded. It keeps a bounded part of that in memory.
func (r *root) look(ctx context.Context, is watcher.RootStatus, besides []watcher.Beside) (*picture, error) {
	p := &picture{folders: map[string]*folder{}, most: r.mostFolders}
	if !r.InShare {
		return p, nil
	}
	list := func(after string) (store.Page, error) {
		if err := ctx.Err(); err != nil {
			return store.Page{}, err
		}
		return r.Store.List(store.Held, after, pageSize)
	}
	for it, err := range store.All(list) {
		if err == nil {
			err = r.held(p, it)
		}
		if err != nil {
			return nil, err
		}
	}
	r.slow(p)
	if is.Baseline == "" {
		r.lookAtStranded(p, besides)
	}
	return p, nil
}

func (r *root) held(p *picture, it store.Item) error {
	places, err := r.Store.PlacesOf(it.ID, placesTold)
	if err != nil && !errors.Is(err, store.ErrNoItem) {
		return err
	}
	c, why := causeOf(it.Reason), ""
	switch {
	case c != rejected:
	case it.Size > r.MaxSize, it.Attempts > 0 && r.TooLarge(it.Detail):
		c, why = large, r.Words.Size(it.Size)
	case it.Attempts > 0:
		if why = r.Said(it.Detail, it.TraceID); why == "" {
			why = r.Words.Say("notice.rejected.silent")
		}
	}
	for _, pl := range places {
		if pl.Root != r.Path {
			continue
		}
		if m := r.personal(p, pl.Rel, c, why); m != nil && (m.least == 0 || it.Size < m.least) {
			m.least = it.Size
		}
	}
	return nil
}

// slow tells of files that should have been sent long ago.
func (r *root) slow(p *picture) {
	now := r.Now()
	for _, s := range r.Watcher.Settling() {
		switch age := now.Sub(s.Since); {
		case s.Root != r.Path:
		case s.Stuck && age >= longRead:
			r.personal(p, s.Rel, unreadable, "")
		case age >= longSettled && !s.Whole:
			r.personal(p, s.Rel, settling, "")
		}
	}
}

// personal adds a file of a person to that person's folder. It gives nil where
// the folder only counts.
func (r *root) personal(p *picture, rel string, c cause, why string) *matter {
	names := strings.Split(rel, "/")
	who, err := r.Layout.Match(names[:len(names)-1])
	if err != nil {
		return nil // its layout has changed, and the root is about to be paused
	}
	f, m := p.at(strings.Join(names[:who.Depth], "/"), c, 1)
	if f != nil {
		f.id, f.title = who.ID, who.Name
		m.add(file{strings.Join(names[who.Depth:], "/"), why})
	}
	return m
}

// stranded are files that go nowhere, directly in a folder: the unmatched, but for
// those that existing = "skip" leaves alone, or a person's empty ones.
type stranded struct {
	seen   watcher.Beside
	nobody matter
	empty  map[string]time.Time // since when each is known
	more   int                  // further empty ones
}

// mostEmpty is how many empty files of a folder are told apart.
const mostEmpty = 256

// lookAtStranded lists a folder only when other files are stranded there than before.
func (r *root) lookAtStranded(p *picture, besides []watcher.Beside) {
	kept, err := r.Store.Baseline(r.Path)
	is := map[string]*stranded{}
	for _, b := range besides {
		if b.Stranded == 0 || err != nil {
			continue
		}
		b.Notices = 0
		n := r.stranded[b.Rel]
		unnamed := n != nil && n.nobody.files > 0 && n.nobody.named == nil && len(p.folders) < p.most
		if n == nil || n.seen != b || unnamed {
			if listed, err := r.list(b, n, kept == store.BaselineKept); err == nil {
				n = listed
			} else if n == nil {
				continue
			}
		}
		r.addStranded(p, n)
		is[b.Rel] = n
	}
	r.stranded = is
}

func (r *root) list(b watcher.Beside, was *stranded, skips bool) (*stranded, error) {
	n := &stranded{seen: b, empty: map[string]time.Time{}}
	personal := r.isPersonal(b.Rel)
	err := r.Watcher.StrandedIn(r.Path, b.Rel, func(name string, look store.Look) error {
		if skips {
			skip, err := r.Store.WouldSkip(r.Path, store.Found{Rel: join(b.Rel, name), Look: look})
			if err != nil || skip {
				return err
			}
		}
		switch {
		case !personal:
			n.nobody.add(file{name: name})
		case len(n.empty) == mostEmpty:
			n.more++
		default:
			n.empty[name] = r.emptySince(was, name, look)
		}
		return nil
	})
	return n, err
}

// emptySince goes by our own clock, but for what was there before the start.
func (r *root) emptySince(was *stranded, name string, look store.Look) time.Time {
	now, modified := r.Now(), time.Unix(0, look.ModTime)
	switch {
	case was != nil && !was.empty[name].IsZero():
		return was.empty[name]
	case r.stranded == nil && modified.Before(now):
		return modified
	}
	return now
}

func (r *root) isPersonal(rel string) bool {
	if rel == "" {
		return false
	}
	_, err := r.Layout.Match(strings.Split(rel, "/"))
	return err == nil
}

func (r *root) addStranded(p *picture, n *stranded) {
	if n.nobody.files > 0 {
		if f, m := p.at(n.seen.Rel, unmatched, n.nobody.files); f != nil {
			*m = n.nobody
		} else {
			n.nobody.named = nil
		}
	}
	more := n.more
	for name, since := range n.empty {
		if r.Now().Sub(since) < longEmpty {
			continue
		}
		if m := r.personal(p, join(n.seen.Rel, name), empty, ""); m != nil {
			m.files, more = m.files+more, 0
		}
	}
}

func join(dir, name string) string {
	if dir == "" {
		return name
	}
	return dir + "/" + name
}
