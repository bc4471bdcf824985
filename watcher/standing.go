package watcher

import (
	"errors"
	"fmt"
	"io/fs"
	"time"

	"bloxdrop/store"
)

// Ledger is what the roots' markers are about.
type Ledger interface {
	ID() string
	// Position only grows; what it counted before is on the disk.
	Position() uint64
	Marked(root string) (bool, error)
	SetMarked(root string) error
	DoubtAbout(root string) (*store.Doubt, error)
	// Doubt says that the ledger lacks what came after known, for every root.
	Doubt(cause string, known, above uint64) error
	// Trust says that a marker has proven the root to hold nothing that the ledger lacks.
	Trust(root string, roots []string) error
	// Inherit says that a root was at another path before.
	Inherit(root, from string) error
}

// standing is whether a root may be read, and why not. One that is offline
// comes back by itself; one that is paused waits until a person adopts it.
type standing struct {
	offline, paused string

	unproven bool // a folder is there, and only a person can tell that it is the right one
}

func (s standing) barred() bool { return s.offline != "" || s.paused != "" }

const (
	notLooked   = "not looked at yet"
	markerEvery = time.Minute // so often a marker is written at most

	// A marker may be ahead of the ledger by so many lines: whoever can write into
	// the share can write anything there, and positions must not run over.
	farthest = 1 << 40
)

// stand looks at a root's marker, and gives the root one at its first start.
// empty and moved tell of the folder that is there.
func (r *root) stand(empty, moved bool) standing {
	r.marking.Lock()
	defer r.marking.Unlock()
	if r.ledger == nil {
		return r.withoutMarker(empty, moved)
	}
	path := r.path(MarkerName)
	if look, _, err := store.LookAt(path); err == nil && r.judged && look == r.markerLook && !r.due() {
		if doubt, err := r.ledger.DoubtAbout(r.Path); err == nil && doubt == nil {
			return r.moved() // as it was read last
		}
	}
	m, look, err := readMarker(path)
	if isMissing(err) {
		var st standing
		if st, err = r.begin(empty, moved); st.barred() || err != nil {
			r.judged = false
			return orOffline(st, err)
		}
		if m, look, err = readMarker(path); isMissing(err) {
			return r.moved() // it could not be given one
		}
	}
	st, err := r.judge(m, err)
	if r.judged = err == nil && !st.barred(); !r.judged {
		return orOffline(st, err)
	}
	r.markerLook = look
	r.refresh(m)
	return r.moved()
}

func orOffline(st standing, err error) standing {
	if err != nil {
		st.offline = plain(err)
	}
	return st
}

// moved is the standing of a root in which nothing but the config has changed.
func (r *root) moved() standing {
	r.mu.Lock()
	defer r.mu.Unlock()
	return standing{paused: r.movedHouse}
}

// withoutMarker is for a root that has none to ask.
func (r *root) withoutMarker(empty, moved bool) standing {
	if empty && (moved || r.base == nil) && r.hadPlaces() {
		return standing{offline: "empty, but files were here: is it mounted?", unproven: true}
	}
	return standing{}
}

// begin is for a root without a marker: it may be the first start, a share
// that is not mounted, or another one in its place.
func (r *root) begin(empty, moved bool) (standing, error) {
	marked, err := r.ledger.Marked(r.Path)
	if err != nil {
		return standing{}, err
	}
	if marked {
		return standing{offline: "its marker " + MarkerName + " is missing: is the share mounted?", unproven: true}, nil
	}
	if st := r.withoutMarker(empty, moved); st.barred() {
		return st, nil
	}
	doubt, err := r.ledger.DoubtAbout(r.Path)
	if err != nil || doubt != nil {
		return r.doubted(doubt), err
	}
	if r.survey || r.now().Sub(r.wrote.At).Abs() < markerEvery {
		return standing{}, nil
	}
	r.wrote = r.newMarker(false)
	if err := putMarker(r.path(MarkerName), r.wrote, true); err != nil && !errors.Is(err, fs.ErrExist) {
		r.cannotMark(err)
	}
	return standing{}, nil
}

func (r *root) doubted(d *store.Doubt) standing {
	if d == nil {
		return standing{}
	}
	return standing{paused: "the ledger may not remember all that was sent: it was " + d.Cause}
}

// judge reads a marker. readErr is why it could not be read.
func (r *root) judge(m marker, readErr error) (standing, error) {
	if errors.Is(readErr, errMarker) {
		return standing{paused: fmt.Sprintf("its marker %s tells nothing: %v", MarkerName, readErr)}, nil
	}
	if readErr != nil {
		return standing{}, readErr
	}
	at := r.ledger.Position()
	last := fmt.Sprintf("on %q, there last at %s", m.Host, m.At.Local().Format(time.DateTime))
	switch {
	case m.Ledger != r.ledger.ID():
		return standing{paused: "its marker names another ledger, that of the bloxdrop " + last +
			": either this store.dir is new, or two bloxdrops watch the same share, which they must not"}, nil
	case !samePath(m.Root, r.Path) && r.isRoot(m.Root):
		return standing{paused: fmt.Sprintf("its marker is that of the root %s: the two are swapped, or are one folder", m.Root)}, nil
	case m.Position > at && m.Position-at > farthest:
		return standing{paused: fmt.Sprintf("its marker %s tells nothing: no ledger comes to position %d", MarkerName, m.Position)}, nil
	case m.Position > at:
		return r.behind(m, last)
	case !r.wrote.At.IsZero() && m.At.After(r.wrote.At):
		return standing{paused: "a bloxdrop with a copy of this ledger, " + last + ", watches the same share"}, nil
	}
	doubt, err := r.ledger.DoubtAbout(r.Path)
	if err != nil {
		return standing{}, err
	}
	if doubt != nil && !(m.Clean && doubt.Known > 0 && m.Position == doubt.Known) {
		return r.doubted(doubt), nil
	}
	if !samePath(m.Root, r.Path) {
		if st, err := r.cameFrom(m.Root); st.barred() || err != nil {
			return st, err
		}
	}
	if doubt == nil || r.survey {
		return standing{}, nil
	}
	// The marker proves that nothing is missing. It can do so once: one that
	// can't be written any more may prove it for ever.
	if !r.write(false) {
		return r.doubted(doubt), nil
	}
	return standing{}, r.ledger.Trust(r.Path, r.all)
}

// cameFrom is for a root that was at another path before, where it is still the
// same one to the ledger: that has to be known before the marker forgets it.
func (r *root) cameFrom(path string) (standing, error) {
	if r.MovedFrom != nil {
		if err := r.MovedFrom(path); err != nil {
			return standing{paused: err.Error()}, nil
		}
	}
	if r.survey {
		return standing{}, nil
	}
	return standing{}, r.ledger.Inherit(r.Path, path)
}

// behind is for a marker from a later time than the ledger. That is a doubt
// about every root, and has to outlive the moment at which the ledger, by what
// it sends from the others, comes to the marker's position.
func (r *root) behind(m marker, last string) (standing, error) {
	st := standing{paused: "its marker comes from a later time than this ledger, which is an older copy: what the bloxdrop " + last +
		" sent meanwhile is not known here"}
	doubt, err := r.ledger.DoubtAbout(r.Path)
	if err != nil || doubt != nil || r.survey {
		return st, err
	}
	cause := fmt.Sprintf("found to be an older copy: the marker of %s comes from a later time, from the bloxdrop %s", r.Path, last)
	defer r.lookAll()
	return st, r.ledger.Doubt(cause, 0, m.Position)
}

func (r *root) isRoot(path string) bool {
	for _, other := range r.all {
		if samePath(other, path) {
			return true
		}
	}
	return false
}

// due tells whether the marker is to be written anew.
func (r *root) due() bool {
	return !r.survey && r.ledger.Position() != r.wrote.Position && r.now().Sub(r.wrote.At).Abs() >= markerEvery
}

// refresh writes down how far the ledger has come; m is the marker that was
// just read and found ours.
func (r *root) refresh(m marker) {
	if r.survey {
		return
	}
	if err := r.ledger.SetMarked(r.Path); err != nil {
		r.log.Error("it can't be noted that a root has its marker", "err", err)
	}
	if m.Clean || m.Host != r.host || !samePath(m.Root, r.Path) || r.wrote.At.IsZero() || r.due() {
		r.write(false)
	}
}

// write replaces the marker, which is ours.
func (r *root) write(clean bool) (ok bool) {
	m := r.newMarker(clean)
	err := putMarker(r.path(MarkerName), m, false)
	if err != nil {
		r.wrote.At = later(r.wrote.At, m.At) // so that it is not tried again at once, and what stands there is still known to be ours
		r.cannotMark(err)
		return false
	}
	r.wrote, r.judged, r.saidUnmarked = m, false, false
	return true
}

func (r *root) newMarker(clean bool) marker {
	return marker{
		Note: markerNote, Ledger: r.ledger.ID(), Position: r.ledger.Position(), Root: r.Path,
		Host: r.host, At: r.now().UTC().Round(0), Clean: clean,
	}
}

// cannotMark says once that a root can't be written.
func (r *root) cannotMark(err error) {
	if !r.saidUnmarked {
		r.log.Warn("the root's marker can't be written, so an unmounted share is harder to tell", "path", r.path(MarkerName), "err", err)
	}
	r.saidUnmarked = true
}
