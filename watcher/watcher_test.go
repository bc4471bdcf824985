package watcher

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"bloxdrop/internal/testfs"
	"bloxdrop/store"
)

func needEvents(t *testing.T) {
	if runtime.GOOS != "linux" && runtime.GOOS != "windows" {
		t.Skip("no events here")
	}
}

func TestAFileIsOfferedAsItsPersons(t *testing.T) {
	t.Parallel()
	b := newBench(t, nil)
	b.write("1042 - Jansen/2026/letter.txt", "dear")
	b.write("1043/plain", "x")
	b.write("New folder/lost.txt", "whose?")
	b.write("1042 - Jansen/~$letter.docx", "lock")
	b.write("1042 - Jansen/empty", "")
	b.Start(t.Context())
	b.settled()
	b.wantPlaces("1042 - Jansen/2026/letter.txt", "1043/plain")
	got, _ := b.q.place("1042 - Jansen/2026/letter.txt")
	want := store.PersonKey{Environment: "https://x.bloxs.io", Relation: "persons", Kind: "reference", ID: "1042"}
	if got.Person != want || got.Folder != "Jansen" || got.Root != b.dir || !got.Racy {
		t.Errorf("offered %+v", got)
	}
	if got.SHA256 != sha256.Sum256([]byte("dear")) || got.Look.Size != 4 {
		t.Errorf("content of offer %+v", got)
	}
	s := b.Status()[0]
	if s.Unmatched != 1 || s.Ignored != 1 || s.Settling != 1 || !s.Online {
		t.Errorf("status %+v", s)
	}
}

func TestEventsBringFilesEarly(t *testing.T) {
	t.Parallel()
	needEvents(t)
	b := newBench(t, nil)
	b.mkdir("1")
	b.Start(t.Context())
	b.settled()
	b.write("1/a", "a")
	b.untilPlaces("1/a")
	if err := os.Remove(filepath.Join(b.dir, "1/a")); err != nil {
		t.Fatal(err)
	}
	b.untilPlaces()
	if s := b.Status()[0]; !s.Events || s.FoundByRescanOnly != 0 {
		t.Errorf("status %+v", s)
	}
}

func TestManyNewNestedFolders(t *testing.T) {
	t.Parallel()
	needEvents(t)
	b := newBench(t, nil)
	b.Start(t.Context())
	b.settled()
	var want []string
	many := 300
	if testfs.Wine() {
		many = 50 // scans take so long there that the next one waits
	}
	for i := range many {
		rel := fmt.Sprintf("%d/a/b/file", 1000+i)
		b.write(rel, rel)
		want = append(want, rel)
	}
	b.untilPlaces(want...)
}

func TestAPopulatedFolderMovedIn(t *testing.T) {
	t.Parallel()
	needEvents(t)
	b := newBench(t, nil)
	b.Start(t.Context())
	b.settled()
	outside := t.TempDir()
	if err := os.MkdirAll(filepath.Join(outside, "7/sub/deep"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(outside, "7/sub/deep/f"), []byte("f"), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(filepath.Join(outside, "7"), filepath.Join(b.dir, "7")); err != nil {
		t.Fatal(err)
	}
	b.untilPlaces("7/sub/deep/f")
	b.write("7/sub/deep/g", "g") // the folder is watched, too
	b.untilPlaces("7/sub/deep/f", "7/sub/deep/g")
}

func TestARenamedFolder(t *testing.T) {
	t.Parallel()
	needEvents(t)
	if testfs.Wine() {
		t.Skip("Wine tells of a renamed folder by its former name, and not of what is below it")
	}
	b := newBench(t, nil)
	for i := range 5 { // either parent may be scanned first
		b.write(fmt.Sprintf("1%d/sub/deep/f", i), "f")
		b.mkdir(fmt.Sprintf("3%d", i))
	}
	b.Start(t.Context())
	b.settled()
	var want []string
	for i := range 5 {
		b.rename(fmt.Sprintf("1%d", i), fmt.Sprintf("2%d", i))
		want = append(want, fmt.Sprintf("2%d/sub/deep/f", i))
	}
	b.untilPlaces(want...)
	b.watches("2%d/sub/deep", "g", "h", "i")
	for i := range 5 {
		b.rename(fmt.Sprintf("2%d/sub", i), fmt.Sprintf("3%d/sub", i))
	}
	b.watches("3%d/sub/deep", "j", "k", "l")
}

// watches writes into five folders again and again, since the scans that
// follow a renaming find the first files without any event of these folders.
func (b *bench) watches(dir string, names ...string) {
	b.t.Helper()
	for _, name := range names {
		for i := range 5 {
			b.write(fmt.Sprintf(dir, i)+"/"+name, name)
		}
		b.until(name+" in each "+dir, func() bool {
			for i := range 5 {
				if _, ok := b.q.place(fmt.Sprintf(dir, i) + "/" + name); !ok {
					return false
				}
			}
			return true
		})
	}
}

func TestAFileThatIsReplacedIsOfferedAgain(t *testing.T) {
	t.Parallel()
	needEvents(t)
	b := newBench(t, nil)
	b.write("1/f", "one")
	b.Start(t.Context())
	b.settled()
	b.write("1/new", "two")
	b.rename("1/new", "1/f")
	b.until("the new content", func() bool {
		o, _ := b.q.place("1/f")
		return o.SHA256 == sha256.Sum256([]byte("two"))
	})
	if err := os.Truncate(filepath.Join(b.dir, "1/f"), 1); err != nil {
		t.Fatal(err)
	}
	b.until("the truncated content", func() bool {
		o, _ := b.q.place("1/f")
		return o.SHA256 == sha256.Sum256([]byte("t"))
	})
	if err := os.Truncate(filepath.Join(b.dir, "1/f"), 0); err != nil {
		t.Fatal(err)
	}
	b.until("the empty file counts as settling", func() bool {
		s := b.Status()[0]
		return s.Settling == 1 && s.Resettling == 1
	})
	if c := b.Classify(filepath.Join(b.dir, "1/f")); c.Settling == nil || c.Settling.Why != whyEmpty {
		t.Errorf("class %+v", c)
	}
}

func TestRacyFilesAreHashedOnceMore(t *testing.T) {
	t.Parallel()
	var later atomic.Int64
	b := newBench(t, func(o *Options) {
		o.NoEvents = true
		o.Now = func() time.Time { return time.Now().Add(time.Duration(later.Load())) }
	})
	b.write("1/f", "one")
	b.Start(t.Context())
	b.settled()
	if o, _ := b.q.place("1/f"); !o.Racy {
		t.Fatalf("not racy: %+v", o)
	}
	later.Store(int64(time.Minute))
	b.rescan()
	if s := b.Status()[0]; s.Settling != 0 || s.Resettling != 0 || len(b.Settling()) != 0 || b.Classify(filepath.Join(b.dir, "1/f")).Settling != nil {
		t.Errorf("what is only read again shows as settling: %+v", s)
	}
	b.until("read again", func() bool { o, _ := b.q.place("1/f"); return !o.Racy })
	b.rescan()
	b.settled()
	if len(b.q.offers) != 2 {
		t.Fatalf("offered again: %+v", b.q.offers)
	}
}

// A file that changes after it was hashed and before the queue has taken it
// is offered once more.
func TestAChangeWhileTheQueueTakesAFile(t *testing.T) {
	t.Parallel()
	q := &slowQueue{asked: make(chan struct{}), answer: make(chan struct{})}
	b := newBench(t, func(o *Options) {
		o.NoEvents = true
		q.Queue, o.Queue = o.Queue, q
	})
	b.write("1/f", "one")
	b.Start(t.Context())
	<-q.asked
	b.write("1/f", "another")
	b.rescan()
	close(q.answer)
	b.settled()
	if o, _ := b.q.place("1/f"); o.SHA256 != sha256.Sum256([]byte("another")) {
		t.Errorf("offered %+v", b.q.offers)
	}
}

// slowQueue takes its first batch when it is told to.
type slowQueue struct {
	Queue
	once          sync.Once
	asked, answer chan struct{}
}

func (q *slowQueue) Offer(batch []store.Offer) error {
	q.once.Do(func() { close(q.asked) })
	<-q.answer
	return q.Queue.Offer(batch)
}

func TestAFailingQueueLosesNothing(t *testing.T) {
	t.Parallel()
	b := newBench(t, nil)
	b.write("1/f", "one")
	b.q.setFail(errors.New("no space"))
	b.Start(t.Context())
	b.until("the reason shows", func() bool {
		s := b.Settling()
		return len(s) == 1 && s[0].Why == "cannot be queued: no space"
	})
	b.settled() // nothing can settle without help
	b.q.setFail(nil)
	b.untilPlaces("1/f")
}

func TestMoreFilesThanTheSetHolds(t *testing.T) {
	t.Parallel()
	b := newBench(t, func(o *Options) { o.NoEvents, o.settlers = true, 8 })
	var want []string
	for i := range 50 {
		want = append(want, fmt.Sprintf("%d/f", 100+i/5*10+i%5))
		b.write(want[i], want[i])
	}
	slices.Sort(want)
	b.Start(t.Context())
	b.until("all are counted", func() bool {
		s := b.Status()[0]
		return s.Online && s.Settling+len(b.q.rels()) >= 50
	})
	b.settled()
	b.wantPlaces(want...)
	if s := b.Status()[0]; s.Settling != 0 {
		t.Errorf("status %+v", s)
	}
}

func TestNamesThatAreNotUTF8(t *testing.T) {
	t.Parallel()
	if runtime.GOOS != "linux" {
		t.Skip("names are Unicode here")
	}
	b := newBench(t, nil)
	b.Start(t.Context())
	b.settled()
	b.write("1/caf\xe9.txt", "x")
	b.write("1 - \xff\xfe/f", "y")
	b.untilPlaces("1 - \xff\xfe/f", "1/caf\xe9.txt")
}

// On Windows the ledger's keys are in lower case, whatever the listing shows.
func TestPlacesAreComparedByTheirKeys(t *testing.T) {
	t.Parallel()
	b := newBench(t, func(o *Options) { o.fold, o.NoEvents = strings.ToLower, true })
	b.q.fold = strings.ToLower
	b.write("1 - Jansen/Sub/F.TXT", "f")
	b.write("1 - Jansen/Sub/gone", "gone")
	b.write("1 - Jansen/Gone/h", "h")
	b.Start(t.Context())
	b.settled()
	for _, rel := range []string{"1 - Jansen/Sub/gone", "1 - Jansen/Gone"} {
		if err := os.RemoveAll(filepath.Join(b.dir, rel)); err != nil {
			t.Fatal(err)
		}
	}
	b.rescan()
	b.wantPlaces("1 - Jansen/Sub/F.TXT")
	b.rename("1 - Jansen", "1 - JANSEN") // by its case alone: the same places
	b.rescan()
	b.rescan()
	b.settled()
	if rels := b.q.rels(); len(rels) != 1 || !strings.EqualFold(rels[0], "1 - Jansen/Sub/F.TXT") {
		t.Errorf("places %q", rels)
	}
}

func TestOnlyARescanFound(t *testing.T) {
	t.Parallel()
	b := newBench(t, func(o *Options) { o.NoEvents = true })
	r := b.roots[0]
	for _, step := range []struct {
		file, told string
		want       int
	}{{"1/f", "", 0}, {"1/g", "1", 0}, {"1/h", "", 1}, {"1/i", "2", 2}} {
		b.write(step.file, "x")
		if step.told != "" {
			r.dirty.mark(step.told, "")
		}
		r.scan(t.Context(), true)
		if got := b.Status()[0].FoundByRescanOnly; got != step.want {
			t.Errorf("%s: %d, want %d", step.file, got, step.want)
		}
	}
}

func TestHashingStopsWhereTheFileChanges(t *testing.T) {
	t.Parallel()
	b := newBench(t, nil)
	b.write("1/f", "one")
	b.write("2/f", "two")
	r := b.roots[0]
	look := func(rel string) store.Look {
		look, _, err := store.LookAt(r.path(rel))
		if err != nil {
			t.Fatal(err)
		}
		return look
	}
	buf := make([]byte, hashBuffer)
	was := look("1/f")
	if _, err := r.read(t.Context(), "1/f", was, false, buf); err != nil {
		t.Fatal(err)
	}
	b.write("1/f", "other")
	if _, err := r.read(t.Context(), "1/f", was, false, buf); !errors.Is(err, errChanged) {
		t.Errorf("changed file: %v", err)
	}
	// A link to another person's folder has come where a folder was.
	testfs.Link(t, "../2", filepath.Join(b.dir, "1/sub"))
	if _, err := r.read(t.Context(), "1/sub/f", look("2/f"), false, buf); !errors.Is(err, errChanged) {
		t.Errorf("file below a link: %v", err)
	}
	testfs.Link(t, "../2/f", filepath.Join(b.dir, "1/link"))
	if _, err := r.read(t.Context(), "1/link", look("2/f"), false, buf); !errors.Is(err, errChanged) {
		t.Errorf("linked file: %v", err)
	}
	pipe(t, filepath.Join(b.dir, "1/fifo"))
	if _, err := r.read(t.Context(), "1/fifo", was, false, buf); !errors.Is(err, errChanged) {
		t.Errorf("named pipe: %v", err)
	}
}

func TestCheckEnd(t *testing.T) {
	long := bytes.Repeat([]byte("x"), 5000)
	for _, tt := range []struct {
		name    string
		content string
		want    error
	}{
		{"text", "hello", nil},
		{"short", "%PD", nil},
		{"whole PDF", "%PDF-1.7 ... %%EOF\n", nil},
		{"cut PDF", "%PDF-1.7 ...", errIncomplete},
		{"PDF with its end long before", "%PDF-1.7 %%EOF" + string(long), errIncomplete},
		{"whole JPEG", "\xff\xd8\xff\xe0 " + string(long) + "\xff\xd9", nil},
		{"JPEG allocated in advance", "\xff\xd8\xff\xe0" + string(make([]byte, 4000)), errIncomplete},
		{"text that speaks of PDF", " %PDF-", nil},
	} {
		if err := checkEnd(bytes.NewReader([]byte(tt.content)), int64(len(tt.content))); !errors.Is(err, tt.want) || tt.want == nil && err != nil {
			t.Errorf("%s: %v, want %v", tt.name, err, tt.want)
		}
	}
}
