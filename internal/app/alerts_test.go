package app

import (
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"bloxdrop/internal/alert"
)

// TestTroublesAfterAStart: what can't be known yet is neither over nor begun,
// and a file that does not become whole is told of after an hour.
func TestTroublesAfterAStart(t *testing.T) {
	c := lonely(t)
	there := filepath.Join(t.TempDir(), "scans")
	if err := os.MkdirAll(filepath.Join(there, "1001"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(there, "1001", "empty.txt"), nil, 0o644); err != nil {
		t.Fatal(err)
	}
	root := c.Watch[0]
	root.Path = there
	c.Watch = append(c.Watch, root)
	a, passes := started(t, c)
	t.Cleanup(func() {
		if err := a.Close(); err != nil {
			t.Error(err)
		}
	})
	for deadline := time.Now().Add(30 * time.Second); ; {
		_, roots := a.Changed()
		if r := a.watcher.Status(); r[1].Settling == 1 && !r[1].LastRescan.IsZero() {
			break
		}
		if time.Now().After(deadline) {
			t.Fatalf("%+v", a.watcher.Status())
		}
		select {
		case <-roots:
		case <-time.After(100 * time.Millisecond):
		}
	}
	is := func(when string, want ...alert.Trouble) {
		t.Helper()
		got, err := a.troubles()
		if err != nil || !slices.Equal(got, want) {
			t.Errorf("%s: %+v, %v; want %+v", when, got, err, want)
		}
	}
	is("just started", alert.Trouble{Kind: alert.Offline, Root: 1, Unsure: true}, alert.Trouble{Kind: alert.Unreadable, Root: 1, Unsure: true}, alert.Trouble{Kind: alert.Settling, Unsure: true})
	passes(2 * time.Minute)
	is("after two minutes", alert.Trouble{Kind: alert.Offline, Root: 1}, alert.Trouble{Kind: alert.Unreadable, Root: 1, Unsure: true}, alert.Trouble{Kind: alert.Settling, Unsure: true})
	if st, err := a.Status(t.Context()); err != nil || st.Settling != 1 || st.SettlingLong != 0 {
		t.Errorf("%+v, %v", st, err)
	}
	passes(time.Hour)
	is("after an hour", alert.Trouble{Kind: alert.Offline, Root: 1}, alert.Trouble{Kind: alert.Unreadable, Root: 1, Unsure: true}, alert.Trouble{Kind: alert.Settling, Count: 1, AtOnce: true})
	if st, err := a.Status(t.Context()); err != nil || st.SettlingLong != 1 {
		t.Errorf("%+v, %v", st, err)
	}
}
