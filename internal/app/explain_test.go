package app

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"bloxdrop/internal/control"
	"bloxdrop/store"
	"bloxdrop/watcher"
)

// A file that can't be taken in says what can be done about it.
func TestStuckFileSaysWhatToDo(t *testing.T) {
	a := &App{opts: Options{Now: time.Now}, began: time.Now()}
	root := t.TempDir()
	if err := os.WriteFile(filepath.Join(root, "a.pdf"), []byte("a"), 0o600); err != nil {
		t.Fatal(err)
	}
	for why, want := range map[string]string{
		"cannot be read: permission denied":                             "the right to read it",
		"another program has it open: waits until that is done with it": "close it",
		"cannot be queued: the disk of store.dir is full":               "bloxdrop status",
	} {
		c := watcher.Class{Root: root, Rel: "a.pdf", Settling: &watcher.Settling{Why: why, Stuck: true}}
		if ex := a.explainSettling(c, store.Item{}, control.Explanation{}); ex.Reason != why || !strings.Contains(ex.Remedy, want) {
			t.Errorf("%q has the remedy %q", ex.Reason, ex.Remedy)
		}
	}
}
