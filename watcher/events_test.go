//go:build linux

package watcher

import (
	"bytes"
	"log/slog"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"

	"bloxdrop/internal/testfs"

	"github.com/fsnotify/fsnotify"
)

// Another folder that comes under the same name between two scans is a new one.
func TestAFolderThatIsReplaced(t *testing.T) {
	t.Parallel()
	b := newBench(t, nil)
	b.write("1/sub/f", "f")
	b.write("../new/deep/g", "g")
	b.Start(t.Context())
	b.settled()
	b.rename("1/sub", "../old")
	b.rename("../new", "1/sub")
	b.untilPlaces("1/sub/deep/g")
	b.write("1/sub/h", "h")
	b.untilPlaces("1/sub/deep/g", "1/sub/h")
}

func TestAnyEventErrorMeansAFullRescan(t *testing.T) {
	t.Parallel()
	dirty := newDirtySet()
	e, err := openEvents(t.TempDir(), dirty, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	e.fs.Errors <- fsnotify.ErrEventOverflow
	e.close()
	if _, all := dirty.take(); !all || !e.broken.Load() {
		t.Error("the error was not noted")
	}

	b := newBench(t, nil)
	b.Start(t.Context())
	b.settled()
	before := b.Status()[0].LastRescan
	b.roots[0].dirty.markAll()
	b.until("a full rescan", func() bool { return b.Status()[0].LastRescan.After(before) })
	b.write("1/f", "x")
	b.untilPlaces("1/f")
}

// The watch limit is lowered in a user namespace, where nobody else notices.
func TestTheWatchLimit(t *testing.T) {
	const limit = "/proc/sys/user/max_inotify_watches"
	if os.Getenv("WATCHER_LIMITED") == "" {
		t.Parallel()
		cmd := exec.Command(os.Args[0], "-test.run=^TestTheWatchLimit$", "-test.v")
		cmd.Env = append(os.Environ(), "WATCHER_LIMITED=1")
		ids := func(id int) []syscall.SysProcIDMap {
			return []syscall.SysProcIDMap{{ContainerID: 0, HostID: id, Size: 1}}
		}
		cmd.SysProcAttr = &syscall.SysProcAttr{
			Cloneflags:  syscall.CLONE_NEWUSER,
			UidMappings: ids(os.Getuid()), GidMappings: ids(os.Getgid()),
		}
		out, err := cmd.CombinedOutput()
		switch {
		case err != nil && len(out) == 0, bytes.Contains(out, []byte("--- SKIP")):
			t.Skip("no user namespaces here: ", err)
		case err != nil:
			t.Errorf("%v\n%s", err, out)
		}
		return
	}
	if err := os.WriteFile(limit, []byte("5"), 0); err != nil {
		t.Skip(err)
	}
	var log testfs.Log
	b := newBench(t, func(o *Options) { often(o); o.Log = slog.New(slog.NewTextHandler(&log, nil)) })
	for _, dir := range strings.Fields("1 2 3 4 5 6 7 8") {
		b.write(dir+"/f", dir)
	}
	b.Start(t.Context())
	b.settled()
	if s := b.Status()[0]; s.Events {
		t.Errorf("status %+v", s)
	}
	for _, dir := range strings.Fields("1 2 3 4 5 6 7 8") {
		b.write(dir+"/g", dir)
	}
	b.until("rescans find the others", func() bool { return len(b.q.rels()) == 16 })
	if n := strings.Count(log.String(), "fs.inotify.max_user_watches"); n != 1 {
		t.Errorf("the remedy was logged %d times:\n%s", n, log.String())
	}
}
