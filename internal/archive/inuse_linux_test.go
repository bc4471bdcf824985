package archive

import (
	"errors"
	"os"
	"testing"

	"golang.org/x/sys/unix"
)

// A file that somebody writes to is left, also if that begins in the last moment.
func TestInUse(t *testing.T) {
	for _, remove := range []bool{false, true} {
		b := newBench(t, t.TempDir())
		b.opts.Roots[0].Delete = remove
		b.leavesOpen("1001/a.txt", "a")

		opened := false
		b.opts.step = func(what string) error {
			if what == "renamed" && !opened {
				opened = true
				for rel := range b.tree() {
					if _, err := os.OpenFile(b.path(rel), os.O_WRONLY|unix.O_NONBLOCK, 0); !errors.Is(err, unix.EWOULDBLOCK) {
						t.Errorf("somebody can write to %s: %v", rel, err)
					}
				}
			}
			return nil
		}
		b.pass()
		b.stands("1001/a.txt", "a")
		b.noNotes()
		b.offer("1001/a.txt")
		b.pass()
		if remove {
			b.stands()
		} else {
			b.stands("_sent/1001/a.txt", "a")
		}
	}
}

// What takes the place of the file in the last moment is not deleted for it.
func TestReplacedBeforeItIsDeleted(t *testing.T) {
	b := newBench(t, t.TempDir())
	b.opts.Roots[0].Delete = true
	b.sent("1001/a.txt", "a")
	b.opts.step = func(what string) error {
		if what == "verified" {
			aside := b.note().To
			b.must(os.Rename(b.path(aside), b.path("1001/away.txt")))
			b.write(aside, "another")
		}
		return nil
	}
	b.pass()
	b.opts.step = nil
	b.pass() // which puts it back, since it is none of ours
	b.stands("1001/a.txt", "another", "1001/away.txt", "a")
	b.noNotes()
}

// A share that can't be written is told of, and tried again.
func TestReadOnly(t *testing.T) {
	b := newBench(t, t.TempDir())
	b.sent("1001/a.txt", "a", "1001/b.txt", "b", "1002/c.txt", "c")
	if err := unix.Mount(b.root, b.root, "", unix.MS_BIND, ""); err != nil {
		t.Skipf("no right to mount here: %v", err)
	}
	defer unix.Unmount(b.root, unix.MNT_DETACH)
	b.must(unix.Mount("", b.root, "", unix.MS_REMOUNT|unix.MS_BIND|unix.MS_RDONLY, ""))
	a := b.archive()
	a.Finish(t.Context())
	got := a.Troubles()
	if len(got) != 1 || got[0].Files != 1 || !got[0].More || got[0].Reason != "read-only file system" {
		t.Fatalf("%+v", got)
	}
	b.must(unix.Mount("", b.root, "", unix.MS_REMOUNT|unix.MS_BIND, ""))
	a.Finish(t.Context())
	b.stands("_sent/1001/a.txt", "a", "_sent/1001/b.txt", "b", "_sent/1002/c.txt", "c")
	b.noNotes()
	if len(a.Troubles()) > 0 {
		t.Fatalf("%+v", a.Troubles())
	}
}
