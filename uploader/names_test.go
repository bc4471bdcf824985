package uploader

import (
	"strings"
	"testing"
)

func TestSameName(t *testing.T) {
	vries := []string{"7f3a", "P. de Vries", "Mevrouw", "info@vries-bouw.nl", "van"}
	for _, c := range []struct {
		folder string
		texts  []string
		want   bool
	}{
		{"De Vries, Piet", vries, true},
		{"DE VRIES", vries, true},
		{"Jansen", vries, false},
		{"Vriesman", vries, false},                                 // a longer word is another name
		{"Jan", []string{"Jansen"}, false},                         // and so is a shorter one
		{"Berg", []string{"Bergsma"}, false},                       //
		{"", vries, true},                                          // nothing to compare
		{"P. H. Li", vries, true},                                  // no word of three letters
		{"1243", vries, true},                                      //
		{"IJsbrand", []string{"Ijsbrand Kok"}, true},               //
		{"ĳsbrand", []string{"IJsbrand"}, true},                    // the ligature
		{"d'Ancona", []string{"Dancona"}, true},                    // written as one word
		{"D’Ancona", []string{"d'Ancona, H."}, true},               // either apostrophe
		{"Jan van der Berg", []string{"W. van den Berg"}, true},    //
		{"Jan van der Berg", []string{"Piet van der Meer"}, false}, // "van der" is nobody's name
		{"Mevrouw Bakker", []string{"Mevrouw Smit"}, false},
		{"Van", []string{"K. Van"}, true}, // unless it is all there is
		{"Müller", []string{"MULLER"}, true},
		{"Muller", []string{"Mu\u0308ller"}, true}, // decomposed
		{"Łukasz", []string{"Lukasz Nowak"}, true},
		{"Strauß", []string{"STRAUSS"}, true},
		{"Sørensen", []string{"Sorensen"}, true},
		{"Jansen-Smit", []string{"Smit"}, true},
		{"Jansen_Smit", []string{"Smit"}, true},
		{"İnan", []string{"inan"}, true},
		{"Jansen", nil, false},
		{"Stichting Woonzorg", []string{"Stichting De Key"}, false}, // nor what kind of body it is
		{"VvE Parkzicht", []string{"Vereniging van Eigenaars Parkzicht"}, true},
		{"Bakkerij Smit B.V.", []string{"Smit Holding"}, true},
	} {
		if got := sameName(c.folder, c.texts); got != c.want {
			t.Errorf("folder %q, Bloxs %q: same name = %v, want %v", c.folder, c.texts, got, c.want)
		}
	}
}

func TestMismatchShowsNamesOnly(t *testing.T) {
	got := mismatch("Jansen", "person 1243", []string{
		"7f3a-11", "de", "P. de Vries", "info@devries.nl", "+31 20", "P. de Vries", "Pieter", "active",
		strings.Repeat("Naam ", 20), "Kerkstraat 4", "Amsterdam", "Utrecht",
	})
	want := `the folder says "Jansen", but person 1243 is "P. de Vries", "Pieter", "Amsterdam" in Bloxs`
	if got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	got = mismatch(strings.Repeat("é", 100), "organisation 1", []string{"12"})
	if want := `the folder says "` + strings.Repeat("é", 60) + `…", but nothing that Bloxs knows of organisation 1 has that name`; got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

// FuzzSameName holds the check to what a colleague would expect of any name.
func FuzzSameName(f *testing.F) {
	for _, s := range []string{"De Vries", "d'Ancona", "ĳsbrand", "Łukasz", "\xff", "İ", "van"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, name string) {
		if !sameName(name, []string{"something", name}) {
			t.Errorf("%q does not fit itself", name)
		}
		if len(lettersOf(fold(name))) > 0 && sameName(name, nil) {
			t.Errorf("%q fits a person of whom nothing is known", name)
		}
		if s := mismatch(name, "person 1", []string{name}); strings.ContainsAny(s, "\n\r\x1b") {
			t.Errorf("control characters in %q", s)
		}
	})
}
