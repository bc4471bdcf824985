package layout

import (
	"errors"
	"strings"
	"testing"
	"unicode"
)

func parse(t *testing.T, pattern string) *Pattern {
	t.Helper()
	p, err := Parse(pattern)
	if err != nil {
		t.Fatalf("Parse(%q): %v", pattern, err)
	}
	return p
}

func TestMatch(t *testing.T) {
	const usual = "{reference}[ - {name}]"
	tests := []struct {
		pattern, folders string // folders joined by "/"
		id, name         string // id "" = unmatched
	}{
		{usual, "1234", "1234", ""},
		{usual, "1234 - Jansen", "1234", "Jansen"},
		{usual, "1234 - Jansen - de Vries", "1234", "Jansen - de Vries"},
		{usual, "  1234 - Jansen \u00a0", "1234", "Jansen"},
		{usual, "1234 -   Jansen", "1234", "Jansen"},
		{usual, "12-34", "12-34", ""},
		{usual, "1234/passport/2026", "1234", ""},
		{usual, "New folder", "", ""},
		{usual, "Nieuwe\u00a0map", "", ""},
		{usual, "1234 -", "", ""},
		{usual, "1234 - ", "", ""},
		{usual, " - Jansen", "", ""},
		{usual, "1234 Jansen", "", ""},
		{usual, "---", "", ""},
		{usual, "", "", ""},
		{"{reference}_{name}", "1_2_3", "1", "2_3"},
		{"{name} ({reference})", "Jansen (P.) (12)", "12", "Jansen (P.)"},
		{"*/{reference}", "A/12", "12", ""},
		{"*/{reference}", "New folder/12/x", "12", ""},
		{"*/{reference}", "12", "", ""},
		{"{name}/{reference}", "P. Jansen/12", "12", "P. Jansen"},
		{"{reference}/Scans", "12/Scans/x", "12", ""},
		{"{reference}/Scans", "12/scans", "", ""},
		{"Clients/{reference}", "Clients/12", "12", ""},
		{" Clients / {reference} ", "Clients/12", "12", ""},
		{"{externalIdentifier}", "New folder", "New folder", ""},
		{"{externalIdentifier}[ - {name}]", "A 12 - Jansen - x", "A 12", "Jansen - x"},
		{"[{name} - ]{externalIdentifier}", "Jansen - A 12", "A 12", "Jansen"},
		{"[{name} - ]{externalIdentifier}", "A 12", "A 12", ""},
		{"{reference}.{name}[.x]", "1.b.x", "1", "b"},
		{"(a.b+c){reference}", "(a.b+c)1", "1", ""},
		{"(a.b+c){reference}", "(axb+c)1", "", ""},
		{"{reference} - Zoe\u0308", "1 - Zo\u00eb", "1", ""}, // both forms are one
		{"{reference}", "Zoe\u0308", "Zo\u00eb", ""},
		{"{reference}", "12\u200b34", "", ""},
		{"{reference}", "12\x0734", "", ""},
		{"{externalIdentifier}", "12\t34", "", ""},
		{"{reference}", "\u202e1234", "", ""},
		{"{reference}", "12\xff", "", ""},
		{usual, "12 - J\xff", "12", "J\ufffd"},
	}
	for _, tt := range tests {
		got, err := parse(t, tt.pattern).Match(strings.Split(tt.folders, "/"))
		if got.ID != tt.id || got.Name != tt.name || (err != nil) != (tt.id == "") {
			t.Errorf("%q on %q: got %+v, %v; want %q, %q", tt.pattern, tt.folders, got, err, tt.id, tt.name)
		}
	}
}

func TestPatternKnowsItself(t *testing.T) {
	p := parse(t, "*/{externalIdentifier}, {name}/x")
	if p.Kind() != ExternalIdentifier || !p.HasName() || p.String() != "*/{externalIdentifier}, {name}/x" {
		t.Errorf("got %q, %v, %q", p.Kind(), p.HasName(), p)
	}
	person, err := p.Match([]string{"a", "1, b", "x", "deeper"})
	if want := (Person{Kind: ExternalIdentifier, ID: "1", Name: "b", Depth: 3}); person != want || err != nil {
		t.Errorf("got %+v, %v; want %+v", person, err, want)
	}
	if parse(t, "{reference}").HasName() {
		t.Error("a name is seen where there is none")
	}
}

func TestReasons(t *testing.T) {
	tests := []struct{ pattern, folders, want string }{
		{"{reference}[ - {name}]", "New folder",
			`the folder "New folder" does not look like "{reference}[ - {name}]"; a name that does is "1234 - Jansen"`},
		{"*/{reference}", "",
			`the file lies loose in the root; the layout "*/{reference}" wants it in a folder further down`},
		{"{reference}", "",
			`the file lies loose in the root; move it into a folder there that looks like "{reference}", such as "1234"`},
		{"*/{reference}", "A",
			`the file lies loose in "A"; move it into a folder there that looks like "{reference}", such as "1234"`},
		{"{reference}", "12\u200b34",
			`the reference in the folder "12\u200b34" holds a character that can't be seen (U+200B); type the folder's name anew`},
		{"{externalIdentifier}", "--",
			`the folder "--" shows "--" as externalIdentifier, which has neither a letter nor a digit; rename it`},
		{"{reference}", "1\xff",
			`the folder "1\xff" has a name that is not valid UTF-8, so its reference can't be read; rename it`},
	}
	for _, tt := range tests {
		var folders []string
		if tt.folders != "" {
			folders = strings.Split(tt.folders, "/")
		}
		_, err := parse(t, tt.pattern).Match(folders)
		var why *Unmatched
		if !errors.As(err, &why) || why.Reason != tt.want || err.Error() != tt.want {
			t.Errorf("%q on %q:\n got %v\nwant %s", tt.pattern, tt.folders, err, tt.want)
		}
	}
}

func TestExamplesFit(t *testing.T) {
	for _, pattern := range []string{"{reference}[ - {name}]", "*/{name}, {externalIdentifier}[x]/Scans"} {
		p := parse(t, pattern)
		folders := make([]string, len(p.folders))
		for i, f := range p.folders {
			folders[i] = f.example
		}
		if _, err := p.Match(folders); err != nil {
			t.Errorf("the example %q for %q does not fit: %v", folders, pattern, err)
		}
	}
}

func FuzzMatch(f *testing.F) {
	f.Add("{reference}[ - {name}]", "1234 - Jansen/x")
	f.Add("*/{externalIdentifier} {name}", "a/b c")
	f.Add("[{name}_]{reference}", "\u0085_\ufeff")
	f.Fuzz(func(t *testing.T, pattern, path string) {
		p, err := Parse(pattern)
		if err != nil {
			return
		}
		person, err := p.Match(strings.Split(path, "/"))
		if err != nil {
			var why *Unmatched
			if !errors.As(err, &why) || why.Reason == "" {
				t.Fatalf("no reason: %#v", err)
			}
			return
		}
		if person.Depth < 1 || person.Depth > strings.Count(path, "/")+1 {
			t.Fatalf("depth %d in %q", person.Depth, path)
		}
		if person.ID == "" || person.ID != strings.TrimSpace(person.ID) || strings.ContainsFunc(person.ID, unicode.IsControl) {
			t.Fatalf("identifier %q", person.ID)
		}
		if person.Kind == Reference && strings.ContainsFunc(person.ID, unicode.IsSpace) {
			t.Fatalf("reference with white space %q", person.ID)
		}
		if person.Name != "" && !p.HasName() {
			t.Fatalf("name %q from %q", person.Name, pattern)
		}
	})
}
