package watcher

import "bloxdrop/store"

// conclude finds places of the folder rel that are gone, after a complete
// listing that showed found files which the queue knows. What is there but no
// longer a person's file, since it is ignored, unmatched, a copy of ours or no
// regular file now, is no place either.
func (p *pass) conclude(rel string, f *folder, g ground, found int, stamp uint64) error {
	if g.ignored != "" {
		return nil // concluded where the ignored folder stands
	}
	files, below, err := p.queue.Places(p.Path, rel)
	if err != nil {
		return err
	}
	var gone, goneFolders []string
	if files > found {
		if gone, err = p.missing(rel, g); err != nil {
			return err
		}
	}
	child := p.byKey(f, stamp)
	for _, name := range below {
		c := child(name)
		listed := c != nil && c.seen == stamp
		if Ours(rel, name) || listed && c.ignored || !listed && p.noFolder(join(rel, name)) {
			goneFolders = append(goneFolders, join(rel, name))
		}
	}
	if len(gone)+len(goneFolders) == 0 {
		return nil
	}
	// An unmount in the middle of a scan looks just like a deletion.
	if !p.same(p.base) {
		return errRootMoved
	}
	if len(gone) > 0 {
		if err := p.queue.Gone(p.Path, gone); err != nil {
			return err
		}
	}
	for _, dir := range goneFolders {
		if err := p.queue.GoneBelow(p.Path, dir); err != nil {
			return err
		}
	}
	return nil
}

// byKey finds child folders by the names that the queue gives, which are keys:
// where case makes no difference they are in lower case, and a folder that was
// renamed by its case alone is still there.
func (p *pass) byKey(f *folder, stamp uint64) func(name string) *folder {
	var keys map[string]*folder
	return func(name string) *folder {
		if c := f.children[name]; c != nil && c.seen == stamp {
			return c
		}
		if keys == nil {
			keys = make(map[string]*folder, len(f.children))
			for name, c := range f.children {
				if key := p.fold(name); keys[key] == nil || c.seen == stamp {
					keys[key] = c
				}
			}
		}
		return keys[name]
	}
}

// missing compares the places in rel with what stands there now. It lists the
// folder once more, since a scan keeps no names; a folder that cannot be
// listed has nothing missing.
func (p *pass) missing(rel string, g ground) ([]string, error) {
	places, err := p.queue.Files(p.Path, rel)
	if err != nil {
		return nil, err
	}
	there, err := p.files(rel, g)
	if err != nil {
		return nil, nil
	}
	var gone []string
	for _, name := range places {
		is, listed := there[p.fold(name)]
		if is || !listed && p.stillThere(rel, name, g) {
			continue
		}
		gone = append(gone, join(rel, name))
	}
	return gone, nil
}

// stillThere asks for a file by its name, since a share's listing may lack one that is there.
func (p *pass) stillThere(rel, name string, g ground) bool {
	_, mode, err := store.LookAt(p.path(join(rel, name)))
	p.answered()
	if err != nil {
		return !isMissing(err)
	}
	return mode.IsRegular() && g.reason == "" && p.ignore.match(rel, name) == ""
}

// files are the names in rel, as keys, that can be places, but for those that
// turned out to be copies of ours: they are not.
func (p *pass) files(rel string, g ground) (map[string]bool, error) {
	there := map[string]bool{}
	if g.reason != "" {
		return there, nil
	}
	dir, err := openDir(p.path(rel), rel == "")
	if err != nil {
		return nil, err
	}
	defer dir.Close()
	for e, err := range entries(p.ctx, dir, p.answered) {
		if err != nil {
			return nil, err
		}
		if e.Type().IsRegular() && p.ignore.match(rel, e.Name()) == "" {
			key := p.fold(e.Name())
			there[key] = there[key] || !p.set.isCopy(join(rel, e.Name()))
		}
	}
	return there, nil
}

// noFolder says that no folder is at rel: nothing, or something else.
func (p *pass) noFolder(rel string) bool {
	_, mode, err := store.LookAt(p.path(rel))
	if err != nil {
		return isMissing(err)
	}
	return !mode.IsDir()
}
