// Package control lets commands ask the running service: what stands where,
// why, and what a person wants done about it.
//
// It promises that the same question has the same answer whether the service
// or, with none running, the command itself reads the ledger; and that only
// who can read control.json in the store's folder is heard, over loopback.
//
// It must never decide anything itself, nor carry a secret or a file's content.
package control

import (
	"context"
	"io"
	"time"
)

// Desk answers commands. The app is one, and so is a Client of a running one.
type Desk interface {
	Status(ctx context.Context) (Status, error)
	// List calls each for every item, or file that is none, that is asked for.
	List(ctx context.Context, which Selection, each func(Entry) error) error
	Explain(ctx context.Context, path string) (Explanation, error)
	// Backup writes a backup of the store to w.
	Backup(ctx context.Context, w io.Writer) error
	// The others do something and say what they did.
	Retry(ctx context.Context, paths []string, all bool) (string, error)
	Resolve(ctx context.Context, r Resolution) (string, error)
	Confirm(ctx context.Context, path string) (string, error)
	// Send sends what is skipped at or below a path; with again, one sent file a second time.
	Send(ctx context.Context, path string, again bool) (string, error)
	Forget(ctx context.Context, person string) (string, error)
	Pause(ctx context.Context) (string, error)
	Resume(ctx context.Context) (string, error)
	Adopt(ctx context.Context, root, existing string) (string, error)
	// OpenPage gives an address that signs one browser in to the page as who.
	OpenPage(ctx context.Context, who string) (string, error)
}

// Selection says what to list.
type Selection struct {
	State  string // "": items in all states
	Person string // a bare identifier, in whatever relation; "": everybody's
}

// Status is `status --json`.
type Status struct {
	Version string  `json:"version"`
	State   string  `json:"state"` // "running", "paused", "stopped"
	Pauses  []Pause `json:"pauses"`

	// Items.
	Sent      int `json:"sent"`
	Waiting   int `json:"waiting"`
	Sending   int `json:"sending"`
	Held      int `json:"held"`
	Skipped   int `json:"skipped"`
	Withdrawn int `json:"withdrawn"`

	// Files that are there now.
	Settling  int `json:"settling"`
	Unmatched int `json:"unmatched"`
	Ignored   int `json:"ignored"`
	Duplicate int `json:"duplicate"` // further places of an item
	Files     int `json:"files"`

	SettlingLong         int      `json:"settling_long,omitempty"` // of those that settle: for over an hour
	OldestWaitingSeconds int64    `json:"oldest_waiting_seconds"`
	Roots                []Root   `json:"roots"`
	Notes                []string `json:"notes,omitempty"` // what else somebody should know
}

// The values of Status.State.
const (
	Running = "running"
	Paused  = "paused"
	Stopped = "stopped"
)

// Pause is one cause for which nothing is sent.
type Pause struct {
	Cause  string `json:"cause"`
	Since  string `json:"since"`
	Until  string `json:"until"` // "" where only a person ends it
	Remedy string `json:"remedy"`
}

// Root is one watched tree.
type Root struct {
	Path       string `json:"path"`
	Online     bool   `json:"online"`
	Offline    string `json:"offline,omitempty"` // why it is
	Events     bool   `json:"events"`
	Files      int    `json:"files"`
	LastRescan string `json:"last_rescan"`
	Paused     bool   `json:"paused"`
	Unreadable int    `json:"unreadable,omitempty"` // folders that can't be listed
}

// Entry is one item in `list --json`.
type Entry struct {
	Item      string   `json:"item"`
	Path      string   `json:"path"`
	Paths     []string `json:"paths"`
	Person    string   `json:"person"`
	Relation  string   `json:"relation"`
	State     string   `json:"state"`
	Reason    string   `json:"reason"` // of a held one a word; of a file that is no item's a sentence, as Detail
	Detail    string   `json:"detail"`
	TraceID   string   `json:"trace_id"`
	Attempts  int      `json:"attempts"`
	NextTry   string   `json:"next_try"`
	FileID    int64    `json:"file_id"`
	SHA256    string   `json:"sha256"`
	Size      int64    `json:"size"`
	FirstSeen string   `json:"first_seen"`
	SentAt    string   `json:"sent_at"`
}

// Explanation says for one path what it is and why.
type Explanation struct {
	Path   string `json:"path"`
	State  string `json:"state"`  // one word or two
	Reason string `json:"reason"` // a sentence
	Remedy string `json:"remedy"` // what to do, "" where nothing is to be done

	Confirmed bool   `json:"confirmed,omitempty"` // of a folder: its name was said to be right
	Item      *Entry `json:"item,omitempty"`
}

// Resolution is a person's word about an uncertain upload.
type Resolution struct {
	Target string // a path or an item
	Sent   bool   // it is in Bloxs; else it is to be sent again
	FileID int64
}

// Stamp writes a time as JSON answers have it; "" for none.
func Stamp(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.RFC3339)
}
