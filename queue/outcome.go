package queue

import "time"

// Class is what an attempt came to; docs/states.md says what follows from each.
type Class string

// The outcome classes.
const (
	Delivered     Class = "delivered"      // a file ID after the gate
	Transient     Class = "transient"      // certainly not stored, tried again for ever
	SignIn        Class = "sign-in"        // 401 also with a new token
	Denied        Class = "denied"         // 403 also with a new token, or sign-in refused
	Limited       Class = "limited"        // 429
	UnknownPerson Class = "unknown person" // Bloxs knows no such person
	NameMismatch  Class = "name mismatch"  // the folder's name is not this person's
	Rejected      Class = "rejected"       // Bloxs, or max_size, refuses this file
	Misconfigured Class = "misconfigured"  // the address does not lead to Bloxs
	Uncertain     Class = "uncertain"      // nobody can say whether it was stored
	Stale         Class = "stale"          // the file changed before the gate
	Away          Class = "away"           // its root is offline, or waits to be adopted
	Stopped       Class = "stopped"        // we stopped before the gate, or behind one that the Status of an answer has shut: no failure, no attempt
)

// Classes lists them all.
func Classes() []Class {
	return []Class{Delivered, Transient, SignIn, Denied, Limited, UnknownPerson, NameMismatch, Rejected, Misconfigured, Uncertain, Stale, Away, Stopped}
}

// Outcome is how one attempt ended, as the uploader saw it.
type Outcome struct {
	Class      Class
	FileID     int64         // Delivered only
	Detail     string        // one sentence for people: Bloxs's own words where it had any
	TraceID    string        // Bloxs's traceId, where it gave one
	Status     int           // the HTTP status, 0 where there was no answer
	Doubtful   bool          // Stale only: the content was not what its unchanged look promised
	Known      bool          // UnknownPerson only: the look-up that told has been written down
	RetryAfter time.Duration // Limited: 0 where Bloxs did not say; Away: 0 where nobody can say
}
