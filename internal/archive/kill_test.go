package archive

import (
	"fmt"
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"bloxdrop/store"
)

// fileSystem is the temporary folder's for the best way, and tmpfs for the
// others, where there is one.
func fileSystem(t *testing.T, way string) string {
	dir, err := os.MkdirTemp("/dev/shm", "bloxdrop-archive")
	if err != nil || way == "best" {
		return t.TempDir()
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	return dir
}

// scene is what people do meanwhile, at a step.
type scene struct {
	at   map[string]string // step -> content of the file that is put at the path then
	lost bool              // they themselves put it over the lease, of which nothing need be left
}

func scenes() map[string]scene {
	return map[string]scene{
		"quiet":          {},
		"made anew":      {at: map[string]string{"renamed": "the next lease"}},
		"replaced":       {at: map[string]string{untilOpened: "the next lease"}, lost: true},
		"in between":     {at: map[string]string{"linked": "the next lease", "kept free": "the next lease"}, lost: true},
		"replaced twice": {at: map[string]string{untilOpened: "the next lease", "renamed": "the one after"}, lost: true},
	}
}

// TestKillAtEachStep: wherever a kill comes, no file is lost, none is written
// over, and the next start finishes.
func TestKillAtEachStep(t *testing.T) {
	steps := map[string]bool{}
	for way, rename := range renamers() {
		if way == "by path" {
			continue // one step, like the best
		}
		dir := fileSystem(t, way)
		for _, do := range []string{"move", "delete"} {
			for name, s := range scenes() {
				t.Run(strings.Join([]string{way, do, name}, "/"), func(t *testing.T) {
					for n := 1; ; n++ {
						at := killedAt(t, filepath.Join(dir, do, name, fmt.Sprint(n)), rename, do == "delete", s, n)
						if at == "" {
							break
						}
						steps[at] = true
					}
				})
			}
		}
	}
	want := append(stepsHere(), "deleted", "ended", "foldered", "noted", "renamed", "verified")
	slices.Sort(want)
	if got := slices.Sorted(maps.Keys(steps)); !slices.Equal(got, want) {
		t.Errorf("killed at %q, want %q", got, want)
	}
}

// killedAt kills at the n-th step and names it; "" when there are not so many.
func killedAt(t *testing.T, dir string, way renamer, remove bool, s scene, n int) (killed string) {
	b := newBench(t, dir)
	b.opts.rename, b.opts.Roots[0].Delete = way, remove
	b.sent("1001/lease.pdf", "lease")
	b.write("_sent/1001/lease.pdf", "last year's")
	wrote := map[string]bool{}
	steps := 0
	b.opts.step = func(what string) error {
		if text := s.at[what]; text != "" && !wrote[text] {
			wrote[text] = true
			b.write("1001/~$new", text)
			b.must(os.Rename(b.path("1001/~$new"), b.path("1001/lease.pdf"))) // as office programs save
		}
		if steps++; steps == n {
			killed = what
			return errKilled
		}
		return nil
	}
	b.pass()
	b.killed()
	b.opts.step = nil
	for range 3 {
		b.pass()
		for rel := range b.tree() {
			if name := path.Base(rel); strings.HasPrefix(rel, "1001/") && name[0] != '.' {
				b.offer(rel) // as a rescan does
			}
		}
	}
	b.noNotes()
	b.concluded(killed, remove, s.lost && len(wrote) > 0, wrote)
	return killed
}

// concluded compares what is there with what has to be.
func (b *bench) concluded(killed string, remove, lost bool, wrote map[string]bool) {
	b.t.Helper()
	tree := b.tree()
	fault := func(what string) {
		b.t.Helper()
		b.t.Fatalf("killed at %q: %s: %q", killed, what, tree)
	}
	for rel, content := range tree {
		switch {
		case rel == "_sent/1001/lease.pdf" && content == "last year's":
		case rel == "_sent/1001/lease.4711.pdf" && content == "lease" && !remove:
		case path.Dir(rel) == "1001" && path.Base(rel)[0] != '.' && wrote[content]:
			delete(wrote, content)
		default:
			fault("too much is there, such as " + rel)
		}
	}
	if len(wrote) > 0 || tree["_sent/1001/lease.pdf"] == "" {
		fault("something is lost")
	}
	if moved := tree["_sent/1001/lease.4711.pdf"] != ""; !moved && !remove && !lost {
		fault("it was not finished")
	}
}

// What a file system has no way for is done the next best way.
func TestNextBestRename(t *testing.T) {
	for way, rename := range renamers() {
		t.Run(way, func(t *testing.T) {
			b := newBench(t, t.TempDir())
			b.opts.rename = rename
			b.sent("1001/a.txt", "a", "1001/b.txt", "b")
			b.opts.step = func(what string) error {
				if what == "foldered" { // somebody takes the name in the last moment
					b.write("_sent/1001/a.txt", "another")
				}
				return nil
			}
			b.pass()
			b.opts.step = nil
			b.pass()
			b.stands("_sent/1001/a.txt", "another", "_sent/1001/a.4711.txt", "a", "_sent/1001/b.txt", "b")
			b.noNotes()
		})
	}
}

// diesAt ends a pass behind a step, and goes on as after a kill.
func (b *bench) diesAt(step string) {
	b.t.Helper()
	b.opts.step = func(what string) error {
		if what == step {
			return errKilled
		}
		return nil
	}
	b.pass()
	b.killed()
	b.opts.step = nil
}

// A file that comes to stand where a noted one was to go is somebody's.
func TestTakenWhileDead(t *testing.T) {
	b := newBench(t, t.TempDir())
	b.sent("1001/lease.pdf", "lease")
	b.diesAt("foldered")
	b.write("_sent/1001/lease.pdf", "another")
	b.pass()
	b.stands("_sent/1001/lease.pdf", "another", "_sent/1001/lease.4711.pdf", "lease")
	b.noNotes()
}

// TestTwoIdentities: where two names of one file look like two files, a kill
// between the two steps of a rename leaves what a copy looks like.
func TestTwoIdentities(t *testing.T) {
	for _, remove := range []bool{false, true} {
		for _, same := range []bool{true, false} {
			b := newBench(t, t.TempDir())
			b.opts.Roots[0].Delete = remove
			b.sent("1001/lease.pdf", "lease")
			b.diesAt("foldered")
			to := b.note().To
			want := map[string]string{to: "other"} // as long as the first, and of the same time
			if same {
				b.write(to, "lease")
				delete(want, to)
			} else {
				b.write(to, "other")
			}
			info, err := os.Stat(b.path("1001/lease.pdf"))
			b.must(err)
			b.must(os.Chtimes(b.path(to), info.ModTime(), info.ModTime()))
			b.pass()
			if !remove {
				want[map[bool]string{true: "_sent/1001/lease.pdf", false: "_sent/1001/lease.4711.pdf"}[same]] = "lease"
			}
			if got := b.tree(); !maps.Equal(got, want) {
				t.Errorf("delete %v, same %v: there is %q, want %q", remove, same, got, want)
			}
			b.noNotes()
		}
	}
}

// A note that outlives its reason is undone.
func TestNobodyWantsItDeletedAnyMore(t *testing.T) {
	b := newBench(t, t.TempDir())
	b.opts.Roots[0].Delete = true
	b.sent("1001/lease.pdf", "lease")
	b.diesAt("verified")
	if names := b.tree(); names["1001/lease.pdf"] != "" || len(names) != 1 {
		t.Fatalf("%q", names)
	}
	b.opts.Roots[0].Delete = false
	b.pass()
	b.stands("1001/lease.pdf", "lease")
	b.noNotes()
	b.offer("1001/lease.pdf")
	b.pass()
	b.stands("_sent/1001/lease.pdf", "lease")
}

// A second upload that was ordered while a file lay aside needs the file: it is
// put back, and not deleted.
func TestOrderedAgainMeanwhile(t *testing.T) {
	for _, remove := range []bool{false, true} {
		b := newBench(t, t.TempDir())
		b.opts.Roots[0].Delete = remove
		b.sent("1001/lease.pdf", "lease")
		b.diesAt("renamed")
		b.must(b.store.SendAgain(b.note().Item.ID))
		b.pass()
		b.stands("1001/lease.pdf", "lease")
		b.noNotes()
		if it := b.at("1001/lease.pdf"); it.State != store.Waiting {
			t.Fatalf("%+v", it)
		}
	}
}

// An empty folder may be what a share was mounted on, so that nothing is
// concluded from it.
func TestUnmountedMeanwhile(t *testing.T) {
	b := newBench(t, t.TempDir())
	b.opts.Roots[0].Delete = true
	b.sent("1001/lease.pdf", "lease")
	b.diesAt("verified")
	b.must(os.Rename(b.root, b.root+" away"))
	b.must(os.Mkdir(b.root, 0o755))
	b.pass()
	b.must(os.Remove(b.root))
	b.pass()
	b.must(os.Rename(b.root+" away", b.root))
	b.pass()
	b.stands()
	b.noNotes()
}
