package words

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
)

// TestTextsAreComplete: each is there in both languages, with the same
// arguments, and where one has two forms, so has the other.
func TestTextsAreComplete(t *testing.T) {
	verb := regexp.MustCompile(`%(\[\d+\])?[a-z.\d]*[a-z]`)
	arguments := func(form string) (found []string) {
		for _, v := range verb.FindAllString(form, -1) {
			found = append(found, strings.Trim(v, "%0123456789."))
		}
		slices.Sort(found)
		return slices.Compact(found)
	}
	for key, is := range catalogue() {
		if is[0] == "" || is[1] == "" {
			t.Errorf("%s lacks a language: %q", key, is)
		}
		if strings.Count(is[0], "|") != strings.Count(is[1], "|") || strings.Count(is[0], "|") > 1 {
			t.Errorf("%s has other forms in one language: %q", key, is)
		}
		_, english, _ := strings.Cut("|"+is[0], "|")
		_, dutch, _ := strings.Cut("|"+is[1], "|")
		english, dutch = english[strings.Index(english, "|")+1:], dutch[strings.Index(dutch, "|")+1:]
		if !slices.Equal(arguments(english), arguments(dutch)) {
			t.Errorf("%s takes other arguments in one language: %q", key, is)
		}
	}
}

// said finds the keys that sources and templates name.
var said = regexp.MustCompile("(?:\\bSay\\(|\\bsay\\(|\\bsay )(?:\\(print )?\"([a-z0-9. -]+)\"")

// TestTextsAreUsed: what is said is in the catalogue, and nothing else is.
func TestTextsAreUsed(t *testing.T) {
	named := map[string]string{}
	var all strings.Builder
	err := filepath.WalkDir("../..", func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && (d.Name() == "node_modules" || strings.HasPrefix(d.Name(), ".") && d.Name() != "..") {
			return filepath.SkipDir
		}
		isText := filepath.Ext(path) == ".html" || filepath.Ext(path) == ".go" && !strings.HasSuffix(path, "_test.go")
		catalogues := []string{filepath.Join("..", "..", "internal", "words", "page.go"), filepath.Join("..", "..", "internal", "words", "notices.go")}
		if d.IsDir() || !isText || slices.Contains(catalogues, path) {
			return nil
		}
		b, err := os.ReadFile(path)
		for _, m := range said.FindAllStringSubmatch(string(b), -1) {
			named[m[1]] = path
		}
		if filepath.Base(filepath.Dir(path)) != "words" || filepath.Base(path) != "remedies.go" {
			all.Write(b)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(named) < 50 {
		t.Fatalf("only %d texts are said: the sources were not found", len(named))
	}
	for key, path := range named {
		if _, ok := catalogue()[key]; !ok && !strings.HasSuffix(key, ".") {
			t.Errorf("%s says %q, which is in no catalogue", path, key)
		}
	}
	source := all.String()
	for key := range catalogue() {
		head := key[:strings.LastIndexByte(key, '.')+1]
		if !strings.Contains(source, `"`+key+`"`) && (head == "" || !strings.Contains(source, `"`+head+`"`)) && !longer(source, key) {
			t.Errorf("nobody says %q", key)
		}
	}
}

// longer tells whether a key is put together of a beginning, something and an end.
func longer(source, key string) bool {
	parts := strings.Split(key, ".")
	return len(parts) == 3 && strings.Contains(source, `"`+parts[0]+`."`)
}

func TestWords(t *testing.T) {
	en, nl := In(English), In(Dutch)
	now := time.Date(2026, 11, 27, 9, 30, 0, 0, time.Local)
	for _, tt := range []struct{ got, want string }{
		{en.Say("state.good", 4312), "All 4,312 files are in Bloxs"},
		{nl.Say("state.good", 4312), "Alle 4.312 bestanden staan in Bloxs"},
		{en.Say("state.good", 1), "The one file is in Bloxs"},
		{nl.Say("file-id", "1042"), "bestands-ID 1042"},
		{en.Ago(59 * time.Second), "just now"},
		{en.Ago(2 * time.Minute), "2 minutes ago"},
		{nl.Ago(25 * time.Hour), "gisteren"},
		{en.Ago(73 * time.Hour), "3 days ago"},
		{en.At(now.Add(time.Hour), now), "at 10:30"},
		{nl.At(now.AddDate(0, 0, 1), now), "morgen om 09:30"},
		{en.At(now.AddDate(0, 0, -26), now), "on 1 November at 09:30"},
		{nl.At(now.AddDate(-1, 0, 0), now), "op 27 november 2025 om 09:30"},
		{en.Size(999), "999 bytes"}, {en.Size(1500), "2 KB"}, {nl.Size(2_500_000), "2,5 MB"},
		{en.For(90 * time.Second), "2 minutes"}, {nl.For(3 * time.Hour), "3 uur"},
		{nl.Say("no such text"), "[no such text]"},
		{In("de").Language(), English},
	} {
		if tt.got != tt.want {
			t.Errorf("%q, want %q", tt.got, tt.want)
		}
	}
}
