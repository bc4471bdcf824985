package e2e

import (
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"

	"bloxdrop/internal/bloxs/bloxstest"
	"bloxdrop/internal/control"
)

// cutter resets so many connections, each after some number of bytes from the client.
type cutter struct {
	*relay
	mu    sync.Mutex
	left  int // cuts to come
	after func() int64
}

func newCutter(o *office, cuts int, after func() int64) *cutter {
	o.t.Helper()
	c := &cutter{left: cuts, after: after}
	c.relay = newRelay(o, func(bool) trouble {
		c.mu.Lock()
		defer c.mu.Unlock()
		return trouble{request: c.after(), answer: -1, may: c.mayCut}
	})
	return c
}

func (c *cutter) mayCut() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.left == 0 {
		return false
	}
	c.left--
	return true
}

func (c *cutter) over() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.left == 0
}

// TestCuts resets connections anywhere in the uploads of small and of large
// files. BLOXDROP_CUTS says how many.
func TestCuts(t *testing.T) {
	t.Parallel()
	small := number(t, "BLOXDROP_CUTS", 100)
	for _, c := range []struct {
		name              string
		files, size, cuts int
	}{
		{"40 KB", max(40, small/5), 40 << 10, small},
		{"16 MB", 4, 16 << 20, max(10, small/20)},
	} {
		t.Run(c.name, func(t *testing.T) { testCuts(t, c.files, c.size, c.cuts) })
	}
}

func testCuts(t *testing.T, files, size, cuts int) {
	o := newOffice(t, bloxstest.Options{})
	random := rand.New(rand.NewPCG(uint64(size), 1))
	// A little more than one request, so that some cuts hit its very end, and
	// some the beginning of the next.
	proxy := newCutter(o, cuts, func() int64 { return random.Int64N(int64(size) + 2000) })
	o.configure(o.bloxs.URL, proxy.url())
	for i := range files {
		o.write(fmt.Sprintf("%d/scan %d.bin", 1000+i%20, i), string(noise(uint64(i), size)))
	}
	o.start()
	// Files that arrive before the cuts are used up are followed by new ones.
	for more := 0; !proxy.over(); more++ {
		o.until("more cuts or all sent", func(st control.Status) bool {
			return proxy.over() || st.Settling+st.Waiting+st.Sending == 0
		})
		if proxy.over() {
			break
		}
		for i := range 4 {
			o.write(fmt.Sprintf("%d/more %d.bin", 1000+i, more), string(noise(uint64(10_000+4*more+i), size)))
		}
		o.until("seen", func(st control.Status) bool { return st.Files == files+4*(more+1) })
	}
	st := o.until("all tried", func(st control.Status) bool { return st.Settling+st.Waiting+st.Sending == 0 })
	uncertain := len(o.uncertain())
	there := o.resolveAll()
	t.Logf("%d cuts in uploads of %d bytes: %d uncertain, of which %d had arrived; %d files", cuts, size, uncertain, there, st.Files)
	if uncertain > 1+cuts/50 {
		t.Errorf("%d of %d cuts became uncertain", uncertain, cuts)
	}
	o.untilAllSent()
	b := newBooks()
	for _, d := range o.there() {
		b.owe(d)
	}
	sums := &tally{runs: cuts, uncertain: uncertain}
	o.judge(sums, b, once)
	sums.print(t, fmt.Sprintf("reset anywhere in uploads of %d KB", size>>10))
}
