package watcher

import (
	"context"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/bmatcuk/doublestar/v4"

	"bloxdrop/internal/await"
	"bloxdrop/internal/layout"

	"bloxdrop/internal/testfs"
)

// clutter fills a root with one of everything. Windows has no pipes in folders,
// and may lack links.
func (b *bench) clutter() (links, pipes bool) {
	b.t.Helper()
	b.write("1 - Jansen/letter.txt", "dear")
	b.write("1 - Jansen/deep/er/letter.txt", "dear")
	b.write("1 - Jansen/empty.txt", "")
	b.write("1 - Jansen/.hidden", "x")
	b.write("1 - Jansen/.git/objects/a", "x")
	b.write("1 - Jansen/Copy.BAK", "x")
	b.write("1 - Jansen/THUMBS.DB", "x")
	b.write("archive/2020/old.txt", "x")
	b.write("New folder/lost.txt", "x")
	b.write("top.txt", "x")
	b.write("_sent/1 - Jansen/letter.txt", "x") // ours count as nothing
	b.write(".bloxdrop", "{}")
	if links = testfs.MayLink(b.t); links {
		for name, to := range map[string]string{"link": "letter.txt", "out": "/etc", "nowhere": "/no/such"} {
			testfs.Link(b.t, to, filepath.Join(b.dir, "1 - Jansen", name))
		}
	}
	if pipes = runtime.GOOS != "windows"; pipes {
		pipe(b.t, filepath.Join(b.dir, "1 - Jansen/pipe"))
	}
	return links, pipes
}

func withPatterns(o *Options) { o.Roots[0].Ignore = []string{"*.bak", "archive/**"} }

func TestClassify(t *testing.T) {
	t.Parallel()
	b := newBench(t, withPatterns)
	links, pipes := b.clutter()
	type row struct {
		path   string
		kind   Kind
		reason string
	}
	rows := []row{
		{"1 - Jansen/letter.txt", Personal, ""},
		{"1 - Jansen/deep/er/letter.txt", Personal, ""},
		{"1 - Jansen/empty.txt", Personal, ""},
		{"1 - Jansen/.hidden", Ignored, ".*"},
		{"1 - Jansen/.git/objects/a", Ignored, ".*"},
		{"1 - Jansen/.git", Ignored, ".*"},
		{"_sent", Own, ""},
		{"_sent/1 - Jansen/letter.txt", Own, ""},
		{".bloxdrop", Own, ""},
		{"1 - Jansen/.bloxdrop-0123", Own, ""},
		{"1 - Jansen/Copy.BAK", Ignored, "*.bak"},
		{"1 - Jansen/THUMBS.DB", Ignored, "Thumbs.db"},
		{"archive/2020/old.txt", Ignored, "archive/**"},
		{"New folder/lost.txt", Unmatched, "New folder"},
		{"top.txt", Unmatched, ""},
		{"1 - Jansen", Folder, ""},
		{"", Folder, "root"},
		{"1 - Jansen/none", Missing, "does not exist"},
		{"1 - Jansen/letter.txt/below", Missing, ""},
		{"../else", Outside, ""},
		{"../root-2/f", Outside, ""},
	}
	if links {
		rows = append(rows, row{"1 - Jansen/link", Irregular, "a link"}, row{"1 - Jansen/nowhere", Irregular, "a link"},
			row{"1 - Jansen/out/passwd", Irregular, "which is a link"})
	}
	if pipes {
		rows = append(rows, row{"1 - Jansen/pipe", Irregular, "not a regular file"}, row{"1 - Jansen/letter.txt/below", Missing, "not a directory"})
	}
	for _, tt := range rows {
		c := b.Classify(filepath.Join(b.dir, tt.path))
		if c.Kind != tt.kind || !strings.Contains(c.Reason, tt.reason) || c.Kind == Ignored && c.Reason != tt.reason {
			t.Errorf("%s: %s, %q; want %s, %q", tt.path, c.Kind, c.Reason, tt.kind, tt.reason)
		}
		if c.Kind == Personal && (c.Person.ID != "1" || c.Person.Name != "Jansen" || c.Rel != tt.path || c.Root != b.dir) {
			t.Errorf("%s: %+v", tt.path, c)
		}
	}
	if !links {
		return
	}
	testfs.Link(t, b.dir, b.dir+"-link")
	if c := b.Classify(b.dir + "-link/1 - Jansen/letter.txt"); c.Kind != Personal || c.Rel != "1 - Jansen/letter.txt" {
		t.Errorf("through a link: %+v", c)
	}
}

// Every file is in exactly one of settling, unmatched, ignored, or a place.
func TestTheCountsAddUp(t *testing.T) {
	t.Parallel()
	b := newBench(t, func(o *Options) { withPatterns(o); often(o) })
	b.clutter()
	b.Start(t.Context())
	b.settled()
	b.wantSum()

	b.rename("1 - Jansen/letter.txt", "New folder/letter.txt") // a place becomes unmatched
	b.rename("1 - Jansen/.git", "1 - Jansen/git")              // an ignored folder becomes a person's
	b.rename("archive/2020", "1 - Jansen/2020")
	b.rename("1 - Jansen/deep", "1 - Jansen/.deep") // and the other way round
	b.write("1 - Jansen/empty.txt", "no more")
	b.until("all is settled", func() bool {
		s := b.Status()[0]
		return s.Settling == 0 && s.Unmatched == 3 && len(b.q.rels()) == 3
	})
	b.rescan() // one that ran during the renames may have seen both names
	b.wantPlaces("1 - Jansen/2020/old.txt", "1 - Jansen/empty.txt", "1 - Jansen/git/objects/a")
	b.wantSum()
}

// wantSum compares the counts with what stands in the root, and with Walk.
func (b *bench) wantSum() {
	b.t.Helper()
	files := 0
	err := filepath.WalkDir(b.dir, func(path string, d fs.DirEntry, err error) error {
		if b.Classify(path).Kind == Own {
			return nil
		}
		if err == nil && !d.IsDir() {
			files++
		}
		return err
	})
	if err != nil {
		b.t.Fatal(err)
	}
	s := b.Status()[0]
	if sum := s.Settling + s.Unmatched + s.Ignored + len(b.q.rels()) - s.Resettling; sum != files {
		b.t.Errorf("%d files, but the sum of %+v and %d places is %d", files, s, len(b.q.rels()), sum)
	}
	kinds := map[Kind]int{}
	err = b.Walk(context.Background(), func(c Class) error {
		kinds[c.Kind]++
		if want := b.Classify(filepath.Join(b.dir, c.Rel)); want.Kind != c.Kind || want.Reason != c.Reason {
			return fmt.Errorf("Walk says %+v, Classify %+v", c, want)
		}
		return nil
	})
	if err != nil {
		b.t.Error(err)
	}
	if kinds[Unmatched] != s.Unmatched || kinds[Ignored]+kinds[Irregular]+kinds[Copied] != s.Ignored {
		b.t.Errorf("Walk: %v, status %+v", kinds, s)
	}
}

// What was a place and is ignored or unmatched after a restart is none any more.
func TestPlacesThatAreNoneAnyMore(t *testing.T) {
	t.Parallel()
	b := newBench(t, func(o *Options) { o.NoEvents = true })
	b.write("1/a.bak", "x")
	b.write("1/b.txt", "x")
	b.write("1/drafts/c.txt", "x")
	b.write("2 - Jansen/d.txt", "x")
	b.Start(t.Context())
	b.settled()
	b.wantPlaces("1/a.bak", "1/b.txt", "1/drafts/c.txt", "2 - Jansen/d.txt")
	b.Stop()
	b.opts.Roots[0].Ignore = []string{"*.bak", "drafts"}
	b.renew()
	b.Start(t.Context())
	b.settled()
	b.wantPlaces("1/b.txt", "2 - Jansen/d.txt")
	b.wantSum()
	b.Stop()
	pattern, err := layout.Parse("{reference} - {name}")
	if err != nil {
		t.Fatal(err)
	}
	b.opts.Roots[0].Layout = pattern
	b.renew()
	b.Start(t.Context())
	b.settled()
	b.wantPlaces("2 - Jansen/d.txt")
	b.wantSum()
}

func TestIgnoreRefusesWhatItCannotUnderstand(t *testing.T) {
	for _, text := range []string{"", "/", "[", "{a"} {
		if _, err := newIgnore([]string{text}); err == nil {
			t.Errorf("%q was taken", text)
		}
	}
}

// The short ways for simple patterns say what the glob matcher says.
func FuzzIgnore(f *testing.F) {
	for _, text := range builtin() {
		f.Add(text, "~$Letter.tmp")
	}
	f.Add("a*b", "ab")
	f.Add("*", "x")
	f.Add("x/**/y", "y")
	f.Add(`\*`, "*")
	f.Fuzz(func(t *testing.T, text, name string) {
		ig, err := newIgnore([]string{text})
		if err != nil || strings.ContainsRune(name, '/') || name == "" {
			return
		}
		p := append(ig.names, ig.paths...)[len(ig.names)+len(ig.paths)-1]
		glob := strings.ToLower(strings.Trim(text, "/"))
		want, err := doublestar.Match(glob, strings.ToLower(name))
		if err != nil {
			t.Fatalf("%q was taken: %v", text, err)
		}
		if got := p.match(strings.ToLower(name)); got != want {
			t.Errorf("%q matches %q: %v, the glob says %v", text, name, got, want)
		}
	})
}

// A root that hangs, here for want of a ledger's answer, stops no other root
// and not Stop.
func TestAHungRootStopsNoOther(t *testing.T) {
	t.Parallel()
	free := make(chan struct{})
	var hung *hungQueue
	b := newBench(t, func(o *Options) {
		o.NoEvents = true
		other := o.Roots[0]
		other.Path += "-hung"
		if err := os.MkdirAll(other.Path, 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(other.Path, "top"), nil, 0o644); err != nil {
			t.Fatal(err)
		}
		o.Roots = append(o.Roots, other)
		hung = &hungQueue{Queue: o.Queue, root: other.Path, free: free}
		o.Queue = hung
	})
	t.Cleanup(func() { close(free); b.running.Wait() })
	b.write("1/f", "x")
	b.Start(t.Context())
	b.untilPlaces("1/f")
	began := time.Now()
	b.Stop()
	if took := time.Since(began); took > 2*await.Patience {
		t.Errorf("Stop took %v", took)
	}
	b.Stop()
	if s := b.Status(); len(s) != 2 || !s[0].Online {
		t.Errorf("status %+v", s)
	}
}

type hungQueue struct {
	Queue
	root string
	free chan struct{}
}

func (q *hungQueue) Places(root, dir string) (int, []string, error) {
	if root == q.root {
		<-q.free
	}
	return q.Queue.Places(root, dir)
}
