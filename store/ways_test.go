package store

import (
	"maps"
	"os"
	"regexp"
	"slices"
	"testing"
)

// TestWaysAreDrawn compares docs/states.md with the table, in both directions.
// That the code goes no other way is TestModel's.
func TestWaysAreDrawn(t *testing.T) {
	doc, err := os.ReadFile("../docs/states.md")
	if err != nil {
		t.Fatal(err)
	}
	drawn := map[State][]State{}
	for _, m := range regexp.MustCompile(`(?m)^ +(\[\*\]|[a-z]+) --> ([a-z]+): \w`).FindAllStringSubmatch(string(doc), -1) {
		from := State(m[1])
		if from == "[*]" {
			from = ""
		}
		drawn[from] = append(drawn[from], State(m[2]))
	}
	table := ways()
	for _, from := range slices.Collect(maps.Keys(table)) {
		a, b := slices.Sorted(slices.Values(table[from])), slices.Sorted(slices.Values(drawn[from]))
		if !slices.Equal(a, b) {
			t.Errorf("from %q the table leads to %v, the drawing to %v", from, a, b)
		}
		delete(drawn, from)
	}
	for from := range drawn {
		t.Errorf("the drawing has a state %q that the table lacks", from)
	}
}

// ways are the steps that an item can take: from each state, "" for an item
// that is not there yet, to every state in which a method of Store may leave
// it. A state that leads to itself is one in which the record changes and the
// state doesn't. docs/states.md draws them and names the methods.
//
// Applying the journal at a start is no such method: the steps between two of
// its lines may be missing, and the lines alone say where the item stands.
func ways() map[State][]State {
	return map[State][]State{
		"":        {Waiting, Held, Skipped},
		Waiting:   {Waiting, Sending, Held, Withdrawn, Sent},
		Sending:   {Sending, Waiting, Sent, Held, Withdrawn},
		Sent:      {Sent, Waiting},
		Held:      {Held, Waiting, Sent, Withdrawn},
		Skipped:   {Skipped, Withdrawn}, // and, by Send, nothing at all
		Withdrawn: {Waiting, Held, Skipped},
	}
}
