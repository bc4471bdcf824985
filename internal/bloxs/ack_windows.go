//go:build windows

package bloxs

import (
	"errors"
	"fmt"
	"syscall"
	"unsafe"

	"golang.org/x/sys/windows"
)

// sioTCPInfo is SIO_TCP_INFO of mstcpip.h, which Windows knows since 10 (1703) and
// Server 2016.
const sioTCPInfo = 0xD8000027

// tcpInfo is TCP_INFO_v0 of mstcpip.h.
type tcpInfo struct {
	State             uint32
	Mss               uint32
	ConnectionTimeMs  uint64
	TimestampsEnabled uint8
	RttUs             uint32
	MinRttUs          uint32
	BytesInFlight     uint32
	Cwnd              uint32
	SndWnd            uint32
	RcvWnd            uint32
	RcvBuf            uint32
	BytesOut          uint64
	BytesIn           uint64
	BytesReordered    uint32
	BytesRetrans      uint32
	FastRetrans       uint32
	DupAcksIn         uint32
	TimeoutEpisodes   uint32
	SynRetrans        uint8
}

// tcpEstablished is TCPSTATE_ESTABLISHED of mstcpip.h.
const tcpEstablished = 4

// askTCP asks for the connection's state. known is false where the system can't
// tell: an older Windows, Wine, or no TCP.
func askTCP(raw syscall.RawConn) (info tcpInfo, known bool, err error) {
	var version, n uint32
	if ctlErr := raw.Control(func(fd uintptr) {
		err = windows.WSAIoctl(windows.Handle(fd), sioTCPInfo, (*byte)(unsafe.Pointer(&version)), uint32(unsafe.Sizeof(version)),
			(*byte)(unsafe.Pointer(&info)), uint32(unsafe.Sizeof(info)), &n, nil, 0)
	}); ctlErr != nil {
		return info, false, ctlErr
	}
	switch {
	case errors.Is(err, windows.WSAEOPNOTSUPP), errors.Is(err, windows.WSAEINVAL), errors.Is(err, windows.WSAENOPROTOOPT), errors.Is(err, windows.WSAEACCES):
		return info, false, nil
	case err != nil:
		return info, false, fmt.Errorf("asking for the connection's state: %w", err)
	}
	return info, true, nil
}

// unacknowledged is how many of the bytes written the peer has yet to
// acknowledge: those on their way, and those that have not left at all, as
// when the peer takes none.
func unacknowledged(raw syscall.RawConn, written int64) (int64, error) {
	info, known, err := askTCP(raw)
	if err != nil || !known {
		return 0, err
	}
	return info.unacknowledged(written), nil
}

func (i tcpInfo) unacknowledged(written int64) int64 {
	return int64(i.BytesInFlight) + max(0, written-int64(i.BytesOut))
}

// established returns an error unless both sides still hold the connection.
// Where the system can't tell it leaves it to what Read and Write have seen.
func established(raw syscall.RawConn) error {
	info, known, err := askTCP(raw)
	if err == nil && known && info.State != tcpEstablished {
		err = errPeerClosed
	}
	return err
}

// acknowledges tells whether the system knows what the peer has acknowledged.
func acknowledges(raw syscall.RawConn) bool {
	_, known, err := askTCP(raw)
	return known || err != nil
}
