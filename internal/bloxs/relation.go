package bloxs

import "fmt"

// Relation is a kind of people or bodies in Bloxs to whose records files can
// be added. All have the same contract, at other addresses.
type Relation struct {
	Word    string // in config.toml, and in the ledger for ever
	One     string // what a message calls one of them
	LookUp  string // the path of GET, with one identifier as its query
	AddFile string // the path of POST, likewise
}

// Relations is every relation there is. Who wants one more adds a row.
func Relations() []Relation {
	return []Relation{
		{"persons", "person", "/api/v1/relations/persons", "/api/v1/relations/persons/files"},
		// That organisations are looked up as persons are is not written down
		// anywhere; where it is not so, verify = "off" sends without.
		{"organisations", "organisation", "/api/v1/relations/organisations", "/api/v1/relations/organisations/files"},
	}
}

// relationOf finds a relation by its word.
func relationOf(word string) (Relation, error) {
	for _, r := range Relations() {
		if r.Word == word {
			return r, nil
		}
	}
	return Relation{}, fmt.Errorf("there is no relation %q", word)
}

// OneOf is what a message calls one of a relation.
func OneOf(word string) string {
	r, err := relationOf(word)
	if err != nil {
		return "person" // a ledger may know a relation that this version doesn't
	}
	return r.One
}
