package app

import (
	"strings"
	"testing"

	"bloxdrop/internal/bloxs"
	"bloxdrop/internal/words"
	"bloxdrop/store"
)

// TestEachIsSaid: page, notices and alerts put some of their keys together, of
// causes, states, reasons and relations, and no compiler sees that one is missing.
func TestEachIsSaid(t *testing.T) {
	var keys []string
	for _, cause := range causes() {
		keys = append(keys, "pause."+cause, "pause."+cause+".do")
	}
	for _, reason := range []store.Reason{store.Rejected, store.UnknownPerson, store.NameMismatch, store.Uncertain} {
		keys = append(keys, "held."+string(reason), "held."+string(reason)+".do")
	}
	for _, state := range itemStates() {
		if state != store.Held { // of which the reason is said
			keys = append(keys, "is."+string(state))
		}
		if state != store.Sending { // whose list is the flights
			keys = append(keys, "list."+string(state), "list."+string(state)+".says")
		}
	}
	for _, r := range bloxs.Relations() {
		keys = append(keys, "notice."+r.Word)
	}
	w := words.In(words.English)
	for _, key := range keys {
		if strings.HasPrefix(w.Say(key), "[") {
			t.Errorf("nothing is said for %q: write it into internal/words", key)
		}
	}
}
