package archive

import (
	"context"
	"crypto/sha256"
	"errors"
	"io/fs"
	"log/slog"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"bloxdrop/store"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// bench is a root with real files, and a store that knows them as sent.
type bench struct {
	t     testing.TB
	dir   string
	root  string
	store *store.Store
	opts  Options
	ids   int64
}

func newBench(t testing.TB, dir string) *bench {
	t.Helper()
	b := &bench{t: t, dir: dir, root: filepath.Join(dir, "scans"), ids: 4710}
	b.must(os.MkdirAll(b.root, 0o755))
	b.open("store")
	t.Cleanup(func() { _ = b.store.Close() }) // some tests have closed it
	b.opts = Options{Roots: []Root{{Path: b.root}}, Ready: func(string) bool { return true }, Log: slog.New(slog.DiscardHandler)}
	return b
}

func (b *bench) open(name string) {
	b.t.Helper()
	s, err := store.Open(b.t.Context(), store.Options{
		Dir: filepath.Join(b.dir, name), Now: time.Now, Log: slog.New(slog.DiscardHandler),
		DeepCheck: func(_ context.Context, path string) error { return store.CheckLedger(path) },
	})
	b.must(err)
	b.store = s
	b.must(s.AfterUpload(b.root, true))
}

// killed goes on with the store as a kill leaves it: with what is on the disk.
func (b *bench) killed() {
	b.t.Helper()
	name := "killed"
	b.must(os.RemoveAll(filepath.Join(b.dir, name)))
	b.must(os.CopyFS(filepath.Join(b.dir, name), os.DirFS(filepath.Join(b.dir, "store"))))
	b.must(b.store.Close())
	b.must(os.RemoveAll(filepath.Join(b.dir, "store")))
	b.must(os.Rename(filepath.Join(b.dir, name), filepath.Join(b.dir, "store")))
	b.open("store")
}

func (b *bench) must(err error) {
	b.t.Helper()
	if err != nil {
		b.t.Fatal(err)
	}
}

func (b *bench) path(rel string) string { return filepath.Join(b.root, filepath.FromSlash(rel)) }

func (b *bench) write(rel, content string) {
	b.t.Helper()
	b.must(os.MkdirAll(filepath.Dir(b.path(rel)), 0o755))
	b.must(os.WriteFile(b.path(rel), []byte(content), 0o644))
}

// offer lets the ledger know files as the watcher does, and returns the last one's item.
func (b *bench) offer(rels ...string) store.Item {
	b.t.Helper()
	var batch []store.Offer
	for _, rel := range rels {
		content, err := os.ReadFile(b.path(rel))
		b.must(err)
		look, _, err := store.LookAt(b.path(rel))
		b.must(err)
		person, _, _ := strings.Cut(rel, "/")
		batch = append(batch, store.Offer{
			Root: b.root, Rel: rel, Look: look, SHA256: sha256.Sum256(content),
			Person: store.PersonKey{Environment: "https://x", Relation: "persons", Kind: "reference", ID: person},
		})
	}
	b.must(b.store.Offer(batch))
	return b.at(rels[len(rels)-1])
}

func (b *bench) at(rel string) store.Item {
	b.t.Helper()
	it, _, err := b.store.ItemAt(b.root, rel)
	b.must(err)
	return it
}

// sent writes files that Bloxs has; the first has file ID 4711.
func (b *bench) sent(files ...string) {
	b.t.Helper()
	var rels []string
	for i := 0; i < len(files); i += 2 {
		b.write(files[i], files[i+1])
		rels = append(rels, files[i])
	}
	b.offer(rels...)
	var all sync.WaitGroup // so that they share the journal's syncs
	defer all.Wait()
	known := map[store.ItemID]bool{}
	for _, rel := range rels {
		it := b.at(rel)
		if known[it.ID] || it.State == store.Sent {
			continue // a copy
		}
		known[it.ID] = true
		b.ids++
		id := b.ids
		all.Go(func() {
			if err := errors.Join(b.store.OpenGate(it.ID, store.Place{Root: b.root, Rel: rel}), b.store.Receipt(it.ID, id)); err != nil {
				b.t.Error(err)
			}
		})
	}
}

func (b *bench) archive() *Archive {
	b.opts.Store = b.store
	return New(b.opts)
}

func (b *bench) pass() { b.archive().Finish(b.t.Context()) }

// leavesOpen has a pass come past a file that somebody has open to write.
func (b *bench) leavesOpen(rel, content string) {
	b.t.Helper()
	b.sent(rel, content)
	f, err := os.OpenFile(b.path(rel), os.O_WRONLY, 0)
	b.must(err)
	a := b.archive()
	a.Finish(b.t.Context())
	b.stands(rel, content)
	b.noNotes()
	if len(a.Troubles()) > 0 {
		b.t.Errorf("an open file is no trouble: %+v", a.Troubles())
	}
	b.must(f.Close())
}

// tree is every file in the root with its content.
func (b *bench) tree() map[string]string {
	b.t.Helper()
	files := map[string]string{}
	b.must(filepath.WalkDir(b.root, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		content, err := os.ReadFile(path)
		rel, _ := filepath.Rel(b.root, path)
		files[filepath.ToSlash(rel)] = string(content)
		return err
	}))
	return files
}

// stands compares the root with pairs of path and content.
func (b *bench) stands(want ...string) {
	b.t.Helper()
	files := map[string]string{}
	for i := 0; i < len(want); i += 2 {
		files[want[i]] = want[i+1]
	}
	if got := b.tree(); !maps.Equal(got, files) {
		b.t.Fatalf("there is %q, want %q", got, files)
	}
}

// known are the paths that the ledger has as places.
func (b *bench) known() (rels []string) {
	b.t.Helper()
	for rel := range b.tree() {
		if _, _, err := b.store.ItemAt(b.root, rel); err == nil {
			rels = append(rels, rel)
		} else if !errors.Is(err, store.ErrNoItem) {
			b.t.Fatal(err)
		}
	}
	slices.Sort(rels)
	return rels
}

// note is the only one there is.
func (b *bench) note() store.Note {
	b.t.Helper()
	notes, err := b.store.Notes(b.root, 2)
	if err != nil || len(notes) != 1 {
		b.t.Fatalf("notes are %+v, %v", notes, err)
	}
	return notes[0]
}

func (b *bench) noNotes() {
	b.t.Helper()
	if notes, err := b.store.Notes(b.root, 9); err != nil || len(notes) > 0 {
		b.t.Fatalf("notes are left: %+v, %v", notes, err)
	}
}
