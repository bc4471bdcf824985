//go:build windows

package watcher

import (
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/windows"

	"bloxdrop/store"
)

// open opens a file as another program does, until the test ends or it is closed.
func (b *bench) open(rel string, access, share uint32) (done func()) {
	b.t.Helper()
	h, err := openHandle(filepath.Join(b.dir, filepath.FromSlash(rel)), access, share, windows.FILE_FLAG_BACKUP_SEMANTICS)
	if err != nil {
		b.t.Fatal(err)
	}
	open := true
	done = func() {
		if open {
			open = false
			_ = windows.CloseHandle(h)
		}
	}
	b.t.Cleanup(done)
	return done
}

func (b *bench) untilWhy(rel, why string) {
	b.t.Helper()
	b.until(rel+": "+why, func() bool {
		s, ok := b.roots[0].set.get(rel)
		return ok && strings.Contains(s.Why, why)
	})
}

// A copy that pauses longer than the settle time keeps the file open for writing.
func TestAFileThatIsOpenForWritingIsNotWhole(t *testing.T) {
	t.Parallel()
	b := newBench(t, nil)
	b.write("1/f", "half")
	b.write("1/g", "nobody may read it")
	b.write("1/h", "a colleague looks at it")
	writer := b.open("1/f", windows.GENERIC_WRITE, shareAll)
	owner := b.open("1/g", windows.GENERIC_READ, 0)
	b.open("1/h", windows.GENERIC_READ, windows.FILE_SHARE_READ)
	b.Start(t.Context())
	b.untilWhy("1/f", "another program has it open")
	b.untilWhy("1/g", "another program has it open")
	b.untilPlaces("1/h")
	writer()
	owner()
	b.untilPlaces("1/f", "1/g", "1/h")
}

// A writer that comes while a file is read is noticed at its end, though the
// file's times may not tell of it yet.
func TestNoWriters(t *testing.T) {
	t.Parallel()
	b := newBench(t, nil)
	b.write("1/f", "x")
	b.write("2/f", "x")
	path := filepath.Join(b.dir, "1", "f")
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if err := noWriters(f, path); err != nil {
		t.Error(err)
	}
	writer := b.open("1/f", windows.GENERIC_WRITE, shareAll)
	if err := noWriters(f, path); !inUse(err) {
		t.Errorf("open for writing: %v", err)
	}
	writer()
	if err := noWriters(f, path); err != nil {
		t.Error(err)
	}
	if err := noWriters(f, filepath.Join(b.dir, "2", "f")); err != errChanged {
		t.Errorf("another file: %v", err)
	}
}

// Folders can be renamed while they are watched and while they are listed.
func TestWatchingKeepsNobodyFromRenaming(t *testing.T) {
	t.Parallel()
	b := newBench(t, nil)
	b.write("1 - Jansen/sub/f", "f")
	b.Start(t.Context())
	b.settled()
	if !b.Status()[0].Events {
		t.Fatal("no events")
	}
	dir, err := openDir(filepath.Join(b.dir, "1 - Jansen"), false)
	if err != nil {
		t.Fatal(err)
	}
	defer dir.Close()
	if _, err := dir.ReadDir(1); err != nil {
		t.Fatal(err)
	}
	b.rename("1 - Jansen", "2 - Jansen")
	b.untilPlaces("2 - Jansen/sub/f")
}

// What a listing tells of a file is what the file itself tells.
func TestListingTellsTheLook(t *testing.T) {
	t.Parallel()
	b := newBench(t, nil)
	const files = 300 // more than a buffer holds
	length := strings.Repeat("of some length ", 10)
	for i := range files {
		b.write(fmt.Sprintf("1/a letter %snumber %d.txt", length, i), strings.Repeat("x", i%7+1))
	}
	b.mkdir("1/folder")
	dir, err := openDir(b.roots[0].path("1"), false)
	if err != nil {
		t.Fatal(err)
	}
	defer dir.Close()
	seen := map[string]bool{}
	for {
		entries, err := dir.ReadDir(1000)
		for _, e := range entries {
			if seen[e.Name()] = true; e.IsDir() {
				continue
			}
			got, regular, bad := lookAt(dir, e)
			want, mode, bad2 := store.LookAt(filepath.Join(b.dir, "1", e.Name()))
			if bad != nil || bad2 != nil || got != want || !regular || !mode.IsRegular() {
				t.Fatalf("%s: listed %+v, looked at %+v (%v, %v)", e.Name(), got, want, bad, bad2)
			}
			if got.Inode == 0 || got.Device == 0 || got.ChangeTime == 0 {
				t.Fatalf("no identity: %+v", got)
			}
			f, bad := os.Open(filepath.Join(b.dir, "1", e.Name()))
			if bad != nil {
				t.Fatal(bad)
			}
			if got, _, bad = store.LookOf(f); got != want || bad != nil {
				t.Fatalf("open %+v, looked at %+v (%v)", got, want, bad)
			}
			f.Close()
		}
		if err != nil {
			break
		}
	}
	if len(seen) != files+1 || !seen["folder"] {
		t.Errorf("%d entries", len(seen))
	}
	if _, err := openDir(b.roots[0].path("1/a letter "+length+"number 1.txt"), false); !isGone(err) {
		t.Errorf("a file opened as a folder: %v", err)
	}
	if _, err := openDir(b.roots[0].path("none"), false); !isMissing(err) {
		t.Errorf("no folder: %v", err)
	}
}

// Paths beyond 260 characters, and names that Windows itself would change.
func TestAwkwardPaths(t *testing.T) {
	t.Parallel()
	b := newBench(t, nil)
	long := "1 - " + strings.Repeat("long name ", 15) + "x/" + strings.Repeat("folder ", 20) + "x/letter.txt"
	if len(long) < 300 {
		t.Fatal(len(long))
	}
	b.write(long, "long")
	b.mkdir("1")
	awkward := []string{"ends in a dot.", "ends in a space ", "aux"}
	for _, name := range awkward {
		h, err := os.OpenFile(store.WindowsPath(filepath.Join(b.dir, "1", name)), os.O_CREATE|os.O_WRONLY, 0o644)
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprint(h, name)
		h.Close()
	}
	b.Start(t.Context())
	b.untilPlaces(long)
	for _, name := range awkward {
		b.untilWhy("1/"+name, "rename it")
	}
	if c := b.Classify(filepath.Join(b.dir, filepath.FromSlash(long))); c.Kind != Personal {
		t.Errorf("%+v", c)
	}
}

// Windows may tell of a change by the names that its author wrote.
func TestChangesByOtherNames(t *testing.T) {
	t.Parallel()
	b := newBench(t, func(o *Options) { o.NoEvents = true })
	b.write("1 - Jansen/sub folder/f", "f")
	b.Start(t.Context())
	b.settled()
	short, err := windows.UTF16PtrFromString(filepath.Join(b.dir, "1 - Jansen", "sub folder"))
	if err != nil {
		t.Fatal(err)
	}
	buf := make([]uint16, windows.MAX_LONG_PATH)
	n, err := windows.GetShortPathName(short, &buf[0], uint32(len(buf)))
	if err != nil {
		t.Fatal(err)
	}
	folder := filepath.ToSlash(windows.UTF16ToString(buf[:n]))
	folder = folder[strings.LastIndexByte(folder, '/')+1:]
	t.Log(folder)
	places := []string{"1 - Jansen/sub folder/f"}
	for i, as := range []string{"1 - JANSEN/SUB folder", "1 - Jansen/" + folder} {
		name := fmt.Sprint("g", i)
		b.write("1 - Jansen/sub folder/"+name, name)
		markChange(b.roots[0].dirty, actionAdded, as+"/"+name)
		places = append(places, "1 - Jansen/sub folder/"+name)
		b.untilPlaces(places...)
	}
}

// More happens than a buffer holds, while nobody can take it.
func TestAnOverflowMeansAFullRescan(t *testing.T) {
	t.Parallel()
	dir, dirty := t.TempDir(), newDirtySet()
	e, err := openEvents(dir, dirty, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	defer e.close()
	dirty.mu.Lock()
	for i := range 600 {
		if err := os.Mkdir(filepath.Join(dir, fmt.Sprint(i, strings.Repeat(" long name", 12))), 0o755); err != nil {
			t.Error(err)
		}
	}
	dirty.mu.Unlock()
	for timeout := time.After(patience()); ; {
		select {
		case <-dirty.wake:
			if _, all := dirty.take(); all {
				if e.broken.Load() {
					t.Error("the events have ended")
				}
				return
			}
		case <-timeout:
			t.Fatal("no full rescan was asked for")
		}
	}
}

func TestAnErrorEndsTheEvents(t *testing.T) {
	t.Parallel()
	dirty := newDirtySet()
	e, err := openEvents(t.TempDir(), dirty, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	if err := windows.CancelIoEx(e.handle, &e.io); err != nil {
		t.Fatal(err)
	}
	select {
	case <-e.done:
	case <-time.After(patience()):
		t.Fatal("the pump goes on")
	}
	if _, all := dirty.take(); !all || !e.broken.Load() {
		t.Error("the error was not noted")
	}
	e.close()
	if _, err := openEvents(filepath.Join(t.TempDir(), "none"), dirty, slog.New(slog.DiscardHandler)); !isMissing(err) {
		t.Errorf("events of nothing: %v", err)
	}
}

// One file has many ways to write its path.
func TestPathsAsPeopleTypeThem(t *testing.T) {
	t.Parallel()
	b := newBench(t, nil)
	b.write("1042 - Jansen/Päper Letter.pdf", "x")
	for _, typed := range []string{
		b.dir + `\1042 - Jansen\Päper Letter.pdf`,
		filepath.ToSlash(b.dir) + `/1042 - Jansen/Päper Letter.pdf`,
		b.dir + `\1042 - JANSEN\päper LETTER.PDF`,
		`\\?\` + b.dir + `\1042 - Jansen\Päper Letter.pdf`,
		strings.ToLower(b.dir) + `\1042 - jansen\.\päper letter.pdf`,
	} {
		c := b.Classify(typed)
		if c.Kind != Personal || c.Rel != "1042 - Jansen/Päper Letter.pdf" || c.Person.Name != "Jansen" {
			t.Errorf("%s: %+v", typed, c)
		}
	}
	for _, typed := range []string{`\1042 - Jansen\Päper Letter.pdf:Zone.Identifier`, `\1042 - Jansen\*`, `\none\x`} {
		if c := b.Classify(b.dir + typed); c.Kind != Missing {
			t.Errorf("%s: %+v", typed, c)
		}
	}
	if c := b.Classify(`\\?\UNC\server\share\x`); c.Kind != Outside {
		t.Errorf("%+v", c)
	}
}
