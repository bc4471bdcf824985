package watcher

import (
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"errors"
	"io"
	"io/fs"
	"os"
	"time"

	"bloxdrop/internal/pulse"
	"bloxdrop/store"
)

const (
	hashBuffer = 256 << 10
	racyTime   = 2 * time.Second // a change this recent may be followed by one that leaves no trace
	tailSize   = 1 << 10         // where a document's end mark stands
)

var errChanged = errors.New("changed while it was read")

// errCopy says that a file is a copy of what bloxdrop writes for people.
var errCopy = errors.New("it begins as bloxdrop's own notices do")

// errIncomplete says that a document lacks its end.
var errIncomplete = errors.New("its end is missing")

// read hashes the file rel, which must be the one that look shows from the
// first byte to the last. Unless that is said to be all right, a document
// without its end is errIncomplete.
func (r *root) read(ctx context.Context, rel string, look store.Look, incompleteToo bool, buf []byte) (sum store.Digest, err error) {
	if err := nameTrouble(rel); err != nil {
		return sum, err
	}
	base, err := os.OpenRoot(r.dir)
	if err != nil {
		return sum, err
	}
	defer base.Close()
	f, err := base.OpenFile(rel, openFlags, 0) // os.Root: no link leads out
	if err != nil {
		return sum, err
	}
	defer f.Close()
	if err := noWriters(f, r.path(rel)); err != nil {
		return sum, err
	}
	if err := unchanged(look, of(f)); err != nil {
		return sum, err
	}
	if MayBeCopy(rel, look.Size) {
		if wrote, err := wroteIn(f); err != nil || wrote {
			return sum, cmp.Or(err, errCopy)
		}
	}
	if !incompleteToo {
		if err := checkEnd(f, look.Size); err != nil {
			return sum, err
		}
	}
	h := sha256.New()
	n, err := copyAll(ctx, h, steps{f, &r.hashing}, buf)
	if err != nil {
		return sum, err
	}
	if n != look.Size {
		return sum, errChanged
	}
	if err := noWriters(f, r.path(rel)); err != nil {
		return sum, err
	}
	if err := unchanged(look, of(f)); err != nil {
		return sum, err
	}
	if err := unchanged(look, at(r.path(rel))); err != nil {
		return sum, err
	}
	for dir := parent(rel); dir != ""; dir = parent(dir) {
		info, err := base.Lstat(dir)
		if err != nil {
			return sum, err
		}
		if !info.IsDir() {
			return sum, errChanged // a link that has come since; what it leads to may be another's
		}
	}
	h.Sum(sum[:0])
	return sum, nil
}

// looker looks at a file again.
type looker func() (store.Look, fs.FileMode, error)

func at(path string) looker {
	return func() (store.Look, fs.FileMode, error) { return store.LookAt(path) }
}
func of(f *os.File) looker { return func() (store.Look, fs.FileMode, error) { return store.LookOf(f) } }

func unchanged(look store.Look, again looker) error {
	now, mode, err := again()
	if err != nil {
		return err
	}
	if !mode.IsRegular() || now != look {
		return errChanged
	}
	return nil
}

// steps notes each answer to a read.
type steps struct {
	io.Reader
	pulse *pulse.Pulse
}

func (s steps) Read(p []byte) (int, error) {
	defer s.pulse.Step()
	return s.Reader.Read(p)
}

// copyAll is io.CopyBuffer that can be stopped.
func copyAll(ctx context.Context, w io.Writer, f io.Reader, buf []byte) (total int64, err error) {
	for {
		if err := ctx.Err(); err != nil {
			return total, err
		}
		n, err := f.Read(buf)
		total += int64(n)
		if _, werr := w.Write(buf[:n]); werr != nil {
			return total, werr
		}
		if err == io.EOF {
			return total, nil
		}
		if err != nil {
			return total, err
		}
	}
}

// checkEnd tells PDF and JPEG files by their first bytes, and says whether
// they lack their end, as while a scanner still writes them.
func checkEnd(f io.ReaderAt, size int64) error {
	var head [5]byte
	n, err := f.ReadAt(head[:], 0)
	if err != nil && err != io.EOF {
		return err
	}
	var end []byte
	switch {
	case bytes.HasPrefix(head[:n], []byte("%PDF-")):
		end = []byte("%%EOF")
	case bytes.HasPrefix(head[:n], []byte{0xFF, 0xD8, 0xFF}):
		end = []byte{0xFF, 0xD9}
	default:
		return nil
	}
	var tail [tailSize]byte
	n, err = f.ReadAt(tail[:], max(0, size-tailSize))
	if err != nil && err != io.EOF {
		return err
	}
	if !bytes.Contains(tail[:n], end) {
		return errIncomplete
	}
	return nil
}
