package watcher

import (
	"errors"
	"fmt"
	"path"
	"strings"

	"bloxdrop/internal/layout"
	"bloxdrop/store"

	"github.com/bmatcuk/doublestar/v4"
)

// builtin are the names that are never a person's document: temporary files of
// office programs and browsers, hidden files, and our own notices.
func builtin() []string {
	return []string{"~$*", ".*", "*.tmp", "*.part", "*.filepart", "*.crdownload",
		"Thumbs.db", "desktop.ini", "_bloxdrop.*", "*.bloxdrop.txt"}
}

// ignore holds the patterns of a root, compiled. Case is set aside.
type ignore struct {
	names []pattern // matched against each name on the path
	paths []pattern // with a "/": matched against the relative path
	own   int       // how many of names are built in
}

// pattern is a glob. Most are a fixed start or end, for which no glob matcher
// needs to run over every name of every rescan.
type pattern struct {
	text           string // as written
	glob           string // lower case; "" where start and end say it all
	start, end     string
	exact, literal bool
}

func newIgnore(extra []string) (*ignore, error) {
	ig := &ignore{own: len(builtin())}
	for _, text := range append(builtin(), extra...) {
		glob := strings.ToLower(strings.Trim(text, "/"))
		if glob == "" || !doublestar.ValidatePattern(glob) {
			return nil, fmt.Errorf("ignore pattern %q cannot be understood: use * for any text in a name, ** for any folders", text)
		}
		if strings.Contains(strings.Trim(text, "/"), "/") {
			ig.paths = append(ig.paths, pattern{text: text, glob: glob})
			continue
		}
		ig.names = append(ig.names, namePattern(text, glob))
	}
	return ig, nil
}

func namePattern(text, glob string) pattern {
	start, end, star := strings.Cut(glob, "*")
	if strings.ContainsAny(start+end, `*?[{\`) {
		return pattern{text: text, glob: glob}
	}
	return pattern{text: text, start: start, end: end, exact: !star, literal: true}
}

func (p pattern) match(s string) bool {
	if p.exact {
		return s == p.start
	}
	if p.literal {
		return len(s) >= len(p.start)+len(p.end) && strings.HasPrefix(s, p.start) && strings.HasSuffix(s, p.end)
	}
	ok, _ := doublestar.Match(p.glob, s) // New has validated the glob
	return ok
}

// match gives the pattern that ignores the file or folder name in dir, or "".
// The folders above are not looked at: who walks has asked for them already.
func (ig *ignore) match(dir, name string) string {
	name = strings.ToLower(name)
	for _, p := range ig.names {
		if p.match(name) {
			return p.text
		}
	}
	if len(ig.paths) == 0 {
		return ""
	}
	rel := path.Join(strings.ToLower(dir), name)
	for _, p := range ig.paths {
		if p.match(rel) {
			return p.text
		}
	}
	return ""
}

// always tells of a name that is ignored whatever the config says.
func (ig *ignore) always(name string) bool {
	name = strings.ToLower(name)
	for _, p := range ig.names[:ig.own] {
		if p.match(name) {
			return true
		}
	}
	return false
}

// ground is what a folder says of the files directly in it.
type ground struct {
	ignored string // the pattern that ignores it or a folder above
	reason  string // why no person is meant, "" where one is
	shallow bool   // of reason: no folder is wrong, a person's folder may come further down
	person  layout.Person
}

// person is the one whose the files directly in a folder are.
func (r *root) person(g ground) store.PersonKey {
	return store.PersonKey{Environment: r.Environment, Relation: r.Relation, Kind: g.person.Kind, ID: g.person.ID}
}

// ground looks at the folder rel from the root down.
func (r *root) ground(rel string) ground {
	if rel == "" {
		return r.match(nil)
	}
	names := strings.Split(rel, "/")
	for i, name := range names {
		if p := r.ignore.match(strings.Join(names[:i], "/"), name); p != "" {
			return ground{ignored: p}
		}
	}
	return r.match(names)
}

// below is the ground of the folder name in dir, whose own ground is g.
func (r *root) below(g ground, dir, name string) ground {
	if g.ignored != "" {
		return g
	}
	if p := r.ignore.match(dir, name); p != "" {
		return ground{ignored: p}
	}
	return r.match(strings.Split(join(dir, name), "/"))
}

func (r *root) match(folders []string) ground {
	p, err := r.Layout.Match(folders)
	if err != nil {
		var why *layout.Unmatched
		return ground{reason: err.Error(), shallow: errors.As(err, &why) && why.Shallow}
	}
	return ground{person: p}
}
