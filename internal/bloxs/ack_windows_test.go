//go:build windows

package bloxs

import (
	"testing"
	"unsafe"
)

// TestTCPInfo holds the structure to Windows's own size, and what has not left
// to what is not acknowledged: Wine can't be asked.
func TestTCPInfo(t *testing.T) {
	if n := unsafe.Sizeof(tcpInfo{}); n != 88 || unsafe.Offsetof(tcpInfo{}.BytesOut) != 48 {
		t.Errorf("%d bytes", n)
	}
	for _, tt := range []struct {
		written int64
		info    tcpInfo
		want    int64
	}{
		{0, tcpInfo{}, 0},
		{100, tcpInfo{BytesOut: 100, BytesInFlight: 100}, 100},
		{100, tcpInfo{BytesOut: 60, BytesInFlight: 20}, 60},
		{100, tcpInfo{BytesOut: 60}, 40},
		{100, tcpInfo{BytesOut: 100}, 0},
		{100, tcpInfo{BytesOut: 130}, 0},                   // 30 were sent again
		{100, tcpInfo{BytesOut: 130, BytesInFlight: 1}, 1}, // and one is on its way
	} {
		if got := tt.info.unacknowledged(tt.written); got != tt.want {
			t.Errorf("%d written, %+v: %d, want %d", tt.written, tt.info, got, tt.want)
		}
	}
}
