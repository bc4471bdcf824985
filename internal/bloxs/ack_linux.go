//go:build linux

package bloxs

import (
	"fmt"
	"syscall"

	"golang.org/x/sys/unix"
)

// unacknowledged is how many of the bytes written the peer has yet to
// acknowledge. The kernel knows how many were written.
func unacknowledged(raw syscall.RawConn, _ int64) (int64, error) {
	var n int
	var err error
	if ctlErr := raw.Control(func(fd uintptr) {
		n, err = unix.IoctlGetInt(int(fd), unix.SIOCOUTQ)
	}); ctlErr != nil {
		return 0, ctlErr
	}
	if err == unix.ENOTTY || err == unix.EINVAL {
		return 0, nil // not a TCP socket, or listening: there is no such queue
	}
	return int64(n), err
}

// acknowledges tells whether the system knows what the peer has acknowledged.
func acknowledges(syscall.RawConn) bool { return true }

// tcpEstablished is TCP_ESTABLISHED of the kernel's tcp_states.h.
const tcpEstablished = 1

// established returns an error unless both sides still hold the connection.
func established(raw syscall.RawConn) error {
	var info *unix.TCPInfo
	var err error
	if ctlErr := raw.Control(func(fd uintptr) {
		info, err = unix.GetsockoptTCPInfo(int(fd), unix.IPPROTO_TCP, unix.TCP_INFO)
	}); ctlErr != nil {
		return ctlErr
	}
	switch {
	case err == unix.EOPNOTSUPP || err == unix.ENOPROTOOPT:
		return nil // not TCP
	case err != nil:
		return fmt.Errorf("asking for the connection's state: %w", err)
	case info.State != tcpEstablished:
		return errPeerClosed
	}
	return nil
}
