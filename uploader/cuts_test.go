package uploader

import (
	"bytes"
	"io"
	"math/rand/v2"
	"net"
	"os"
	"runtime"
	"strconv"
	"sync"
	"testing"

	"bloxdrop/internal/bloxs"
	"bloxdrop/internal/bloxs/bloxstest"
	"bloxdrop/queue"
)

// cutter relays one connection at a time to a server, and cuts it once a given
// number of bytes has come from the client.
type cutter struct {
	listener net.Listener
	target   string
	mu       sync.Mutex
	after    int64 // of the next connection
	reset    bool
	wg       sync.WaitGroup
}

func newCutter(t *testing.T, target string) *cutter {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	c := &cutter{listener: l, target: target}
	c.wg.Go(func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			c.wg.Go(func() { c.relay(conn.(*net.TCPConn)) })
		}
	})
	t.Cleanup(func() { l.Close(); c.wg.Wait() })
	return c
}

func (c *cutter) next(after int64, reset bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.after, c.reset = after, reset
}

func (c *cutter) relay(client *net.TCPConn) {
	c.mu.Lock()
	after, reset := c.after, c.reset
	c.mu.Unlock()
	defer client.Close()
	server, err := net.Dial("tcp", c.target)
	if err != nil {
		return
	}
	defer server.Close()
	c.wg.Go(func() { io.Copy(client, server); client.Close() })
	io.CopyN(server, client, after)
	if reset {
		client.SetLinger(0)
	}
}

// TestCuts cuts uploads of 40 KB at any byte of the request. BLOXDROP_CUTS
// sets how many; .ci/full makes 1,000.
func TestCuts(t *testing.T) {
	cuts := 200
	if n, err := strconv.Atoi(os.Getenv("BLOXDROP_CUTS")); err == nil {
		cuts = n
	}
	sim, err := bloxstest.New(bloxstest.Options{Token: "good"})
	must(t, err)
	must(t, sim.Start())
	t.Cleanup(sim.Close)
	proxy := newCutter(t, sim.URL[len("http://"):])
	r := newRigAt(t, "http://"+proxy.listener.Addr().String())
	r.connect(bloxs.Config{URL: "http://" + proxy.listener.Addr().String(), Token: "good"})
	r.start()

	const request = 41_600 // a little more than head, envelope and 40 KB
	job := r.file("1234/a.bin", bytes.Repeat([]byte("x"), 40<<10))
	random := rand.New(rand.NewPCG(1, 2))
	count := map[queue.Class]int{}
	gates := 0
	for i := range cuts {
		// An uncut upload leaves the connection standing, so that the next cut
		// counts from there.
		proxy.next(random.Int64N(request), i%2 == 0)
		o := r.send(job)
		count[o.Class]++
		opened := r.q.count("gate") - gates
		gates += opened
		if (o.Class == queue.Uncertain || o.Class == queue.Delivered) && opened != 1 {
			t.Errorf("%+v without a gate", o)
		}
		if o.Class != queue.Transient && o.Class != queue.Uncertain && o.Class != queue.Delivered {
			t.Errorf("a cut ended as %+v", o)
		}
	}
	t.Logf("%d cuts: %v; %d gates were opened; %d files are stored", cuts, count, gates, len(sim.Stored()))
	if stored := len(sim.Stored()); stored < count[queue.Delivered] || stored > count[queue.Delivered]+count[queue.Uncertain] {
		t.Errorf("%d stored, %v", stored, count)
	}
	if runtime.GOOS == "windows" {
		return // Wine does not tell what the peer has acknowledged, so how many is chance
	}
	if count[queue.Uncertain] > 1+cuts/50 {
		t.Errorf("%d of %d cuts became uncertain", count[queue.Uncertain], cuts)
	}
}
