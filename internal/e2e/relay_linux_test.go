package e2e

import (
	"bufio"
	"bytes"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// relay stands between the program and a server, as a bad network does.
type relay struct {
	listener net.Listener
	target   string
	plan     func(upload bool) trouble // for each connection
	all      sync.WaitGroup
	over     chan struct{} // closed at the end: nothing hangs any more
}

// trouble is what befalls one connection.
type trouble struct {
	request, answer int64       // after so many bytes it ends; never where negative
	may             func() bool // has the last word on that, where it isn't nil
	politely        bool        // by a FIN, not a reset
	hangs           bool        // it doesn't end: nothing moves any more
	delay           time.Duration
	piece           int  // bytes at a time, each after the delay; 0: as they come
	once            bool // it ends politely after one answer
	copyOf          *exchange
}

// exchange is what passed over one connection.
type exchange struct{ request, answer bytes.Buffer }

func fine() trouble { return trouble{request: -1, answer: -1} }

func newRelay(o *office, plan func(upload bool) trouble) *relay {
	o.t.Helper()
	return relayAt(o, "127.0.0.1:0", plan)
}

func relayAt(o *office, address string, plan func(upload bool) trouble) *relay {
	o.t.Helper()
	listen := net.ListenConfig{Control: func(_, _ string, raw syscall.RawConn) error { return raw.Control(likeWire) }}
	listener, err := listen.Listen(o.t.Context(), "tcp", address)
	o.must(err)
	r := &relay{listener: listener, target: strings.TrimPrefix(o.bloxs.URL, "http://"), plan: plan, over: make(chan struct{})}
	r.all.Go(func() {
		for {
			client, err := listener.Accept()
			if err != nil {
				return
			}
			r.all.Go(func() { r.connect(client.(*net.TCPConn)) })
		}
	})
	o.t.Cleanup(func() {
		listener.Close()
		close(r.over)
		o.kill() // it has connections open
		r.all.Wait()
	})
	return r
}

func (r *relay) url() string { return "http://" + r.listener.Addr().String() }

// likeWire lets a socket keep as little as a wire does. It would acknowledge
// megabytes that nobody has read yet, and behind those no gate can tell a cut.
// Segments are as small as on Ethernet, since on loopback they exceed that buffer.
func likeWire(fd uintptr) {
	_ = unix.SetsockoptInt(int(fd), unix.IPPROTO_TCP, unix.TCP_MAXSEG, 1448)
	_ = unix.SetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_RCVBUF, 4<<10)
}

func (r *relay) connect(client *net.TCPConn) {
	defer client.Close()
	in := bufio.NewReader(client)
	head, _ := in.Peek(len("POST /api/"))
	t := r.plan(string(head) == "POST /api/")
	request := io.Reader(in)
	if t.copyOf != nil {
		request = io.TeeReader(in, &t.copyOf.request)
	}
	conn, err := net.Dial("tcp", r.target)
	if err != nil {
		return
	}
	defer conn.Close()
	var ended sync.WaitGroup
	ended.Go(func() {
		answer := io.Reader(conn)
		if t.once {
			answer = oneAnswer(conn)
		}
		if t.copyOf != nil {
			answer = io.TeeReader(answer, &t.copyOf.answer)
		}
		if r.pour(client, answer, t.answer, t) {
			r.end(client, conn, t)
			return
		}
		_ = client.CloseWrite()
		if t.once {
			conn.Close()
			client.Close()
		}
	})
	if r.pour(conn, request, t.request, t) {
		r.end(client, conn, t)
	}
	conn.(*net.TCPConn).CloseWrite()
	ended.Wait()
}

// pour hands on what comes, and tells whether it ended at the limit.
func (r *relay) pour(to io.Writer, from io.Reader, limit int64, t trouble) (cut bool) {
	size := 32 << 10
	if t.piece > 0 {
		size = t.piece
	}
	buf := make([]byte, size)
	for done := int64(0); ; {
		if limit >= 0 && done == limit && (t.may == nil || t.may()) {
			return true
		}
		part := buf
		if left := limit - done; limit >= 0 && left > 0 && left < int64(len(part)) {
			part = part[:left]
		}
		n, err := from.Read(part)
		if t.delay > 0 && n > 0 {
			select {
			case <-time.After(t.delay):
			case <-r.over:
			}
		}
		if _, werr := to.Write(part[:n]); werr != nil || err != nil {
			return false
		}
		done += int64(n)
	}
}

func (r *relay) end(client *net.TCPConn, server net.Conn, t trouble) {
	if t.hangs {
		<-r.over
	}
	if !t.politely {
		_ = client.SetLinger(0)
	}
	client.Close()
	server.Close()
}

// oneAnswer reads up to the end of the first answer that is one.
func oneAnswer(conn io.Reader) io.Reader {
	in, out := io.Pipe()
	go func() {
		all := bufio.NewReader(io.TeeReader(conn, out))
		for {
			answer, err := http.ReadResponse(all, nil)
			if err == nil {
				_, err = io.Copy(io.Discard, answer.Body)
			}
			if err != nil || answer.StatusCode >= 200 {
				out.CloseWithError(io.EOF)
				return
			}
		}
	}()
	return in
}
