package web

import (
	"io/fs"
	"path"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode"
)

// TestTemplatesHoldNoText: what people read comes from the catalogue. Commands
// and what is marked as English for the administrator may stand by themselves.
func TestTemplatesHoldNoText(t *testing.T) {
	t.Parallel()
	action, tag := regexp.MustCompile(`(?s)\{\{.*?\}\}`), regexp.MustCompile(`(?s)<[^>]*>`)
	spoken := regexp.MustCompile(`\b(?:alt|title|placeholder|aria-label|content)="([^"]*)"`)
	may := []string{"bloxdrop", "· bloxdrop", "bloxdrop open", "state", "to do", "item", "SHA-256", "traceId"}
	files, err := fs.Glob(pageFiles, "page/*.html")
	if err != nil || len(files) < 3 {
		t.Fatal(files, err)
	}
	for _, name := range files {
		b, err := fs.ReadFile(pageFiles, name)
		if err != nil {
			t.Fatal(err)
		}
		text := action.ReplaceAllString(string(b), "\n")
		for _, m := range spoken.FindAllStringSubmatch(text, -1) {
			if strings.ContainsFunc(m[1], unicode.IsLetter) && !strings.Contains(m[0], `content="width`) && !slices.Contains([]string{`content="light dark"`, `content="noindex"`}, m[0]) {
				t.Errorf("%s says %s", path.Base(name), m[0])
			}
		}
		for _, part := range strings.Split(tag.ReplaceAllString(text, "\n"), "\n") {
			part = strings.TrimSpace(part)
			if strings.ContainsFunc(part, unicode.IsLetter) && !slices.Contains(may, part) {
				t.Errorf("%s says %q", path.Base(name), part)
			}
		}
	}
}
