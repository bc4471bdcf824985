package watcher

import (
	"context"
	"errors"
	"io/fs"
)

// Sight is a file or folder that a tour comes past.
type Sight struct {
	// Class is of the file. A folder's has the person whose folder it is, or why
	// it is nobody's; neither where a person's folder may come further down.
	Class
	Info fs.FileInfo // of a Personal file, else nil
	Err  error       // why a folder can't be listed, or a Personal file be looked at
}

// Walk calls visit with the class of every file in every root that is online,
// by looking at them now; it keeps nothing in memory. Folders that cannot be
// listed are passed over. It ends with the first error of visit, or with ctx.
func (w *Watcher) Walk(ctx context.Context, visit func(Class) error) error {
	for _, r := range w.roots {
		if r.isOffline() {
			continue
		}
		err := r.tour(ctx, "", r.ground(""), func(s Sight) error {
			if s.Kind == Folder || s.Err != nil && s.Kind != Personal {
				return nil
			}
			return visit(s.Class)
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// Tour is Walk in one root, past its folders too: each before what is in it.
func (w *Watcher) Tour(ctx context.Context, root string, visit func(Sight) error) error {
	if r := w.root(root); r != nil {
		return r.tour(ctx, "", r.ground(""), visit)
	}
	return errors.New("no such root")
}

func (r *root) tour(ctx context.Context, rel string, g ground, visit func(Sight) error) error {
	here := Sight{Class: Class{Kind: Folder, Root: r.Path, Rel: rel, Person: g.person}}
	switch {
	case g.ignored != "":
		here.Kind, here.Reason = Ignored, g.ignored
	case !g.shallow:
		here.Reason = g.reason
	}
	dir, err := openDir(r.path(rel), rel == "")
	if here.Err = err; here.Kind == Folder || err != nil {
		if stop := visit(here); stop != nil {
			return stop
		}
	}
	if err != nil {
		return nil
	}
	defer dir.Close()
	folders, err := r.tourFiles(ctx, dir, here, g, visit)
	if err != nil {
		return err
	}
	_ = dir.Close() // a deep tree must not use up the open files
	for _, name := range folders {
		if err := r.tour(ctx, join(rel, name), r.below(g, rel, name), visit); err != nil {
			return err
		}
	}
	return nil
}

// tourFiles goes past what stands directly in a folder, and names its folders.
func (r *root) tourFiles(ctx context.Context, dir fs.ReadDirFile, here Sight, g ground, visit func(Sight) error) (folders []string, err error) {
	for e, err := range entries(ctx, dir, r.answered) {
		switch {
		case ctx.Err() != nil && err != nil:
			return nil, err
		case err != nil:
			here.Err = err
			return nil, visit(here)
		case Ours(here.Rel, e.Name()):
		case e.IsDir():
			folders = append(folders, e.Name())
		default:
			if s := r.sight(here.Rel, g, e); s.Kind != Own && !isMissing(s.Err) {
				if err := visit(s); err != nil {
					return nil, err
				}
			}
		}
	}
	return folders, nil
}

// sight looks at one file, of which Err says that it went meanwhile.
func (r *root) sight(dir string, g ground, e fs.DirEntry) Sight {
	s := Sight{Class: r.class(join(dir, e.Name()), g, e.Type(), false)}
	r.answered()
	if s.Kind != Personal {
		return s
	}
	s.Info, s.Err = e.Info()
	r.answered()
	if s.Err == nil {
		r.addSettling(&s.Class, s.Info.Size())
	}
	return s
}
