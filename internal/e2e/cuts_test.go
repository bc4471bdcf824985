//go:build linux

package e2e

import (
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"strings"
	"sync"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"bloxdrop/internal/bloxs/bloxstest"
	"bloxdrop/internal/control"
)

// cutter relays connections to a server. So many of them it resets, each after
// some number of bytes from the client.
type cutter struct {
	listener net.Listener
	target   string
	all      sync.WaitGroup

	mu    sync.Mutex
	left  int // cuts to come
	after func() int64
}

func newCutter(o *office, cuts int, after func() int64) *cutter {
	o.t.Helper()
	listen := net.ListenConfig{Control: func(_, _ string, raw syscall.RawConn) error { return raw.Control(likeWire) }}
	listener, err := listen.Listen(o.t.Context(), "tcp", "127.0.0.1:0")
	o.must(err)
	c := &cutter{listener: listener, target: strings.TrimPrefix(o.bloxs.URL, "http://"), left: cuts, after: after}
	c.all.Go(func() {
		for {
			client, err := listener.Accept()
			if err != nil {
				return
			}
			c.all.Go(func() { c.relay(client.(*net.TCPConn)) })
		}
	})
	o.t.Cleanup(func() {
		listener.Close()
		o.kill() // it has connections open
		c.all.Wait()
	})
	return c
}

// likeWire lets a socket keep as little as a wire does. It would acknowledge
// megabytes that nobody has read yet, and behind those no gate can tell a cut.
// Segments are as small as on Ethernet, since on loopback they exceed that buffer.
func likeWire(fd uintptr) {
	_ = unix.SetsockoptInt(int(fd), unix.IPPROTO_TCP, unix.TCP_MAXSEG, 1448)
	_ = unix.SetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_RCVBUF, 4<<10)
}

func (c *cutter) relay(client *net.TCPConn) {
	defer client.Close()
	conn, err := net.Dial("tcp", c.target)
	if err != nil {
		return
	}
	defer conn.Close()
	c.all.Go(func() {
		_, _ = io.Copy(client, conn)
		_ = client.CloseWrite()
	})
	c.mu.Lock()
	after := c.after()
	c.mu.Unlock()
	if n, _ := io.CopyN(conn, client, after); n < after {
		return
	}
	if c.mayCut() {
		_ = client.SetLinger(0)
		return
	}
	_, _ = io.Copy(conn, client)
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
	o.configure(o.bloxs.URL, "http://"+proxy.listener.Addr().String())
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
	o.storedOnce(o.there())
}
