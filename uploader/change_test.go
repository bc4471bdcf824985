package uploader

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"bloxdrop/internal/testfs"
	"bloxdrop/queue"
	"bloxdrop/store"
)

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Error(err)
	}
}

// changes are what colleagues and scanners do to a file while it is sent.
var changes = map[string]func(t *testing.T, path string){
	"grows": func(t *testing.T, path string) {
		f, err := os.OpenFile(path, os.O_APPEND|os.O_WRONLY, 0)
		must(t, err)
		_, err = f.WriteString("one more page")
		must(t, err)
		must(t, f.Close())
	},
	"is truncated": func(t *testing.T, path string) { must(t, os.Truncate(path, 150<<10)) },
	"is written over in place, its time set back": func(t *testing.T, path string) {
		fi, err := os.Stat(path)
		must(t, err)
		f, err := os.OpenFile(path, os.O_WRONLY, 0)
		must(t, err)
		_, err = f.WriteAt([]byte("other"), 10)
		must(t, err)
		must(t, f.Close())
		must(t, os.Chtimes(path, fi.ModTime(), fi.ModTime()))
	},
	"is replaced": func(t *testing.T, path string) {
		must(t, os.WriteFile(path+".new", bytes.Repeat([]byte("y"), 300<<10), 0o644))
		must(t, os.Rename(path+".new", path))
	},
	"is renamed":             func(t *testing.T, path string) { must(t, os.Rename(path, path+".old")) },
	"is deleted":             func(t *testing.T, path string) { must(t, os.Remove(path)) },
	"has its folder renamed": func(t *testing.T, path string) { dir := filepath.Dir(path); must(t, os.Rename(dir, dir+"x")) },
	"gives way to a folder": func(t *testing.T, path string) {
		must(t, os.Remove(path))
		must(t, os.Mkdir(path, 0o755))
	},
	"gives way to a link to itself": func(t *testing.T, path string) {
		must(t, os.Rename(path, path+".real"))
		must(t, os.Symlink(path+".real", path))
	},
}

// TestFileChangesWhileSent acts at two moments: in the middle of the file, and
// when its last byte is out and only the flush is awaited.
func TestFileChangesWhileSent(t *testing.T) {
	for name, change := range changes {
		for _, moment := range []string{"in the middle", "at the flush"} {
			t.Run(name+" "+moment, func(t *testing.T) {
				whole := make(chan bool, 1)
				r := newRig(t, func(_ http.ResponseWriter, req *http.Request) {
					_, err := io.Copy(io.Discard, req.Body)
					whole <- err == nil
				})
				job := r.file("1234/a.bin", bytes.Repeat([]byte("x"), 300<<10))
				var once sync.Once
				act := func() { once.Do(func() { change(t, path(job.Places[0])) }) }
				if moment == "in the middle" {
					r.hooked(&hooks{body: func(read int64) {
						if read > 100<<10 {
							act()
						}
					}})
				} else {
					r.hooked(&hooks{flushed: func(context.Context) { act() }})
				}
				r.start()
				if o := r.send(job); o.Class != queue.Stale || o.Detail == "" {
					t.Errorf("got %+v", o)
				}
				if await(t, whole, "the end of the body") || r.q.count("gate") != 0 {
					t.Errorf("a whole body, or %d gates", r.q.count("gate"))
				}
			})
		}
	}
}

// TestNotThere never reaches the server.
func TestNotThere(t *testing.T) {
	r := newRig(t, func(http.ResponseWriter, *http.Request) { t.Error("a request was made") })
	r.opt.MaxSize = 1000
	r.start()

	for name, change := range changes {
		job := r.file("dir "+name+"/a.bin", bytes.Repeat([]byte("x"), 900))
		change(t, path(job.Places[0]))
		if o := r.send(job); o.Class != queue.Stale {
			t.Errorf("%s before it is sent: %+v", name, o)
		}
	}

	job := r.file("no root/a.bin", []byte("x"))
	job.Places[0].Root += "-gone"
	if o := r.send(job); o.Class != queue.Stale {
		t.Errorf("root gone: %+v", o)
	}

	job = r.file("large/a.bin", bytes.Repeat([]byte("x"), 1001))
	if o := r.send(job); o.Class != queue.Rejected || !strings.Contains(o.Detail, "1001 B of at most 1000 B; raise upload.max_size") {
		t.Errorf("too large: %+v", o)
	}
}

// TestLinkOutOfTheRoot: a folder that now leads elsewhere is trouble, which
// is retried and shown, but nothing behind it is read.
func TestLinkOutOfTheRoot(t *testing.T) {
	r := newRig(t, func(http.ResponseWriter, *http.Request) { t.Error("a request was made") })
	r.start()
	job := r.file("1234/a.txt", []byte("hello"))
	dir, outside := filepath.Join(r.root, "1234"), filepath.Join(t.TempDir(), "1234")
	must(t, os.Rename(dir, outside))
	testfs.Link(t, outside, dir)
	if o := r.send(job); o.Class != queue.Transient || !strings.Contains(o.Detail, "can't be read") {
		t.Errorf("got %+v", o)
	}
}

// TestOtherPlaces: where the newest place is gone, the next one serves.
func TestOtherPlaces(t *testing.T) {
	r := newRig(t, answerID)
	places := make(chan store.Place, 1)
	r.q.openGate = func(_ *queue.Job, p store.Place) error { places <- p; return nil }
	r.start()
	job := r.file("1234/b.txt", []byte("hello"))
	job.Places = append([]store.Place{r.file("1234/a.txt", []byte("hello")).Places[0]}, job.Places...)
	must(t, os.Remove(path(job.Places[0])))
	if o := r.send(job); o.Class != queue.Delivered {
		t.Fatalf("got %+v", o)
	}
	if p := await(t, places, "the place"); p.Rel != "1234/b.txt" {
		t.Errorf("sent from %s", p.Rel)
	}
}

// TestFlatMemory sends a sparse file; what is allocated must not depend on
// its size. BLOXDROP_BIG sets that, in bytes.
func TestFlatMemory(t *testing.T) {
	size := int64(96 << 20)
	if n, err := strconv.ParseInt(os.Getenv("BLOXDROP_BIG"), 10, 64); err == nil {
		size = n
	}
	r := newRig(t, answerID)
	job := r.file("1234/a.bin", nil)
	must(t, os.Truncate(path(job.Places[0]), size))
	job.Places[0] = r.place("1234/a.bin")
	job.Item.Size = size
	job.Item.SHA256 = zeroes(size)
	r.opt.MaxSize = size
	r.start()
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	if o := r.send(job); o.Class != queue.Delivered {
		t.Fatalf("got %+v", o)
	}
	runtime.ReadMemStats(&after)
	if status, err := os.ReadFile("/proc/self/status"); err == nil {
		_, anon, _ := strings.Cut(string(status), "RssAnon:")
		anon, _, _ = strings.Cut(anon, "\n")
		t.Logf("%d MiB sent, RssAnon now %s", size>>20, strings.TrimSpace(anon))
	}
	if used := after.TotalAlloc - before.TotalAlloc; used > 2<<20 {
		t.Errorf("%d KiB allocated for %d MiB", used>>10, size>>20)
	}
}

func zeroes(size int64) (d store.Digest) {
	b := newBody(nil, io.LimitReader(zeroReader{}, size), size, nil, &gate{}, func(time.Duration) bool { return true }, func() error { return nil }, nil)
	b.pass = func() error { copy(d[:], b.hash.Sum(nil)); return nil }
	io.Copy(io.Discard, b)
	return d
}

type zeroReader struct{}

func (zeroReader) Read(p []byte) (int, error) { clear(p); return len(p), nil }
