package store

import (
	"os"
	"path/filepath"
	"testing"
)

// TestFold holds what is one path to what is one file.
func TestFold(t *testing.T) {
	for _, pair := range [][2]string{
		{"1042 - JANSEN/Lease.PDF", "1042 - jansen/lease.pdf"}, {"É", "é"}, {"Ÿ", "ÿ"}, {"Ж", "ж"}, {"Ω", "ω"}, {"Ĳ", "ĳ"}, // alike
		{"İ", "i"}, {"I", "ı"}, {"\u212a", "k"}, {"\u212b", "å"}, {"ẞ", "ß"}, {"ß", "ss"}, // apart
	} {
		dir := t.TempDir()
		for _, name := range pair {
			path := filepath.Join(dir, name)
			if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(path, nil, 0o644); err != nil {
				t.Fatal(err)
			}
		}
		first, err := os.Stat(filepath.Join(dir, pair[0]))
		if err != nil {
			t.Fatal(err)
		}
		second, err := os.Stat(filepath.Join(dir, pair[1]))
		if err != nil {
			t.Fatal(err)
		}
		if one := Fold(pair[0]) == Fold(pair[1]); one != os.SameFile(first, second) {
			t.Errorf("%q and %q: one key %v, one file %v", pair[0], pair[1], one, !one)
		}
	}
}
