package watcher

import (
	"os"
	"path/filepath"
	"testing"

	"bloxdrop/internal/testfs"
)

// TestAMarkerOnAFullDisk leaves nothing behind that is no marker.
func TestAMarkerOnAFullDisk(t *testing.T) {
	dir := t.TempDir()
	testfs.SmallDisk(t, dir, 1)
	undo := testfs.Fill(t, dir, 0)
	defer undo()
	if err := putMarker(filepath.Join(dir, MarkerName), marker{Ledger: "ledger", Root: dir}, true); err == nil {
		t.Error("it was written")
	}
	entries, err := os.ReadDir(dir)
	if err != nil || len(entries) != 1 {
		t.Error(entries, err)
	}
}
