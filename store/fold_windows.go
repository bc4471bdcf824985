package store

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// Fold makes one key of the ways to write one path. Windows has names that are
// not valid UTF-16, and those stay apart: their bytes are kept.
func Fold(path string) string {
	if utf8.ValidString(path) {
		return strings.ToLower(path)
	}
	folded := make([]byte, 0, len(path))
	for i := 0; i < len(path); {
		r, n := utf8.DecodeRuneInString(path[i:])
		if r == utf8.RuneError && n == 1 {
			folded = append(folded, path[i])
		} else {
			folded = utf8.AppendRune(folded, unicode.ToLower(r))
		}
		i += n
	}
	return string(folded)
}
