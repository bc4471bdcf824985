package uploader

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"

	"github.com/gabriel-vasile/mimetype"

	"bloxdrop/queue"
	"bloxdrop/store"
)

// sniffed is how much of a file tells its content type.
const sniffed = 3 << 10

// pieceSize is how much of a file is read at a time.
const pieceSize = 256 << 10

// source is the file of an attempt and the place where it stands. It has the
// file open only while it reads a piece: as long as anybody has a file open,
// a Windows server lets nobody rename the folders above it, and an upload may
// take minutes. What was sent is still one file: its hash is checked at the
// gate, and the place's look with each piece.
type source struct {
	place store.Place
	share *shares
	stop  context.Context // ends when the service stops
	at    int64           // where Read goes on
	piece []byte          // as last read
	from  int64           // where it stands in the file
}

// openSource reads the start of a place's file. A *verdict says that it is not
// there any more as it was offered, or that it can't be read.
func openSource(stop context.Context, share *shares, place store.Place) (*source, error) {
	s := &source{place: place, share: share, stop: stop, piece: make([]byte, 0, min(place.Look.Size, pieceSize))}
	if err := s.read(); err != nil {
		return nil, err
	}
	return s, nil
}

// Read gives what follows, until io.EOF.
func (s *source) Read(p []byte) (int, error) {
	if s.at < s.from || s.at >= s.from+int64(len(s.piece)) {
		if err := s.read(); err != nil {
			return 0, err
		}
		if len(s.piece) == 0 {
			return 0, io.EOF
		}
	}
	n := copy(p, s.piece[s.at-s.from:])
	s.at += int64(n)
	return n, nil
}

// rewind has Read begin anew.
func (s *source) rewind() { s.at = 0 }

// read takes the piece at s.at. A question that was given up may still be
// answered later, so it keeps its buffer, and the next has another.
func (s *source) read() error {
	into, at, n := s.piece[:cap(s.piece)], s.at, 0
	err := s.share.ask(s.stop, s.place.Root, func() (err error) {
		n, err = readAt(s.place, into, at)
		return err
	})
	if err != nil {
		s.piece = make([]byte, 0, cap(into))
		return err
	}
	s.piece, s.from = into[:n], at
	return nil
}

// readAt opens the file through its root, for one piece of it.
func readAt(place store.Place, piece []byte, at int64) (int, error) {
	root, err := os.OpenRoot(place.Root)
	if err != nil {
		return 0, offline(err)
	}
	defer root.Close()
	// What has come in the file's place may be a pipe, on which an open would wait.
	file, err := root.OpenFile(filepath.FromSlash(place.Rel), os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		if changed := lookAgain(place); changed != nil {
			return 0, changed
		}
		return 0, absent(err)
	}
	defer file.Close()
	look, mode, err := store.LookOf(file)
	if err != nil {
		return 0, absent(err)
	}
	if err := sameLook(look, mode, place); err != nil {
		return 0, err
	}
	n, err := file.ReadAt(piece, at)
	if err != nil && !errors.Is(err, io.EOF) {
		return 0, unreadable(err)
	}
	return n, nil
}

// unchanged checks that the path still names the very file that was offered.
func (s *source) unchanged() error {
	return s.share.ask(s.stop, s.place.Root, func() error { return lookAgain(s.place) })
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
	return &verdict{class: queue.Away, detail: fmt.Sprintf("its root is offline: %v", err)}
}

// absent tells a file that is gone from one that can't be read: only the
// former is settled by the next rescan.
func absent(err error) error {
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ENOTDIR) {
		return stale("the file is no longer there")
	}
	return unreadable(err)
}

// contentType tells the type by the first bytes, not by the name. Read begins
// anew behind it.
func (s *source) contentType() (string, error) {
	s.rewind()
	kind, err := mimetype.DetectReader(io.LimitReader(s, sniffed))
	s.rewind()
	if err != nil {
		return "", err
	}
	return kind.String(), nil
}

// name is the file's own name, as its folder lists it.
func (s *source) name() string { return filepath.Base(filepath.FromSlash(s.place.Rel)) }

// path is the place as people write it.
func path(p store.Place) string { return filepath.Join(p.Root, filepath.FromSlash(p.Rel)) }
