package queue

import (
	"errors"

	"bloxdrop/store"
)

// ErrNotNow says that no gate may open and no request leave at this moment: a
// pause began, the service stops, or an uncertain outcome asks for caution.
var ErrNotNow = errors.New("not now")

// Job is one item, claimed for one attempt by one worker.
type Job struct {
	Item   store.Item
	Places []store.Place // newest first, at most 8
	Probe  bool          // the one attempt by which a pause finds out whether it can end

	lone  bool // begun, or past its gate, while gates open one at a time
	gated bool // its gate is open
}

// PersonView is what is known of a person when a file of theirs is to be sent.
type PersonView struct {
	Fresh bool // a look-up has answered within the last day
	Known bool
	Names []string // every text in Bloxs's answer
}
