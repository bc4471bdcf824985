package store

import (
	"unicode"
	"unicode/utf8"
)

// Fold makes one key of the ways to write one path. Windows has names that are
// not valid UTF-16, and those stay apart: their bytes are kept.
func Fold(path string) string {
	folded := make([]byte, 0, len(path))
	for i := 0; i < len(path); {
		r, n := utf8.DecodeRuneInString(path[i:])
		if r == utf8.RuneError && n == 1 {
			folded = append(folded, path[i])
		} else {
			folded = utf8.AppendRune(folded, foldRune(r))
		}
		i += n
	}
	return string(folded)
}

// foldRune leaves alone what only looks like a capital of another letter: for
// Windows the Turkish İ is none of i, nor the Kelvin sign of k, and files whose
// names differ by these stand beside each other.
func foldRune(r rune) rune {
	if lower := unicode.ToLower(r); unicode.ToUpper(lower) == r {
		return lower
	}
	return r
}
