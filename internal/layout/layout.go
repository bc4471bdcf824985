// Package layout tells from a file's folders whose file it is.
//
// A pattern such as "{reference}[ - {name}]" describes the folders from the
// root down to a person's folder:
//
//	{reference}           the person's number in Bloxs: no white space
//	{externalIdentifier}  the caller's own identifier: white space inside is allowed
//	{name}                any text: what the folder says that the person is called
//	*                     any one whole folder, alone between two "/"
//	[ ]                   a part that may be missing; not nested, never around an identifier
//	/                     between folders
//
// Exactly one identifier stands in a pattern, {name} at most once, and all
// other text stands for itself, case included. Each folder is matched as a
// whole, in Unicode's composed form (NFC) and without white space at its ends.
// Each value is as short as the rest of the folder's name allows, and an
// optional part is taken wherever it fits.
//
// The package promises that a folder either shows exactly one identifier, or
// is unmatched with a reason that a colleague can act upon. It must never
// guess: what could be read in two ways is refused when the pattern is parsed.
package layout

import (
	"regexp"
	"slices"
	"strings"

	"golang.org/x/text/unicode/norm"
)

// The kinds of identifier, as Bloxs's query parameters are called.
const (
	Reference          = "reference"
	ExternalIdentifier = "externalIdentifier"
)

const placeholderName = "name"

// Person is what a pattern found in a file's folders.
type Person struct {
	Kind  string // Reference or ExternalIdentifier
	ID    string // never empty, without white space at its ends
	Name  string // what {name} showed, or ""
	Depth int    // how many folders the pattern took; folders[:Depth] is the person's folder
}

// Pattern is a parsed layout. It is safe for concurrent use.
type Pattern struct {
	text    string
	kind    string
	hasName bool
	folders []folder // one for each folder, from the root down
}

// folder is the part of a pattern that describes one folder.
type folder struct {
	text    string         // as it was written, without white space at its ends
	expr    *regexp.Regexp // nil for "*"
	example string         // a name that fits
}

// String returns the pattern as it was written.
func (p *Pattern) String() string { return p.text }

// Example is a name that fits a person's folder.
func (p *Pattern) Example() string {
	for _, f := range slices.Backward(p.folders) {
		if f.expr != nil {
			return f.example
		}
	}
	return ""
}

// Kind returns Reference or ExternalIdentifier.
func (p *Pattern) Kind() string { return p.kind }

// HasName tells whether the pattern has a {name}.
func (p *Pattern) HasName() bool { return p.hasName }

// Match tells whose file lies in these folders, given from the root down. Folders
// below the person's own are ignored. The error is always an *Unmatched.
func (p *Pattern) Match(folders []string) (Person, error) {
	person := Person{Kind: p.kind, Depth: len(p.folders)}
	for i, f := range p.folders {
		if i >= len(folders) {
			return Person{}, p.tooShallow(folders)
		}
		if f.expr == nil {
			continue
		}
		name := strings.TrimSpace(norm.NFC.String(folders[i]))
		values := f.expr.FindStringSubmatch(name)
		if values == nil {
			return Person{}, f.unlike(folders[i])
		}
		for j, group := range f.expr.SubexpNames() {
			switch value := strings.TrimSpace(values[j]); group {
			case p.kind:
				if err := checkIdentifier(p.kind, value, folders[i]); err != nil {
					return Person{}, err
				}
				person.ID = value
			case placeholderName:
				person.Name = strings.ToValidUTF8(value, "\uFFFD")
			}
		}
	}
	return person, nil
}
