package watcher

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"
	"time"

	"bloxdrop/internal/failpoint"
	"bloxdrop/store"
)

// Names at the top of a root that are ours. They are no files of anybody's,
// and are neither listed nor counted.
const (
	MarkerName = ".bloxdrop" // which ledger this root belongs to
	SentName   = "_sent"     // where after_upload = "move" puts what was sent
)

// Ours tells of a name in the folder dir of a root that bloxdrop has made.
func Ours(dir, name string) bool {
	name = strings.ToLower(name)
	return dir == "" && (name == MarkerName || name == SentName) || strings.HasPrefix(name, MarkerName+"-")
}

// marker stands in a root that can be written, and tells which ledger it
// belongs to and how far that had come. So an unmounted share is told from an
// emptied one, and a lost or older ledger from a first start.
type marker struct {
	Note     string    `json:"note"`
	Ledger   string    `json:"ledger"`
	Position uint64    `json:"position"` // of the ledger's journal
	Root     string    `json:"root"`     // as configured
	Host     string    `json:"host"`
	At       time.Time `json:"at"`
	Clean    bool      `json:"clean"` // written by a clean stop
}

const (
	markerNote = "By this file bloxdrop knows this folder again. Please leave it here."
	maxMarker  = 64 << 10
)

// errMarker is a marker that is there and says nothing.
var errMarker = errors.New("it can't be read as one")

// readMarker returns an error that isMissing where there is none, and errMarker
// where what is there is none of ours.
func readMarker(path string) (m marker, look store.Look, err error) {
	look, mode, err := store.LookAt(path)
	if err != nil {
		return m, look, err
	}
	if !mode.IsRegular() {
		return m, look, fmt.Errorf("%w: it is no regular file", errMarker)
	}
	f, err := os.OpenFile(path, openFlags, 0)
	if errors.Is(err, fs.ErrPermission) {
		return m, look, fmt.Errorf("%w: permission denied", errMarker)
	}
	if err != nil {
		return m, look, err
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, maxMarker))
	if err != nil {
		return m, look, err
	}
	if json.Unmarshal(b, &m) != nil || m.Ledger == "" {
		return marker{}, look, errMarker
	}
	return m, look, nil
}

// putMarker writes a marker whole or not at all. With first it never replaces
// another, so that of two that come at the same moment one wins: fs.ErrExist.
func putMarker(path string, m marker, first bool) error {
	b, err := json.MarshalIndent(m, "", " ")
	if err != nil {
		return err
	}
	b = append(b, '\n')
	temp := path + "-" + m.Ledger[:min(8, len(m.Ledger))]
	if err := os.Remove(temp); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	defer os.Remove(temp) // not there any more, if all went well
	if err := writeNew(temp, b); err != nil {
		return err
	}
	failpoint.At("marker rename")
	err = place(temp, path, first)
	failpoint.At("marker renamed")
	if err == nil || !first || errors.Is(err, fs.ErrExist) {
		return err
	}
	return writeNew(path, b) // a file system without links
}

func place(temp, path string, first bool) error {
	if first {
		return os.Link(temp, path)
	}
	return os.Rename(temp, path)
}

// writeNew makes a file that was not there before, hidden where names don't hide.
func writeNew(path string, b []byte) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if err != nil {
		return err
	}
	_, err = f.Write(b)
	return errors.Join(err, f.Sync(), f.Close(), hide(path))
}

// samePath compares paths as JSON keeps them.
func samePath(a, b string) bool {
	return strings.ToValidUTF8(a, "\ufffd") == strings.ToValidUTF8(b, "\ufffd")
}
