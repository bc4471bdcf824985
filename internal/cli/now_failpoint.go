//go:build failpoint

package cli

import (
	"os"
	"strings"
	"time"
	"unsafe"
)

// now is a clock that somebody sets: by the duration in the file that
// BLOXDROP_CLOCK names. What has passed since is measured as ever.
func now() time.Time {
	t := time.Now()
	text, err := os.ReadFile(os.Getenv("BLOXDROP_CLOCK"))
	if err != nil {
		return t
	}
	if d, err := time.ParseDuration(strings.TrimSpace(string(text))); err == nil {
		// The wall seconds of a time with a monotonic reading stand above 30
		// bits of nanoseconds. Add would move that reading, too.
		*(*uint64)(unsafe.Pointer(&t)) += uint64(int64(d/time.Second)) << 30
	}
	return t
}
