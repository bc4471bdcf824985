package e2e

import (
	"maps"
	"path/filepath"
	"testing"

	"bloxdrop/internal/bloxs/bloxstest"
)

// diesFiling dies at a step of what after_upload says.
func (o *office) diesFiling(point string) {
	o.t.Helper()
	o.env = []string{"BLOXDROP_FAILPOINT=" + point}
	state := o.diesStarting()
	o.env = nil
	if !diedByKill(state) {
		o.t.Fatalf("at %q it did not die: %v\n%s", point, state, o.log)
	}
}

// TestFilingDies on a share that has no rename which refuses to go over another
// file: neither a second name nor an empty file is left, and nothing is sent again.
func TestFilingDies(t *testing.T) {
	t.Parallel()
	failpointBinary(t)
	sums := &tally{}
	t.Run("all", func(t *testing.T) {
		for point, option := range map[string]string{"linked": "dcache_timeout=1", "kept free": "disable_hardlink"} {
			for what, want := range map[string]map[string]string{
				"move":   {"_sent/1001/a.txt": "another", "_sent/1001/a.1001.txt": "a"},
				"delete": {"_sent/1001/a.txt": "another"},
			} {
				t.Run(point+"/"+what, func(t *testing.T) {
					t.Parallel()
					o := newOffice(t, bloxstest.Options{}, after(what)...)
					newRemote(o, o.root, option)
					o.write("_sent/1001/a.txt", "another")
					o.write("1001/a.txt", "a")
					o.diesFiling(point)
					if now := o.files(); maps.Equal(now, want) {
						t.Errorf("it died too late: %q", now)
					}
					o.start()
					o.untilStands(want)
					o.judgeOne(sums, "a")
				})
			}
		}
	})
	sums.print(t, "share through FUSE: killed in the midst of a move or a deletion")
}

// TestFilingDiesPuttingBack has somebody change the file while nothing runs: it
// comes back to its place, and is sent as what it is now.
func TestFilingDiesPuttingBack(t *testing.T) {
	t.Parallel()
	o := newOffice(t, bloxstest.Options{}, after("move")...)
	o.write("1001/a.txt", "a")
	o.diesFiling("renamed")
	o.write("_sent/1001/a.txt", "changed")
	o.diesFiling("put back")
	if now := o.files(); !maps.Equal(now, map[string]string{"1001/a.txt": "changed"}) {
		t.Fatalf("it is not put back: %q", now)
	}
	o.start()
	o.untilStands(map[string]string{"_sent/1001/a.txt": "changed"})
	sums := &tally{}
	o.judgeOne(sums, "a", "changed")
	sums.print(t, "killed where a file that was changed meanwhile is put back")
}

// judgeOne judges by the contents that person 1001 has had.
func (o *office) judgeOne(sums *tally, contents ...string) {
	o.t.Helper()
	b := newBooks()
	for _, text := range contents {
		b.owe(delivery{"1001", sum([]byte(text))})
	}
	o.judge(sums, b, once)
	if left, err := filepath.Glob(filepath.Join(o.root, "*", ".bloxdrop-*")); err != nil || left != nil {
		o.t.Errorf("%q is left (%v)", left, err)
	}
	sums.mu.Lock()
	defer sums.mu.Unlock()
	sums.runs++
}
