//go:build linux

package bloxstest

import (
	"net"
	"syscall"

	"golang.org/x/sys/unix"
)

// quickAcks acknowledges every byte as it is read. The kernel would put that
// off by up to 40 ms to save packets, and uploaders that wait for it at their
// gate would spend the tests' time there.
func quickAcks(l net.Listener) net.Listener {
	if _, ok := l.(*net.TCPListener); !ok {
		return l
	}
	return quickListener{l}
}

type quickListener struct{ net.Listener }

func (l quickListener) Accept() (net.Conn, error) {
	conn, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	raw, err := conn.(*net.TCPConn).SyscallConn()
	if err != nil {
		conn.Close()
		return nil, err
	}
	return &quickConn{Conn: conn, raw: raw}, nil
}

type quickConn struct {
	net.Conn
	raw syscall.RawConn
}

// Read asks anew each time, as the kernel soon falls back.
func (c *quickConn) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	_ = c.raw.Control(func(fd uintptr) {
		_ = unix.SetsockoptInt(int(fd), unix.IPPROTO_TCP, unix.TCP_QUICKACK, 1)
	})
	return n, err
}

// NetConn is the connection itself, for those who want to reset it.
func (c *quickConn) NetConn() net.Conn { return c.Conn }
