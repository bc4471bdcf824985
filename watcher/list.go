package watcher

import (
	"context"
	"io"
	"io/fs"
	"iter"
	"strings"

	"bloxdrop/store"
)

// entries goes through what stands in a folder, some names at a time, so that
// memory stays flat; answered is told of each answer of the file system. An
// error, also that ctx has ended, comes last and without an entry.
func entries(ctx context.Context, dir fs.ReadDirFile, answered func()) iter.Seq2[fs.DirEntry, error] {
	return func(yield func(fs.DirEntry, error) bool) {
		for {
			if err := ctx.Err(); err != nil {
				yield(nil, err)
				return
			}
			chunk, end := dir.ReadDir(chunkSize)
			answered()
			for _, e := range chunk {
				if !yield(e, nil) {
					return
				}
			}
			if end == io.EOF {
				return
			}
			if end != nil {
				yield(nil, end)
				return
			}
		}
	}
}

// listing is what stands directly in a folder.
type listing struct {
	folders []string
	counts  counts
	found   int // files that the queue knows
	heads   map[string]head
	blind   error // why not every file could be looked at
	trouble error // why the folder could not be listed
}

// list reads the folder rel, a chunk at a time, and takes every file on: it
// counts it, knows it as an unchanged place, or lets it settle. An error is
// the queue's, or the end of the scan; the folder's own is in the listing.
func (p *pass) list(rel string, f *folder, g ground) (l listing, err error) {
	dir, err := openDir(p.path(rel), rel == "")
	if err != nil {
		return listing{trouble: err}, nil
	}
	defer dir.Close()
	for {
		if err := p.ctx.Err(); err != nil {
			return l, err
		}
		chunk, end := dir.ReadDir(chunkSize)
		p.answered()
		p.names, p.looks = p.names[:0], p.looks[:0]
		for _, e := range chunk {
			p.entry(&l, rel, f, g, dir, e)
		}
		if err := p.known(&l, rel, g); err != nil {
			return l, err
		}
		if end == io.EOF {
			return l, nil
		}
		if end != nil {
			l.trouble = end
			return l, nil
		}
	}
}

// entry counts what is no person's file, and gathers what is.
func (p *pass) entry(l *listing, rel string, f *folder, g ground, dir *openFolder, e fs.DirEntry) {
	name := e.Name()
	switch {
	case Ours(rel, name):
		if name == TempNotice {
			l.counts.notices++
		}
		return
	case e.IsDir():
		l.folders = append(l.folders, name)
		return
	case mayBeOurs(rel, g, e) && p.isOurs(l, f, rel, dir, e):
		switch {
		case !IsNotice(rel, name):
			l.counts.ignored++
		case !strings.EqualFold(name, PageName):
			l.counts.notices++
		}
		return
	case g.ignored != "" || p.ignore.match(rel, name) != "":
		l.counts.ignored++
		return
	case !e.Type().IsRegular():
		l.counts.ignored++
		p.set.forget(join(rel, name))
		return
	case g.reason != "":
		l.counts.unmatched++
		l.counts.strangers += hashOf(name)
		return
	}
	look, regular, err := lookAt(dir, e)
	p.answered()
	switch {
	case isMissing(err):
	case err != nil:
		l.counts.waiting++
		l.counts.unreadable = 1
		l.blind = err
	case !regular:
		l.counts.ignored++
	default:
		p.names = append(p.names, name)
		p.looks = append(p.looks, look)
	}
}

// known asks the queue about the gathered files. Those that it knows as they
// are, or skips, need nothing.
func (p *pass) known(l *listing, rel string, g ground) error {
	if len(p.names) == 0 {
		return nil
	}
	known, err := p.queue.Known(p.Path, rel, p.names)
	if err != nil {
		return err
	}
	p.others = p.others[:0]
	for i, k := range known {
		look := p.looks[i]
		if k.Found {
			l.found++
		}
		if k.Look != look {
			look = lookCloser(p.path(join(rel, p.names[i])), look)
			p.answered()
			p.looks[i] = look
		}
		if k.Found && k.Look == look && look.Size > 0 && !(k.Racy && p.full) {
			continue
		}
		p.others = append(p.others, i)
	}
	skips, err := p.skips(rel, g)
	if err != nil {
		return err
	}
	for n, i := range p.others {
		if skips[n] {
			p.set.forget(join(rel, p.names[i]))
			continue
		}
		p.settles(l, rel, p.names[i], p.looks[i], known[i])
	}
	return nil
}

// settles lets a file settle, or counts it where that cannot be followed.
func (p *pass) settles(l *listing, rel, name string, look store.Look, k store.Known) {
	file := join(rel, name)
	if look.Size == 0 || p.unbased {
		p.set.forget(file)
		l.counts.waiting++
		if look.Size == 0 && !p.unbased {
			l.counts.empty++
			l.counts.strangers += hashOf(name)
		}
	} else {
		isNew, ok := p.set.see(file, look, k)
		if p.isCopy(file, look) {
			if k.Found {
				l.found-- // it is no place any more
			}
			return
		}
		if ok {
			if isNew && p.full && !p.first && !(k.Found && k.Look == look) && !covers(p.told, rel) && !p.dirty.covers(rel) {
				p.mu.Lock()
				p.foundByRescan++
				p.mu.Unlock()
			}
			return
		}
		l.counts.postponed++
	}
	if k.Found {
		l.counts.known++
	}
}

// isCopy tells of a file of a person's whether it was found to be a copy of
// ours. Nothing settles in a survey, which therefore looks itself.
func (p *pass) isCopy(rel string, look store.Look) bool {
	if p.survey && MayBeCopy(rel, look.Size) {
		if wrote, err := p.wroteAt(rel); err == nil && wrote {
			p.set.foundCopy(rel, look)
		}
		p.answered()
	}
	return p.set.isCopy(rel)
}
