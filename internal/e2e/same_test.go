package e2e

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"bloxdrop/internal/bloxs/bloxstest"
)

// TestNothingIsSentTwice does to a folder what an office does in a week. Each
// step says how many uploads it is worth.
func TestNothingIsSentTwice(t *testing.T) {
	t.Parallel()
	o := newOffice(t, bloxstest.Options{})
	at := func(rel string) string { return filepath.Join(o.root, filepath.FromSlash(rel)) }
	rename := func(from, to string) {
		t.Helper()
		o.must(os.MkdirAll(filepath.Dir(at(to)), 0o755))
		o.rename(at(from), at(to))
	}
	o.write("1001 - Jansen/lease.txt", "lease")
	o.write("1001 - Jansen/2026/payslip.txt", "payslip")
	o.write("1002/passport.txt", "passport")
	o.start()
	o.untilAllSent()
	all := []map[string]delivery{o.there()}

	for _, step := range []struct {
		name    string
		uploads int
		do      func()
	}{
		{"restart", 0, func() { o.stop(); o.start() }},
		{"kill -9", 0, func() { o.kill(); o.start() }},
		{"rename of a file", 0, func() { rename("1001 - Jansen/lease.txt", "1001 - Jansen/lease 2026.txt") }},
		{"rename of a folder", 0, func() { rename("1001 - Jansen/2026", "1001 - Jansen/year 2026") }},
		{"rename of a person's folder", 0, func() { rename("1001 - Jansen", "1001 - P. Jansen") }},
		{"move to another folder of the person", 0, func() { rename("1001 - P. Jansen/lease 2026.txt", "1001/lease.txt") }},
		{"copy", 0, func() {
			o.write("1001/copy of lease.txt", "lease")
			o.write("1001 - P. Jansen/lease.txt", "lease")
		}},
		{"touch", 0, func() { now := time.Now(); o.must(os.Chtimes(at("1002/passport.txt"), now, now)) }},
		{"an old date", 0, func() {
			old := time.Date(1999, 12, 31, 23, 59, 0, 0, time.UTC)
			o.must(os.Chtimes(at("1001/lease.txt"), old, old))
		}},
		{"saved again unchanged", 0, func() { o.write("1002/passport.new", "passport"); rename("1002/passport.new", "1002/passport.txt") }},
		{"renamed while it is stopped", 0, func() { o.stop(); rename("1002/passport.txt", "1002/id/passport.txt"); o.start() }},
		{"renamed while it is killed", 0, func() { o.kill(); rename("1002", "1002 - Jansen"); o.start() }},
		{"removed and brought back", 0, func() {
			o.remove(at("1002 - Jansen/id/passport.txt"))
			o.untilAllSent()
			o.write("1002 - Jansen/passport.txt", "passport")
		}},
		{"edit", 1, func() { o.write("1001/lease.txt", "lease, signed") }},
		{"edit undone", 0, func() { o.write("1001/lease.txt", "lease") }},
		{"two identical files at once", 1, func() { o.write("1003/a.txt", "twins"); o.write("1003/b.txt", "twins") }},
		{"the same for another person", 1, func() { o.write("1004/a.txt", "twins") }},
		{"moved to another person", 1, func() { rename("1003/b.txt", "1005/b.txt") }},
	} {
		before := o.bloxs.Uploads.Count()
		step.do()
		o.untilAllSent()
		if n := o.bloxs.Uploads.Count() - before; n != step.uploads {
			t.Errorf("%s: %d uploads, want %d", step.name, n, step.uploads)
		}
		all = append(all, o.there())
	}
	o.storedOnce(all...)
}
