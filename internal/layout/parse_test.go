package layout

import (
	"errors"
	"strings"
	"testing"
	"unicode/utf8"
)

func TestParseErrors(t *testing.T) {
	tests := []struct {
		pattern string
		column  int
		problem string // what the error contains
	}{
		{"", 1, "a folder is missing here"},
		{"/{reference}", 1, "a folder is missing here"},
		{"{reference}/", 13, "a folder is missing here"},
		{"*//{reference}", 3, "a folder is missing here"},
		{"../{reference}", 1, `no folder is called ".."`},
		{"Scans/*", 1, "says nowhere who the person is"},
		{"{reference}/{externalIdentifier}", 13, "a second identifier"},
		{"{reference}-{reference}", 13, "a second identifier"},
		{"{name}/{reference} {name}", 20, "a second {name}"},
		{"{reference}[ - {name", 16, `this "{" is not closed`},
		{"{reference}[ - {name}", 12, `this "[" is not closed`},
		{"{reference}[/{name}]", 12, `this "[" is not closed`},
		{"{reference}]", 12, `"]" closes nothing`},
		{"{reference}}", 12, `"}" closes nothing`},
		{"{reference}[]", 12, `"[]" is empty`},
		{"{reference}[a][]", 15, `"[]" is empty`},
		{"{reference}[a[b]]", 14, `"[" stands inside another "["`},
		{"{Reference}", 1, "write {reference}"},
		{"Zoë {number}", 5, "known are {reference}, {externalIdentifier} and {name}"},
		{"{reference}{name}", 12, "nothing tells where {reference} ends and {name} begins"},
		{"{reference}[{name}]", 13, "nothing tells where {reference} ends and {name} begins"},
		{"{reference}[ - ]{name}", 17, "nothing tells where {reference} ends and {name} begins"},
		{"[{name}]{reference}", 9, "nothing tells where {name} ends and {reference} begins"},
		{"a[ - {reference}]", 6, "{reference} may be missing here"},
		{"{reference}/[{name}]", 13, "everything in this folder's name is optional"},
		{"a*/{reference}", 2, `must be alone between two "/"`},
		{`{reference}\x`, 12, `between folders write "/", on Windows too`},
		{"a\x07{reference}", 2, "can't be seen (U+0007)"},
		{"a\xff{reference}", 1, "not valid UTF-8"},
		{strings.Repeat("a", 2000), 1025, "longer than 1024 characters"},
	}
	for _, tt := range tests {
		_, err := Parse(tt.pattern)
		var wrong *Error
		if !errors.As(err, &wrong) {
			t.Errorf("%q: got %v, want an error", tt.pattern, err)
			continue
		}
		if wrong.Column != tt.column || !strings.Contains(err.Error(), tt.problem) {
			t.Errorf("%q: got %v\nwant column %d and %q", tt.pattern, err, tt.column, tt.problem)
		}
	}
}

func TestErrorPointsIntoPattern(t *testing.T) {
	_, err := Parse("Zoë/{ref}")
	want := `column 5: {ref} is not known; known are {reference}, {externalIdentifier} and {name}
    Zoë/{ref}
        ^`
	if err == nil || err.Error() != want {
		t.Errorf("got\n%v\nwant\n%s", err, want)
	}
}

func TestOptionalPartsThatCanBeToldApart(t *testing.T) {
	for _, pattern := range []string{
		"{reference}[ - {name}]", "[{name} - ]{reference}", "{reference} {name}",
		"{reference}[a]-{name}", "{reference}[a][b]", "*/*/{reference}", "[a]{reference}",
	} {
		parse(t, pattern)
	}
}

func FuzzParse(f *testing.F) {
	for _, pattern := range []string{"{reference}[ - {name}]", "*/{externalIdentifier}", "[[]]{}/*", "{name}\u0301/\xff"} {
		f.Add(pattern)
	}
	f.Fuzz(func(t *testing.T, pattern string) {
		p, err := Parse(pattern)
		if err != nil {
			var wrong *Error
			if !errors.As(err, &wrong) || wrong.Problem == "" {
				t.Fatalf("not an *Error: %#v", err)
			}
			if wrong.Column < 1 || wrong.Column > utf8.RuneCountInString(wrong.Pattern)+1 {
				t.Fatalf("column %d is outside %q", wrong.Column, pattern)
			}
			return
		}
		if strings.Count(pattern, "{"+p.Kind()+"}") != 1 {
			t.Fatalf("%q was taken, with kind %q", pattern, p.Kind())
		}
	})
}
