package app

import (
	"fmt"
	"runtime"
	"slices"
	"strings"

	"bloxdrop/internal/layout"
)

// owner tells whose folder a path of a baseline is in.
type owner struct {
	app    *App
	person string
	former map[string][]*layout.Pattern // of roots that aren't watched any more
	found  []string                     // those of them in which a file was theirs
}

// owns goes by the layouts of today, and where a root isn't watched any more by
// its last one. Where that isn't known either, each of today's is tried: of
// somebody who is to be forgotten rather too much is forgotten than too little.
func (o *owner) owns(root, last, rel string) bool {
	for _, w := range o.app.opts.Config.Watch {
		if w.Path == root {
			return o.matches(w.Pattern, rel)
		}
	}
	patterns, known := o.former[root]
	if !known {
		patterns = o.formerly(last)
		if o.former == nil {
			o.former = map[string][]*layout.Pattern{}
		}
		o.former[root] = patterns
	}
	is := slices.ContainsFunc(patterns, func(p *layout.Pattern) bool { return o.matches(p, rel) })
	if is {
		o.finds(root)
	}
	return is
}

// finds notes that something of theirs was remembered of a root.
func (o *owner) finds(root string) {
	if !slices.Contains(o.app.rootPaths(), root) && !slices.Contains(o.found, root) {
		o.found = append(o.found, root)
	}
}

func (o *owner) formerly(last string) (patterns []*layout.Pattern) {
	if p, err := layout.Parse(last); err == nil {
		return []*layout.Pattern{p}
	}
	for _, w := range o.app.opts.Config.Watch {
		patterns = append(patterns, w.Pattern)
	}
	return patterns
}

// matches leaves case aside on Windows, where a baseline's paths have lost it.
// Elsewhere who differs in capitals is somebody else, whose skipped files stay so.
func (o *owner) matches(p *layout.Pattern, rel string) bool {
	folders := strings.Split(rel, "/")
	is, err := p.Match(folders[:len(folders)-1])
	return err == nil && (is.ID == o.person || runtime.GOOS == "windows" && strings.EqualFold(is.ID, o.person))
}

func (o *owner) notWatched() (lines []string) {
	for _, root := range o.found {
		lines = append(lines, fmt.Sprintf("%s is not watched any more, and was not looked into: what was skipped of theirs there is a new file if it is watched again", root))
	}
	return lines
}
