package notice

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"
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
	largest    = 256 << 10        // of our own files
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
		stands, ours, err := read(at, name, mark)
		if err != nil {
			return err
		}
		if !ours {
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
		return r.put(at, f, name, text)
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
	others, err := notices(at)
	if err != nil {
		return err
	}
	last, asked := r.asked[key]
	age := r.Now().Sub(last).Abs()
	switch {
	case r.written.has(r.Path, key) && len(others) == 0:
		if asked && age < askedAgain {
			r.soon = true
			return nil
		}
		if !r.ready() {
			return nil
		}
		return r.tryAgain(f)
	case asked && age < putOff:
		r.soon = true // Bloxs is just being asked
		return nil
	}
	return r.put(at, f, name, text)
}

// tryAgain lets the folder's files go, but those that Bloxs may have. A kill
// after that lets them go once more, which costs a try and sends nothing twice.
func (r *root) tryAgain(f *folder) error {
	var ids []store.ItemID
	for after := ""; ; {
		p, err := r.Store.Below(r.Path, f.rel, after, 256)
		if err != nil {
			return err
		}
		for _, it := range p.Items {
			if it.State == store.Held && it.Reason != store.Uncertain {
				ids = append(ids, it.ID)
			}
		}
		if after = p.Next; after == "" {
			break
		}
	}
	n, err := r.Queue.TryAgain(ids)
	if err != nil {
		return err
	}
	key := store.Fold(f.rel)
	r.asked[key] = r.Now()
	r.written.drop(r.Path, key)
	delete(r.shown, key)
	r.soon = true
	r.log.Info("somebody has deleted a folder's notice, so its files are tried again", "folder", f.rel, "files", n)
	return nil
}

// put writes the notice, and takes away those of another name.
func (r *root) put(at *os.Root, f *folder, name, text string) error {
	info, err := write(at, name, []byte(text))
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
		if name != watcher.TempNotice {
			if _, ours, err := read(at, name, mark); err != nil || !ours {
				continue // somebody's own, or it goes just now
			}
		}
		if err := at.Remove(name); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return nil
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

// read gives a file's text, and tells by that whether we have written it.
func read(at *os.Root, name, mark string) (text string, ours bool, err error) {
	info, err := at.Lstat(name)
	if err != nil || !info.Mode().IsRegular() || info.Size() > largest {
		return "", false, err
	}
	f, err := at.Open(name)
	if err != nil {
		return "", false, err
	}
	defer f.Close()
	if opened, err := f.Stat(); err != nil || !os.SameFile(info, opened) {
		return "", false, err
	}
	b, err := io.ReadAll(io.LimitReader(f, largest))
	return string(b), strings.Contains(string(b), "\n"+mark), err
}

// write puts a file in the place of another, whole. Who may enter the folder
// may read it, whatever the umask of the service.
func write(at *os.Root, name string, data []byte) (fs.FileInfo, error) {
	if err := at.Remove(watcher.TempNotice); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	f, err := at.OpenFile(watcher.TempNotice, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return nil, err
	}
	_, err = f.Write(data)
	if dir, bad := at.Stat("."); bad == nil {
		_ = f.Chmod(0o644 | dir.Mode().Perm()&0o022) // not every share has modes
	}
	err = errors.Join(err, f.Sync(), f.Close())
	if err == nil {
		failpoint.At("notice rename")
		err = at.Rename(watcher.TempNotice, name)
	}
	if err != nil {
		return nil, errors.Join(err, at.Remove(watcher.TempNotice))
	}
	return at.Lstat(name)
}

// same tells whether a file is as it was when it was last looked at.
func same(was, is fs.FileInfo) bool {
	return was != nil && was.Size() == is.Size() && was.ModTime().Equal(is.ModTime())
}

// goneOrLink is for what the watcher will see by itself.
func goneOrLink(err error) bool {
	return errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ENOTDIR) || errors.Is(err, below.ErrNoFolder)
}
