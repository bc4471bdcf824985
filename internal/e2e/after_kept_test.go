package e2e

import (
	"context"
	"log/slog"
	"path/filepath"
	"testing"
	"time"

	"bloxdrop/internal/archive"
	"bloxdrop/internal/bloxs/bloxstest"
	"bloxdrop/store"
)

// TestKeptWhileBeingDeleted: a file that a kill has left put aside, to be
// deleted, comes back where after_upload says "keep" by then. Else it would
// be hidden for ever, and its person could never be forgotten.
func TestKeptWhileBeingDeleted(t *testing.T) {
	t.Parallel()
	o := newOffice(t, bloxstest.Options{})
	path := o.write("1001 - Jansen/lease.txt", "lease")
	o.run("run", "--once")
	o.killedWhileDeleting(path)
	o.run("run", "--once")
	if files := o.files(); len(files) != 1 || files["1001 - Jansen/lease.txt"] != "lease" {
		t.Fatalf("there is %q", files)
	}
	if n := len(o.bloxs.Stored()); n != 1 {
		t.Errorf("%d stored", n)
	}
	o.remove(path)
	o.says(o.run("forget", "--person", "1001"), "1 file stay known")
}

// killedWhileDeleting leaves ledger and root as a kill does that comes between
// the two steps of a deletion.
func (o *office) killedWhileDeleting(path string) {
	o.t.Helper()
	s, err := store.Open(o.t.Context(), store.Options{
		Dir: o.storeDir(), Now: time.Now, Log: slog.New(slog.DiscardHandler),
		DeepCheck: func(_ context.Context, path string) error { return store.CheckLedger(path) },
	})
	o.must(err)
	defer s.Close()
	o.must(s.AfterUpload(o.root, true))
	page, _, err := s.SentPlaces(o.root, "", 1)
	o.must(err)
	note := store.Note{SentPlace: page[0], To: filepath.Base(filepath.Dir(path)) + "/" + archive.Aside + string(page[0].Item.ID) + "-0", Delete: true}
	noted, err := s.NoteDown([]store.Note{note})
	o.must(err)
	if len(noted) != 1 {
		o.t.Fatal("nothing was noted")
	}
	o.rename(path, filepath.Join(o.root, filepath.FromSlash(note.To)))
}
