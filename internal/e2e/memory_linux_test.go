package e2e

import (
	"bufio"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"bloxdrop/internal/bloxs/bloxstest"
	"bloxdrop/internal/control"
)

// most is the anonymous memory that the daemon may ever have, in kB.
const most = 40 << 10

// fullSizes tells whether the sizes are those that bloxdrop promises.
func fullSizes() bool { return os.Getenv("BLOXDROP_MEMORY") == "full" }

// TestMemoryLargeFile sends one large file.
func TestMemoryLargeFile(t *testing.T) {
	t.Parallel()
	size := int64(200 << 20)
	if fullSizes() {
		size = 1500 << 20
	}
	o := newOffice(t, bloxstest.Options{BodyLimit: 4 << 30}, `[store]`, "max_size = \"4 GiB\"\n\n[store]")
	o.start()
	peak := o.watchMemory()
	o.large("1001 - Jansen/film.mp4", size)
	o.untilSlowly("sent", func(st control.Status) bool { return st.Sent == 1 && st.Settling == 0 })
	o.flat("a file of "+strconv.FormatInt(size>>20, 10)+" MiB", peak())
	if f := o.bloxs.Stored(); len(f) != 1 || f[0].Size != size {
		t.Errorf("%+v", f)
	}
}

// TestMemoryBacklog takes in and sends a backlog of small files, and lists it.
func TestMemoryBacklog(t *testing.T) {
	t.Parallel()
	n := 3000
	if fullSizes() {
		n = 20_000
	}
	o := newOffice(t, bloxstest.Options{})
	for i := range n {
		o.write(fmt.Sprintf("%d - Jansen/%d/scan %d.txt", 1000+i%200, i%7, i), strings.Repeat(fmt.Sprint(i, " "), 100))
	}
	o.age()
	o.start()
	peak := o.watchMemory()
	o.run("pause")
	o.untilSlowly("taken in", func(st control.Status) bool { return st.Waiting+st.Sent+st.Sending == n && st.Settling == 0 })
	o.run("list", "--json")
	o.run("retry", "--all")
	o.run("resume")
	o.untilSlowly("sent", func(st control.Status) bool { return st.Sent == n })
	o.run("list", "--json")
	o.flat(fmt.Sprint(n, " files"), peak())
	o.addsUp(o.status())

	o.kill() // the next start reads everything, and finds every file again
	o.start()
	peak = o.watchMemory()
	o.untilSlowly("found again", func(st control.Status) bool { return st.Sent == n && st.Files == n && st.Settling == 0 })
	o.flat(fmt.Sprint(n, " files after a kill"), peak())
	if got := len(o.bloxs.Stored()); got != n {
		t.Errorf("%d stored", got)
	}
}

// untilSlowly is until with the patience that much work needs, and asks less often.
func (o *office) untilSlowly(what string, ok func(control.Status) bool) {
	o.t.Helper()
	deadline := time.Now().Add(10 * time.Minute)
	for !ok(o.status()) {
		if time.Now().After(deadline) {
			o.t.Fatalf("not %s: %+v", what, o.status())
		}
		time.Sleep(300 * time.Millisecond)
	}
}

func (o *office) flat(what string, peak int) {
	o.t.Helper()
	o.t.Logf("%s: at most %.1f MB of anonymous memory", what, float64(peak)/1024)
	if peak > most || peak == 0 {
		o.t.Errorf("%s: RssAnon rose to %d kB, and %d is the most", what, peak, most)
	}
}

// large makes a file that is no run of zeros: every 64 KiB begin differently.
func (o *office) large(rel string, size int64) {
	o.t.Helper()
	path := o.write(rel, "")
	f, err := os.OpenFile(path, os.O_WRONLY, 0)
	o.must(err)
	var block [16]byte
	random := rand.NewChaCha8([32]byte{1})
	for at := int64(0); at < size; at += 64 << 10 {
		_, _ = random.Read(block[:])
		_, err := f.WriteAt(block[:], at)
		o.must(err)
	}
	o.must(f.Truncate(size))
	o.must(f.Close())
}

// watchMemory samples the daemon's RssAnon, by default a hundred times a
// second, until peak is called.
func (o *office) watchMemory() (peak func() int) {
	o.t.Helper()
	path := filepath.Join("/proc", strconv.Itoa(o.daemon.Process.Pid), "status")
	stop, highest := make(chan struct{}), make(chan int)
	go func() {
		top := 0
		for tick := time.Tick(10 * time.Millisecond); ; {
			top = max(top, rssAnon(path))
			select {
			case <-stop:
				highest <- top
				return
			case <-tick:
			}
		}
	}()
	return func() int {
		close(stop)
		return <-highest
	}
}

// rssAnon reads kB, or 0 where there is nothing to read.
func rssAnon(path string) int {
	f, err := os.Open(path)
	if err != nil {
		return 0
	}
	defer f.Close()
	for lines := bufio.NewScanner(f); lines.Scan(); {
		if rest, ok := strings.CutPrefix(lines.Text(), "RssAnon:"); ok {
			kb, _ := strconv.Atoi(strings.Fields(rest)[0])
			return kb
		}
	}
	return 0
}
