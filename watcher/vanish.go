package watcher

import (
	"errors"
	"io"
	"io/fs"
	"os"
)

// conclude finds places of the folder rel that are gone, after a complete
// listing that showed found files which the queue knows. What is there but no
// longer a person's file, since it is ignored, unmatched or no regular file
// now, is no place either.
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
	for _, name := range below {
		c := f.children[name]
		listed := c != nil && c.seen == stamp
		if listed && c.ignored || !listed && p.noFolder(join(rel, name)) {
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
		if there[name] {
			continue
		}
		// A share's listing may lack a file that is there: ask for it by name.
		info, err := os.Lstat(p.path(join(rel, name)))
		switch {
		case errors.Is(err, fs.ErrNotExist):
		case err != nil:
			continue
		case info.Mode().IsRegular() && g.reason == "" && p.ignore.match(rel, name) == "":
			continue
		}
		gone = append(gone, join(rel, name))
	}
	return gone, nil
}

// files are the names in rel that can be places.
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
	for {
		entries, err := dir.ReadDir(chunkSize)
		for _, e := range entries {
			if e.Type().IsRegular() && p.ignore.match(rel, e.Name()) == "" {
				there[e.Name()] = true
			}
		}
		if err == io.EOF {
			return there, nil
		}
		if err != nil {
			return nil, err
		}
	}
}

// noFolder says that no folder is at rel: nothing, or something else.
func (p *pass) noFolder(rel string) bool {
	info, err := os.Lstat(p.path(rel))
	if err != nil {
		return errors.Is(err, fs.ErrNotExist)
	}
	return !info.IsDir()
}
