package watcher

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"bloxdrop/store"
)

// BenchmarkRescan rescans 20,000 unchanged files of 100 persons, and shows
// what find needs for the same.
func BenchmarkRescan(b *testing.B) {
	const persons, files = 100, 200
	q := unchangedQueue{}
	w := newBench(b, func(o *Options) { o.NoEvents = true })
	for i := range persons {
		dir := fmt.Sprintf("%d - Somebody", 1000+i)
		w.mkdir(dir)
		for j := range files {
			rel := fmt.Sprintf("%s/document %d.pdf", dir, j)
			if err := os.WriteFile(filepath.Join(w.dir, rel), []byte("x"), 0o644); err != nil {
				b.Fatal(err)
			}
			look, _, err := store.LookAt(filepath.Join(w.dir, rel))
			if err != nil {
				b.Fatal(err)
			}
			q.add(dir, filepath.Base(rel), look)
		}
	}
	r := w.roots[0]
	r.queue = q
	r.scan(b.Context(), true)
	b.ReportAllocs()
	for b.Loop() {
		r.scan(b.Context(), true)
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/(persons*files), "ns/file")
	began := time.Now()
	if err := exec.Command("find", w.dir, "-type", "f", "-printf", "%s%T@").Run(); err == nil {
		b.ReportMetric(float64(time.Since(began).Nanoseconds())/(persons*files), "find-ns/file")
	}
	if n, _, _ := r.set.counts(); n != 0 {
		b.Fatalf("%d files settle", n)
	}
}

// unchangedQueue knows all files, by folder and name, and answers fast.
type unchangedQueue map[string]map[string]store.Known

func (q unchangedQueue) add(dir, name string, look store.Look) {
	if q[dir] == nil {
		q[dir] = map[string]store.Known{}
	}
	q[dir][name] = store.Known{Found: true, Look: look}
}

func (q unchangedQueue) Known(_, dir string, names []string) ([]store.Known, error) {
	all := make([]store.Known, len(names))
	for i, name := range names {
		all[i] = q[dir][name]
	}
	return all, nil
}

func (q unchangedQueue) Places(_, dir string) (int, []string, error) { return len(q[dir]), nil, nil }
func (q unchangedQueue) Files(string, string) ([]string, error)      { return nil, nil }
func (q unchangedQueue) Offer([]store.Offer) error                   { return nil }
func (q unchangedQueue) Gone(string, []string) error                 { return nil }
func (q unchangedQueue) Baseline(string) (store.Baseline, error)     { return store.NoBaseline, nil }
func (q unchangedQueue) TakeBaseline(string, func(func([]store.BaselineFile) error) error) (int, error) {
	return 0, nil
}
func (q unchangedQueue) Skip(_ string, files []store.Found) ([]bool, error) {
	return make([]bool, len(files)), nil
}
func (q unchangedQueue) GoneBelow(string, string) error { return nil }
