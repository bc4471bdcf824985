package archive

import (
	"errors"
	"os"
	"testing"

	"golang.org/x/sys/windows"

	"bloxdrop/store"
)

// A file that somebody writes to is left, and nobody begins to while it is moved.
func TestInUse(t *testing.T) {
	for _, remove := range []bool{false, true} {
		b := newBench(t, t.TempDir())
		b.opts.Roots[0].Delete = remove
		b.leavesOpen("1001/a.txt", "a")

		it, refused := b.at("1001/a.txt"), 0
		b.opts.step = func(what string) error {
			if what == "renamed" {
				for _, rel := range []string{"_sent/1001/a.txt", "1001/" + Aside + string(it.ID) + "-0"} {
					if f, err := os.OpenFile(b.path(rel), os.O_WRONLY, 0); err == nil {
						f.Close()
						t.Errorf("somebody can write to %s", rel)
					} else if errors.Is(err, windows.ERROR_SHARING_VIOLATION) {
						refused++
					}
				}
			}
			return nil
		}
		b.pass()
		if remove {
			b.stands()
		} else {
			b.stands("_sent/1001/a.txt", "a")
		}
		b.noNotes()
		if refused != 1 {
			t.Errorf("writers were refused %d times", refused)
		}
	}
}

// A reader keeps nobody from moving it.
func TestReaderIsNoHindrance(t *testing.T) {
	b := newBench(t, t.TempDir())
	b.sent("1001/a.txt", "a")
	root, err := os.OpenRoot(b.root)
	b.must(err)
	f, err := root.Open("1001/a.txt") // shares everything, as the uploader does
	b.must(err)
	b.pass()
	b.stands("_sent/1001/a.txt", "a")
	b.must(f.Close())
	b.must(root.Close())
}

// What is marked as read-only is moved and deleted like any other file.
func TestReadOnly(t *testing.T) {
	for _, remove := range []bool{false, true} {
		b := newBench(t, t.TempDir())
		b.opts.Roots[0].Delete = remove
		b.write("1001/a.txt", "a")
		b.must(os.Chmod(b.path("1001/a.txt"), 0o400))
		b.offer("1001/a.txt")
		it := b.at("1001/a.txt")
		b.must(b.store.OpenGate(it.ID, store.Place{Root: b.root, Rel: "1001/a.txt"}))
		b.must(b.store.Receipt(it.ID, 4711))
		b.pass()
		if remove {
			b.stands()
		} else {
			b.stands("_sent/1001/a.txt", "a")
		}
		b.noNotes()
	}
}
