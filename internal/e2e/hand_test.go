package e2e

import (
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"time"
)

// byHand does what a colleague does. Windows refuses some of it for as long as
// somebody has the file open; then she tries again.
func (o *office) byHand(do func() error) {
	o.t.Helper()
	err := do()
	for deadline := time.Now().Add(patience); err != nil && runtime.GOOS == "windows" && time.Now().Before(deadline); err = do() {
		time.Sleep(20 * time.Millisecond)
	}
	o.must(err)
}

func (o *office) rename(from, to string) {
	o.t.Helper()
	o.byHand(func() error { return os.Rename(from, to) })
}

func (o *office) remove(path string) {
	o.t.Helper()
	o.byHand(func() error { return os.Remove(path) })
}

func (o *office) removeAll(path string) {
	o.t.Helper()
	o.byHand(func() error { return os.RemoveAll(path) })
}

func (o *office) write(rel, content string) string {
	o.t.Helper()
	path := filepath.Join(o.root, filepath.FromSlash(rel))
	put(o, path, content)
	return path
}

func put(o *office, path, content string) {
	o.t.Helper()
	o.must(os.MkdirAll(filepath.Dir(path), 0o755))
	o.byHand(func() error { return os.WriteFile(path, []byte(content), 0o644) })
}

// drop puts n files into the folders of ten persons.
func (o *office) drop(n int) {
	o.t.Helper()
	for i := range n {
		o.write(fmt.Sprintf("%d - Jansen/file %d.txt", 1001+i%10, i), fmt.Sprint("content ", i))
	}
}

// age makes files look an hour old that aren't, since one that has just
// changed is hashed, and counts as settling, once more.
func (o *office) age() {
	o.t.Helper()
	past := time.Now().Add(-time.Hour)
	o.must(filepath.WalkDir(o.root, func(path string, d os.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		if info, err := d.Info(); err != nil || info.ModTime().Before(past.Add(time.Minute)) {
			return err
		}
		return os.Chtimes(path, past, past)
	}))
}
