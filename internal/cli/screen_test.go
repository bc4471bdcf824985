package cli

import (
	"strings"
	"testing"

	"github.com/mattn/go-runewidth"

	"bloxdrop/internal/control"
)

// TestTableFits breaks the last column at words, within the width, and loses
// nothing of it.
func TestTableFits(t *testing.T) {
	st := control.Status{
		State:  control.Paused,
		Pauses: []control.Pause{{Cause: "denied", Remedy: "Bloxs refuses the API key: check bloxs.api_key and bloxs.api_secret, or ask the Bloxs administrator what this key may do"}},
		Held:   1234, Files: 5678, Unmatched: 12,
		Roots: []control.Root{
			{Path: "/srv/scans/kantoor Amsterdam/posteingang 日本語", Online: true, Files: 5678},
			{Path: "/srv/other", Offline: "it does not exist"},
		},
	}
	var whole strings.Builder
	if err := printStatus(&screen{out: &whole}, st); err != nil {
		t.Fatal(err)
	}
	for _, width := range []int{24, 40, 60, 80, 200} {
		var out strings.Builder
		if err := printStatus(&screen{out: &out, width: width}, st); err != nil {
			t.Fatal(err)
		}
		for line := range strings.Lines(out.String()) {
			line = strings.TrimRight(line, "\n")
			if runewidth.StringWidth(line) > width && strings.Count(strings.TrimSpace(line), " ") > 0 {
				t.Errorf("width %d: %q is wider", width, line)
			}
		}
		if a, b := strings.Fields(out.String()), strings.Fields(whole.String()); strings.Join(a, " ") != strings.Join(b, " ") {
			t.Errorf("width %d: the words are %q, not %q", width, a, b)
		}
	}
	if strings.Contains(whole.String(), "\x1b") || strings.Count(whole.String(), "\n") != 8 {
		t.Errorf("without a terminal: %q", whole.String())
	}
	var colours strings.Builder
	if err := printStatus(&screen{out: &colours, colour: true}, st); err != nil {
		t.Fatal(err)
	}
	plain := colours.String()
	for _, code := range []string{good, mind, wrong, "0"} {
		plain = strings.ReplaceAll(plain, "\x1b["+code+"m", "")
	}
	if plain != whole.String() || !strings.Contains(colours.String(), "\x1b["+wrong+"mpaused\x1b[0m") {
		t.Errorf("with colours: %q", colours.String())
	}
}

// TestRedraw goes over what stood there, and shows no more than there is room for.
func TestRedraw(t *testing.T) {
	var out strings.Builder
	s := &screen{out: &out, width: 80, height: 5}
	if err := s.redraw("a\nb\nc\n", true); err != nil {
		t.Fatal(err)
	}
	if err := s.redraw("1\n2\n3\n4\n5\n6\n", false); err != nil {
		t.Fatal(err)
	}
	want := "\x1b[2J\x1b[Ha\x1b[K\nb\x1b[K\nc\x1b[K\n\x1b[J" + "\x1b[H1\x1b[K\n2\x1b[K\n3\x1b[K\n...\x1b[K\n\x1b[J"
	if out.String() != want {
		t.Errorf("%q, not %q", out.String(), want)
	}
}
