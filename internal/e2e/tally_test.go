package e2e

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"bloxdrop/internal/testfs"
)

// tally is a row of docs/RELIABILITY.md: how often something was done to the
// program, and what became of the files.
type tally struct {
	mu                                   sync.Mutex
	runs, lost, twice, broken, uncertain int
	files, gates                         int // gates that were open at a kill
}

// books are what the files were by which a run is judged: due is what Bloxs must
// hold in the end, whole is all that it may hold.
type books struct{ due, whole map[delivery]bool }

func newBooks() books { return books{map[delivery]bool{}, map[delivery]bool{}} }

// owe enters a file that stays where it is.
func (b books) owe(d delivery) { b.due[d], b.whole[d] = true, true }

// once is how often Bloxs may hold anything where nobody was in doubt.
func once(delivery) int { return 1 }

// judge counts what Bloxs has stored against the books, and says what is wrong.
// may says how often it may hold what it may.
func (o *office) judge(sums *tally, b books, may func(delivery) int) {
	o.t.Helper()
	got := map[delivery]int{}
	for _, f := range o.bloxs.Stored() {
		got[delivery{f.Person, f.SHA256}]++
	}
	sums.mu.Lock()
	defer sums.mu.Unlock()
	sums.files += len(b.due)
	for d := range b.due {
		if got[d] == 0 {
			sums.lost++
			o.t.Errorf("lost: %v", d)
		}
	}
	for d, n := range got {
		if sums.twice += n - 1; n > may(d) {
			o.t.Errorf("stored %d times, may be %d times: %v", n, may(d), d)
		}
		if !b.whole[d] {
			sums.broken++
			o.t.Errorf("never stood there whole: %v", d)
		}
	}
}

// print prints the row, and adds it to the file that BLOXDROP_ROWS names.
func (s *tally) print(t testing.TB, scenario string) {
	t.Helper()
	row := fmt.Sprintf("| %s | %d | %d | %d | %d | %d |", scenario, s.runs, s.lost, s.twice, s.broken, s.uncertain)
	testfs.Row(t, row)
}

// step is what these tests read of a journal line, by themselves.
type step struct {
	Op, Item, SHA256 string
	Person           struct{ ID string }
}

// steps are the whole lines of the journal.
func (o *office) steps() (all []step) {
	o.t.Helper()
	b, err := os.ReadFile(filepath.Join(o.storeDir(), "journal.jsonl"))
	if err != nil && !os.IsNotExist(err) {
		o.t.Fatal(err)
	}
	for raw := range bytes.Lines(b) {
		var s step
		if json.Unmarshal(raw, &s) == nil {
			all = append(all, s)
		}
	}
	return all
}

// openGates are the items behind whose last gate nothing follows, each with how
// many gates it has come to.
func openGates(all []step) map[string]int {
	open, gates := map[string]int{}, map[string]int{}
	for _, s := range all {
		switch s.Op {
		case "gate opened":
			gates[s.Item]++
			open[s.Item] = gates[s.Item]
		case "not stored", "uncertain", "receipt", "resolution":
			delete(open, s.Item)
		}
	}
	return open
}

// doubts counts for each delivery how often it became uncertain.
func doubts(all []step) map[delivery]int {
	n := map[delivery]int{}
	for _, s := range all {
		if s.Op == "uncertain" {
			n[delivery{s.Person.ID, s.SHA256}]++
		}
	}
	return n
}
