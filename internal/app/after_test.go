package app

import (
	"testing"

	"bloxdrop/internal/archive"
	"bloxdrop/watcher"
)

// What the archive makes is never taken for anybody's file.
func TestArchiveIsOurs(t *testing.T) {
	if archive.Folder != watcher.SentName || !watcher.Ours("1001 - Jansen", archive.Aside+"0123-0") {
		t.Errorf("the watcher would look into %q, or at %q", archive.Folder, archive.Aside)
	}
}
