package store

import (
	"maps"
	"os"
	"regexp"
	"slices"
	"testing"
)

// TestWaysAreDrawn compares docs/states.md with the table, in both directions.
// That the code goes no other way is TestRandomWalk's.
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
