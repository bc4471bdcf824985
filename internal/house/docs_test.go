package house

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

var (
	links = regexp.MustCompile(`\]\(([^)\s]*)\)`)
	heads = regexp.MustCompile(`(?m)^#+ (.*)$`)
	other = regexp.MustCompile(`[^\pL\pN _-]`)
	// what a document says to be in a file: `A.name` or `other` in [file](path.go)
	named = regexp.MustCompile("`([\\w.]+)`(?: or `([\\w.]+)`)?\\s+(?:in\\s+|\\()\\[[^\\]]*\\]\\(([^)#]+\\.go)\\)")
)

// TestDocuments: each link leads somewhere, and what is named stands in the
// file that is named with it.
func TestDocuments(t *testing.T) {
	all, err := filepath.Glob("../../docs/*.md")
	if err != nil || len(all) == 0 {
		t.Fatal(all, err)
	}
	for _, doc := range append(all, "../../README.md", "../../CONTRIBUTING.md", "../../CHANGELOG.md") {
		text := read(t, doc)
		for _, m := range links.FindAllStringSubmatch(text, -1) {
			path, anchor, _ := strings.Cut(m[1], "#")
			if strings.Contains(path, "://") {
				continue
			}
			at := doc
			if path != "" {
				at = filepath.Join(filepath.Dir(doc), filepath.FromSlash(path))
			}
			if _, err := os.Stat(at); err != nil || anchor != "" && !hasHead(read(t, at), anchor) {
				t.Errorf("%s: the link to %s leads nowhere", doc, m[1])
			}
		}
		for _, m := range named.FindAllStringSubmatch(text, -1) {
			code := read(t, filepath.Join(filepath.Dir(doc), filepath.FromSlash(m[3])))
			for _, name := range m[1:3] {
				word := name[strings.LastIndexByte(name, '.')+1:]
				if !regexp.MustCompile(`\b` + word + `\b`).MatchString(code) {
					t.Errorf("%s: there is no %q in %s", doc, name, m[3])
				}
			}
		}
	}
}

var tests = regexp.MustCompile(`\b(Test|Fuzz)[A-Z]\w+`)

// TestNamedTestsExist: a test that a document or a script of .ci asks for, maybe
// by the beginning of its name, is there.
func TestNamedTestsExist(t *testing.T) {
	there := map[string]bool{}
	err := filepath.WalkDir("../..", func(path string, d os.DirEntry, err error) error {
		if err != nil || !strings.HasSuffix(path, "_test.go") {
			return err
		}
		for _, m := range regexp.MustCompile(`(?m)^func ((Test|Fuzz)\w+)\(`).FindAllStringSubmatch(read(t, path), -1) {
			for end := range len(m[1]) {
				there[m[1][:end+1]] = true
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, pattern := range []string{"../../docs/*.md", "../../*.md", "../../.ci/*"} {
		paths, err := filepath.Glob(pattern)
		if err != nil || len(paths) == 0 {
			t.Fatal(pattern, err)
		}
		for _, path := range paths {
			for _, name := range tests.FindAllString(read(t, path), -1) {
				if !there[name] {
					t.Errorf("%s names %s, which is not there", path, name)
				}
			}
		}
	}
}

func read(t *testing.T, path string) string {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// hasHead tells whether a document has a heading with this anchor.
func hasHead(text, anchor string) bool {
	for _, m := range heads.FindAllStringSubmatch(text, -1) {
		if anchor == strings.ReplaceAll(other.ReplaceAllString(strings.ToLower(m[1]), ""), " ", "-") {
			return true
		}
	}
	return false
}
