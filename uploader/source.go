package uploader

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"

	"github.com/gabriel-vasile/mimetype"

	"bloxdrop/store"
)

// sniffed is how much of a file tells its content type.
const sniffed = 3 << 10

// source is the file of an attempt, open, and the place where it stands.
type source struct {
	place store.Place
	file  *os.File
}

// openSource opens a place's file through its root. A *verdict says that it is
// not there any more as it was offered, or that it can't be read.
func openSource(place store.Place) (*source, error) {
	if err := lookAgain(place); err != nil { // also keeps us from opening a pipe
		return nil, err
	}
	root, err := os.OpenRoot(place.Root)
	if err != nil {
		return nil, offline(err)
	}
	defer root.Close()
	file, err := root.Open(filepath.FromSlash(place.Rel))
	if err != nil {
		return nil, absent(err)
	}
	s := &source{place, file}
	if err := s.handleUnchanged(); err != nil {
		file.Close()
		return nil, err
	}
	return s, nil
}

// unchanged checks that the path still names the very file that is open, and
// that neither has changed since it was offered.
func (s *source) unchanged() error {
	if err := s.handleUnchanged(); err != nil {
		return err
	}
	return lookAgain(s.place)
}

func (s *source) handleUnchanged() error {
	look, mode, err := store.LookOf(s.file)
	if err != nil {
		return absent(err)
	}
	return sameLook(look, mode, s.place)
}

// lookAgain compares what stands at the path now with what was offered. It
// opens nothing: a link on the way could only lead to the very same file, since
// its look has its identity.
func lookAgain(place store.Place) error {
	look, mode, err := store.LookAt(path(place))
	if err == nil {
		return sameLook(look, mode, place)
	}
	if _, rootErr := os.Stat(place.Root); rootErr != nil {
		return offline(rootErr)
	}
	return absent(err)
}

func sameLook(look store.Look, mode fs.FileMode, place store.Place) error {
	if !mode.IsRegular() || look != place.Look {
		return stale("the file changed after it was read the first time")
	}
	return nil
}

// offline is a root that can't be opened; its files wait for it.
func offline(err error) error {
	return stale(fmt.Sprintf("its root is offline: %v", err))
}

// absent tells a file that is gone from one that can't be read: only the
// former is settled by the next rescan.
func absent(err error) error {
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ENOTDIR) {
		return stale("the file is no longer there")
	}
	return unreadable(err)
}

// contentType tells the type by the first bytes, not by the name.
func (s *source) contentType() (string, error) {
	kind, err := mimetype.DetectReader(io.NewSectionReader(s.file, 0, sniffed))
	if err != nil {
		return "", unreadable(err)
	}
	return kind.String(), nil
}

// name is the file's own name, as its folder lists it.
func (s *source) name() string { return filepath.Base(filepath.FromSlash(s.place.Rel)) }

// path is the place as people write it.
func path(p store.Place) string { return filepath.Join(p.Root, filepath.FromSlash(p.Rel)) }
