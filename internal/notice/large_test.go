package notice

import (
	"strings"
	"testing"

	"bloxdrop/store"
)

// TestTooLargeForBloxs: Bloxs's own bound may be below max_size, and it says so
// by a status alone.
func TestTooLargeForBloxs(t *testing.T) {
	b := newBench(t)
	b.write("1002/scan.bin", strings.Repeat("large", 100))
	b.look()
	b.hold("1002/scan.bin", store.Rejected, "413", 1)
	b.look()
	notice := "1002/! NOT SENT - a file is too large"
	b.stands(notice)
	b.says(notice+".bloxdrop.txt", "This file is too large for Bloxs: scan.bin 500 bytes Scan it again with a lower quality")
	if text := b.read(notice + ".bloxdrop.txt"); strings.Contains(text, "1 KB") || strings.Contains(text, "does not say why") {
		t.Error(text)
	}
}
