package cli

import (
	"strings"
	"testing"
	"unicode"
)

func FuzzShown(f *testing.F) {
	for _, s := range []string{"plain", "é 漢字 \"quoted\" 'x' \\", "\x1b[31m", "a\nb\tc", "\xff\xfe", "\u202e", "\u0085", "\r"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		out := shown(s)
		if strings.ContainsFunc(out, func(r rune) bool { return !unicode.IsPrint(r) }) {
			t.Errorf("%q is shown as %q", s, out)
		}
		if s == strings.Map(func(r rune) rune {
			if !unicode.IsPrint(r) || r == unicode.ReplacementChar {
				return -1
			}
			return r
		}, s) && out != s {
			t.Errorf("%q needs no change, but is shown as %q", s, out)
		}
	})
}
