package watcher

import (
	"bytes"
	"io"
	"io/fs"
	"os"
	"path"
	"strings"

	"bloxdrop/store"
)

// What bloxdrop writes for people is known by its name and by how it begins. A
// copy of it, as sync clients and colleagues make them under names of their
// own, is known by how it begins alone: it is no document, and what has been
// sent can't be taken back. Who quotes a notice begins with words of their own.

const (
	// PageName is the page that each root gets at its top.
	PageName = "_bloxdrop.html"

	// TempNotice is a notice, or the page, that is not whole yet. A kill may leave one.
	TempNotice = MarkerName + "-notice"

	// NoticeStart and NoticeEnd are how the name of each notice begins and ends,
	// in every language; the sign puts it first in a folder that is listed by name.
	NoticeStart = "! "
	NoticeEnd   = ".bloxdrop.txt"

	// NoticeMark is the first line of each notice, PageMark stands in the head of each page.
	NoticeMark = "[bloxdrop-notice]"
	PageMark   = `<meta name="generator" content="bloxdrop">`

	// LargestNotice is more than any notice or page has.
	LargestNotice = 1 << 20

	headSize = 1 << 10 // is read, where a name says that it may be one
)

// IsNotice tells of the name of a file that package notice writes. Where it
// has written it, it is no document, and counts as nothing, as all that is Ours.
func IsNotice(dir, name string) bool {
	name = strings.ToLower(name)
	return dir == "" && name == PageName ||
		len(name) > len(NoticeStart+NoticeEnd) && strings.HasPrefix(name, NoticeStart) && strings.HasSuffix(name, NoticeEnd)
}

// Wrote tells by a file's first bytes whether bloxdrop has written it, or what
// it is a copy of.
func Wrote(begins []byte) bool {
	begins = begins[:min(len(begins), headSize)]
	for utf16 := []byte("\xff\xfe"); bytes.HasPrefix(begins, utf16); { // an editor has saved it so
		begins = bytes.ReplaceAll(begins[len(utf16):], []byte{0}, nil)
	}
	text := bytes.TrimLeft(begins, "\ufeff \t\r\n")
	const doctype = "<!doctype html"
	return bytes.HasPrefix(text, []byte(NoticeMark)) ||
		len(text) > len(doctype) && strings.EqualFold(string(text[:len(doctype)]), doctype) && bytes.Contains(text, []byte(PageMark))
}

// wroteIn is Wrote of an open file.
func wroteIn(f io.ReaderAt) (bool, error) {
	begins := make([]byte, headSize)
	n, err := f.ReadAt(begins, 0)
	if err == io.EOF {
		err = nil
	}
	return Wrote(begins[:n]), err
}

// namesUs tells of names that copies of ours mostly have.
func namesUs(name string) bool { return strings.Contains(strings.ToLower(name), "bloxdrop") }

// MayBeCopy tells whether it takes a look at how a file begins to know that it
// is no copy of ours. Most files are none by their name or size.
func MayBeCopy(rel string, size int64) bool {
	name := path.Base(rel)
	switch strings.ToLower(path.Ext(name)) {
	case ".txt", ".html", ".htm":
		return size <= LargestNotice
	}
	return size <= LargestNotice && namesUs(name)
}

// wroteAt looks how the file rel begins.
func (r *root) wroteAt(rel string) (bool, error) {
	base, err := os.OpenRoot(r.dir)
	if err != nil {
		return false, err
	}
	defer base.Close()
	f, err := base.OpenFile(rel, openFlags, 0)
	if err != nil {
		return false, err
	}
	defer f.Close()
	if info, err := f.Stat(); err != nil || !info.Mode().IsRegular() || info.Size() > LargestNotice {
		return false, err
	}
	return wroteIn(f)
}

// head is how a file begins whose name only ours should have, as it was when it was read.
type head struct {
	look  store.Look
	wrote bool
}

// mayBeOurs tells of a file in the folder rel, on ground g, whether its name is
// one that ours have or, where it is nobody's, that copies of ours mostly have.
// Among persons' files copies are found when they are hashed.
func mayBeOurs(rel string, g ground, e fs.DirEntry) bool {
	return g.ignored == "" && e.Type().IsRegular() && (IsNotice(rel, e.Name()) || g.reason != "" && namesUs(e.Name()))
}

// isOurs tells of such a file whether we wrote it, or what it is a copy of. It
// is read only when it is another than at the last listing of its folder, f. One
// that can't be read passes for what its name says.
func (p *pass) isOurs(l *listing, f *folder, rel string, dir *openFolder, e fs.DirEntry) bool {
	look, _, err := lookAt(dir, e)
	p.answered()
	is, known := f.heads[e.Name()]
	if err != nil || !known || is.look != look {
		wrote, unread := p.wroteAt(join(rel, e.Name()))
		p.answered()
		if err != nil || unread != nil {
			return IsNotice(rel, e.Name())
		}
		is = head{look, wrote}
	}
	if l.heads == nil {
		l.heads = map[string]head{}
	}
	l.heads[e.Name()] = is
	return is.wrote
}

// isWritten tells of a file, whose folder stands on ground g, whether it is
// ours or a copy. To be sure that one with a usual name is none it has to be
// read; without, only what the settling of a person's files has found is known.
func (r *root) isWritten(rel string, g ground, sure bool) bool {
	dir, name := parent(rel), path.Base(rel)
	if IsNotice(dir, name) || namesUs(name) || sure && g.reason == "" && MayBeCopy(name, 0) {
		wrote, err := r.wroteAt(rel)
		return wrote || err != nil && IsNotice(dir, name)
	}
	return r.set.isCopy(rel)
}
