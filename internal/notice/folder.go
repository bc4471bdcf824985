package notice

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"syscall"
	"time"

	"bloxdrop/internal/below"
	"bloxdrop/internal/failpoint"
	"bloxdrop/store"
	"bloxdrop/watcher"
)

const (
	putOff     = 20 * time.Second // a notice, or the page, is written anew after so long at the earliest
	askedAgain = time.Minute      // a deletion within so long after another is no new word
	mostAsked  = 15 * time.Minute // so long is that at most, where deletions go on and on: no colleague does that
)

// see has the folder's notice stand there. count is how many of ours a scan
// has seen there.
func (r *root) see(base *os.Root, f *folder, count int, again bool) error {
	key, name, text := store.Fold(f.rel), r.name(f), r.text(f)
	was := r.shown[key]
	if !again && was.name == name && was.text == text {
		return nil
	}
	at, err := below.Open(base, f.rel, 0)
	if goneOrLink(err) {
		r.written.drop(r.Path, key) // whoever took the folder away asks for nothing
		return nil
	}
	if err != nil {
		return err
	}
	defer at.Close()
	info, err := at.Lstat(name)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return r.seeNone(at, f, name, text)
	case err != nil:
		return err
	}
	is := was
	if was.name != name || !same(was.info, info) {
		stands, ours, err := read(at, name)
		if err != nil {
			return err
		}
		if !ours && stands != "" {
			return fmt.Errorf("%q is there, and not bloxdrop's", name)
		}
		is = shown{name: name, text: stands, info: info, at: was.at}
	}
	r.written.add(r.Path, key)
	if is.text != text {
		if r.Now().Sub(was.at).Abs() < putOff {
			r.soon = true // it counts up: not each number needs a file of its own
			return nil
		}
		return r.put(at, f, name, text, write)
	}
	r.shown[key] = is
	if count > 1 {
		return cleanIn(at, name)
	}
	return nil
}

// seeNone is for a folder without the notice that should be there. Where one
// of ours was, and none is, a colleague has deleted it. That is proven as a
// file's going is: the folder can be listed to its end, in a root that is
// online, and asking for the notice by its name finds none either.
func (r *root) seeNone(at *os.Root, f *folder, name, text string) error {
	key := store.Fold(f.rel)
	renamed, err := holdsOurs(at)
	if err != nil {
		return err
	}
	last, asked := r.asked[key]
	age := r.Now().Sub(last.at).Abs()
	switch {
	case r.written.has(r.Path, key) && !renamed:
		if asked && age < last.rest {
			r.soon = true
			return nil
		}
		if !r.ready() {
			return nil
		}
		return r.deleted(f)
	case asked && age < putOff:
		r.soon = true // Bloxs is just being asked
		return nil
	}
	err = r.put(at, f, name, text, create)
	if errors.Is(err, fs.ErrExist) {
		r.soon = true // somebody has just put something there
		return nil
	}
	return err
}

// deleted takes somebody's deletion of a folder's notice for their word.
func (r *root) deleted(f *folder) error {
	n, err := r.tryAgain(f)
	if err != nil {
		return err
	}
	key, now := store.Fold(f.rel), r.Now()
	last, is := r.asked[key], word{at: now, rest: askedAgain}
	if now.Sub(last.at).Abs() < 4*last.rest {
		is.rest = min(2*last.rest, mostAsked)
	}
	r.asked[key] = is
	r.written.drop(r.Path, key)
	delete(r.shown, key)
	r.soon = true
	r.log.Info("somebody has deleted a folder's notice, so its files are tried again", "folder", f.rel, "files", n)
	return nil
}

// tryAgain lets the files go of which the notice of a person's folder tells, but
// those that Bloxs may have. Persons' folders below one that is nobody's have
// notices of their own. A kill after that lets them go once more, which costs a
// try and sends nothing twice.
func (r *root) tryAgain(f *folder) (int, error) {
	if f.id == "" {
		return 0, nil
	}
	var ids []store.ItemID
	for it, err := range store.All(func(after string) (store.Page, error) { return r.Store.Below(r.Path, f.rel, after, pageSize) }) {
		if err != nil {
			return 0, err
		}
		if it.State == store.Held && it.Reason != store.Uncertain {
			ids = append(ids, it.ID)
		}
	}
	return r.Queue.TryAgain(ids)
}

// put writes the notice, and takes away those of another name. how is write,
// or create where none may stand there.
func (r *root) put(at *os.Root, f *folder, name, text string, how writer) error {
	info, err := how(at, name, []byte(text))
	if err != nil {
		return err
	}
	failpoint.At("notice renamed")
	key := store.Fold(f.rel)
	r.shown[key] = shown{name: name, text: text, info: info, at: r.Now()}
	r.written.add(r.Path, key)
	return cleanIn(at, name)
}

// clean takes all notices of a folder away.
func (r *root) clean(base *os.Root, rel string) error {
	at, err := below.Open(base, rel, 0)
	if goneOrLink(err) {
		return nil
	}
	if err != nil {
		return err
	}
	defer at.Close()
	return cleanIn(at, "")
}

// cleanIn takes all notices away but the one called keep.
func cleanIn(at *os.Root, keep string) error {
	names, err := notices(at)
	if err != nil {
		return err
	}
	for _, name := range names {
		if name == keep || keep != "" && store.Fold(name) == store.Fold(keep) {
			continue
		}
		text, ours, err := read(at, name)
		if err != nil || !ours && (name != watcher.TempNotice || !isStump(text)) {
			continue // somebody's own, or it goes just now
		}
		if err := at.Remove(name); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return nil
}

// holdsOurs tells whether a notice of ours stands in a folder, under any name that one may have.
func holdsOurs(at *os.Root) (bool, error) {
	names, err := notices(at)
	if err != nil {
		return false, err
	}
	for _, name := range names {
		_, ours, err := read(at, name)
		if err != nil && !errors.Is(err, fs.ErrNotExist) || ours && name != watcher.TempNotice {
			return ours, err
		}
	}
	return false, nil
}

// notices are the names in a folder that only ours should have.
func notices(at *os.Root) (names []string, err error) {
	dir, err := at.Open(".")
	if err != nil {
		return nil, err
	}
	defer dir.Close()
	for {
		entries, err := dir.ReadDir(1024)
		for _, e := range entries {
			name := e.Name()
			if e.Type().IsRegular() && (watcher.IsNotice("x", name) || name == watcher.TempNotice) {
				names = append(names, name)
			}
		}
		if err == io.EOF {
			return names, nil
		}
		if err != nil {
			return nil, err
		}
	}
}

// same tells whether a file is as it was when it was last looked at.
func same(was, is fs.FileInfo) bool {
	return was != nil && was.Size() == is.Size() && was.ModTime().Equal(is.ModTime())
}

// goneOrLink is for what the watcher will see by itself.
func goneOrLink(err error) bool {
	return errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ENOTDIR) || errors.Is(err, below.ErrNoFolder)
}
