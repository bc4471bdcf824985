// Package uploader is how one file goes out: it takes a job from the queue,
// checks the person, streams the file through the commit gate and tells the
// queue what the attempt came to.
//
// It promises that the last bytes of a body leave only after the queue has
// written down that the gate is open, and only for a file that still is, byte
// for byte and under the same path, what was offered. Whatever fails before
// that was certainly not stored, and is reported so; what fails after it
// without an answer is reported as uncertain and never as anything milder.
//
// It must never decide what follows from an outcome (the queue does), never
// try a job twice on its own except once with a new token, and never read a
// file through a link that leads out of its root.
package uploader

import (
	"context"
	"log/slog"
	"time"

	"bloxdrop/internal/bloxs"
	"bloxdrop/queue"
	"bloxdrop/store"
)

// Queue is what the uploader needs of package queue.
type Queue interface {
	// Next blocks until an item may be tried, and claims it. It fails only
	// when ctx ends or the queue is closed.
	Next(ctx context.Context) (*queue.Job, error)
	// Pace waits for this upload's turn under the rate limit. After an error
	// the job is given back as Stopped.
	Pace(ctx context.Context, job *queue.Job) error
	// OpenGate writes the open gate down; it is durable when nil comes back.
	// queue.ErrNotNow means that none may open at this moment. It is called a
	// second time for the same job where Bloxs refused the token only after
	// the whole body: that answer proves that nothing was stored.
	OpenGate(job *queue.Job, place store.Place) error
	// Done gives the job back with its outcome, exactly once. It never loses
	// a receipt.
	Done(job *queue.Job, o queue.Outcome)

	// Person says what is known of a person.
	Person(key store.PersonKey) (queue.PersonView, error)
	// PersonFound and PersonUnknown remember what a look-up found.
	PersonFound(key store.PersonKey, names []string) error
	PersonUnknown(key store.PersonKey, detail string) error
	// Confirmed says whether somebody has confirmed this folder's name.
	Confirmed(key store.PersonKey, folder string) bool
	// PaceLookUp waits for a look-up's turn.
	PaceLookUp(ctx context.Context) error
	// LookUpsForbidden turns look-ups off until then; LookUpsAllowed says
	// whether they are on.
	LookUpsForbidden(until time.Time)
	LookUpsAllowed() bool
	// NextLookUp blocks until an unknown person is due for another look-up.
	NextLookUp(ctx context.Context) (store.PersonKey, error)
}

var _ Queue = (*queue.Queue)(nil)

// Root is what the uploader needs to know of a watched root.
type Root struct {
	Verify string // VerifyName, VerifyExists or VerifyOff
}

// The values of Root.Verify: what is checked before a person's first file.
const (
	VerifyName   = "name"   // the person exists, and the folder's name is theirs
	VerifyExists = "exists" // the person exists
	VerifyOff    = "off"    // nothing
)

// Barred tells why nothing in a root may be read or sent now, "" where it may;
// soon, that this may end at any moment.
type Barred func(root string) (why string, soon bool)

// Options is all that an Uploader works with; every field is needed.
type Options struct {
	Queue         Queue
	Bloxs         *bloxs.Client
	Roots         map[string]Root // by root path
	Barred        Barred
	Workers       int
	MaxSize       int64         // in bytes
	StallTimeout  time.Duration // before the gate: no byte moved for so long
	AnswerTimeout time.Duration // after the last byte
	// Tried is told of each attempt, and must return at once. took is how long
	// the file itself was on its way, 0 where no request was begun.
	Tried func(class queue.Class, size int64, took time.Duration)
	Log   *slog.Logger
	Now   func() time.Time
}
