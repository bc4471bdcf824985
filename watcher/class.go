package watcher

import (
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"bloxdrop/internal/layout"
	"bloxdrop/store"
)

// Kind says what a path is to the watcher.
type Kind string

// The kinds of path.
const (
	Outside    Kind = "outside"    // below no root
	Offline    Kind = "offline"    // its root is offline
	Missing    Kind = "missing"    // nothing is there
	Unreadable Kind = "unreadable" // the folder above keeps it from us
	Folder     Kind = "folder"     // a folder; its files have their own kinds
	Ignored    Kind = "ignored"    // by a pattern
	Own        Kind = "bloxdrop's" // made by bloxdrop itself: see Ours
	Irregular  Kind = "irregular"  // a link, or anything else that is no regular file: ignored too
	Unmatched  Kind = "unmatched"  // no person's
	Copied     Kind = "copied"     // no document, but a copy of what bloxdrop writes for people: ignored too
	Personal   Kind = "personal"   // a person's file: it settles, or is a place of the queue's
)

// Class is what the watcher says of a path.
type Class struct {
	Kind      Kind
	Root, Rel string // "" for Outside
	Reason    string // the pattern of Ignored; words for the others, but "" for Personal
	Person    layout.Person
	Settling  *Settling // where it is known to settle
}

const whyEmpty = "empty: waits for content"

// Classify says what a path is, by looking at it now. It works without Start.
func (w *Watcher) Classify(path string) Class {
	abs, err := filepath.Abs(asTyped(path))
	if err != nil {
		return Class{Kind: Outside, Reason: err.Error()}
	}
	for _, r := range w.roots {
		if rel, ok := within(r.dir, abs); ok {
			return r.classify(rel)
		}
	}
	// The path may lead through a link to where the root really is.
	real, err := filepath.EvalSymlinks(filepath.Dir(abs))
	if err == nil {
		for _, r := range w.roots {
			dir, err := filepath.EvalSymlinks(r.dir)
			if rel, ok := within(dir, filepath.Join(real, filepath.Base(abs))); err == nil && ok {
				return r.classify(rel)
			}
		}
	}
	return Class{Kind: Outside, Reason: "it lies in no watched folder"}
}

// within gives path relative to dir where it is dir or below it.
func within(dir, path string) (rel string, ok bool) {
	rel, err := filepath.Rel(dir, path)
	if err != nil || rel == ".." || strings.HasPrefix(rel, ".."+string(filepath.Separator)) {
		return "", false
	}
	if rel == "." {
		rel = ""
	}
	return filepath.ToSlash(rel), true
}

func (r *root) classify(rel string) Class {
	rel, possible := asListed(r.dir, rel)
	c := Class{Root: r.Path, Rel: rel}
	if !possible {
		c.Kind, c.Reason = Missing, "no file can have such a name here"
		return c
	}
	if info, err := os.Stat(r.dir); err != nil || !info.IsDir() {
		c.Kind, c.Reason = Offline, "not a folder"
		if err != nil {
			c.Reason = plain(err)
		}
		return c
	}
	r.mu.Lock()
	if r.looked && r.offline != "" {
		c.Kind, c.Reason = Offline, r.offline
	}
	r.mu.Unlock()
	if top, _, _ := strings.Cut(rel, "/"); c.Kind == "" && (Ours("", top) || Ours(parent(rel), filepath.Base(rel))) {
		c.Kind = Own
	}
	switch {
	case c.Kind != "":
		return c
	case rel == "":
		c.Kind, c.Reason = Folder, "a watched root"
		return c
	}
	// Links are not followed, wherever they stand on the way.
	for dir := parent(rel); dir != ""; dir = parent(dir) {
		if _, mode, err := store.LookAt(r.path(dir)); err == nil && mode&fs.ModeSymlink != 0 {
			c.Kind, c.Reason = Irregular, "it lies below "+dir+", which is a link"
		}
	}
	if c.Kind != "" {
		return c
	}
	look, mode, err := store.LookAt(r.path(rel))
	if err != nil {
		c.Kind, c.Reason = Missing, plain(err)
		if !isGone(err) {
			c.Kind = Unreadable
		}
		return c
	}
	c = r.class(rel, r.ground(parent(rel)), mode, true)
	if c.Kind == Personal {
		r.addSettling(&c, look.Size)
	}
	return c
}

// class tells of a file from its folder's ground and its type; sure is what
// isWritten takes.
func (r *root) class(rel string, g ground, mode fs.FileMode, sure bool) Class {
	c := Class{Root: r.Path, Rel: rel}
	written := g.ignored == "" && mode.IsRegular() && r.isWritten(rel, g, sure)
	pattern := g.ignored
	if pattern == "" {
		pattern = r.ignore.match(parent(rel), filepath.Base(rel))
	}
	switch {
	case written && IsNotice(parent(rel), filepath.Base(rel)):
		c.Kind = Own
	case pattern != "":
		c.Kind, c.Reason = Ignored, pattern
	case mode.IsDir():
		c.Kind, c.Reason = Folder, "a folder"
	case !mode.IsRegular():
		c.Kind, c.Reason = Irregular, irregular(mode)
	case written:
		c.Kind, c.Reason = Copied, errCopy.Error()
	case g.reason != "":
		c.Kind, c.Reason = Unmatched, g.reason
	default:
		c.Kind, c.Person = Personal, g.person
	}
	return c
}

func (r *root) addSettling(c *Class, size int64) {
	if size == 0 {
		c.Settling = &Settling{Root: r.Path, Rel: c.Rel, Why: whyEmpty}
	} else if s, ok := r.set.get(c.Rel); ok {
		c.Settling = &s
	}
}

func irregular(mode fs.FileMode) string {
	if mode&fs.ModeSymlink != 0 {
		return "a link"
	}
	return "not a regular file"
}
