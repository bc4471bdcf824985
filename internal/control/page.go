package control

import "time"

// What the status page shows beside the answers to commands.

// Row is an item as the page lists it.
type Row struct {
	Entry
	Root, Rel string   // of Path
	Folder    string   // the name that its folder shows, "" where it shows none
	Kind      string   // of the person's identifier
	Names     []string // that Bloxs has of the person
	Due       time.Time
	Seen      time.Time
	Since     time.Time // of its state
	Delivered time.Time // when Bloxs took it
	Uncertain int       // how many of its uploads ended without an answer
}

// Rows is a stretch of a list, and where it goes on.
type Rows struct {
	Rows []Row
	Next string // "" behind the last
}

// Held is what needs somebody, by reason: some rows of each, and how many there are.
type Held struct {
	Rows   []Row // the newest first
	Counts map[string]int
	Looked int // at so many, the newest
}

// Hour is how many files Bloxs took within the hour that begins at At.
type Hour struct {
	At    time.Time
	Files int
}

// Flight is a file that is on its way now.
type Flight struct {
	Row
	Begun time.Time
	Moved int64  // bytes
	Stage string // Checking, Uploading or Answering
}

// The stages of a flight.
const (
	Checking  = "checking"  // its turn, its person and its file are looked at
	Uploading = "uploading" // its bytes leave
	Answering = "answering" // all have left but for the answer
)

// Person is somebody whose files are known.
type Person struct {
	Environment, Relation, Kind, ID string
	Names                           []string
}

// Found is what a search came to.
type Found struct {
	Persons    []Person
	AllPersons bool // all were looked at
	Rows       Rows
	Part       float64 // of all items was looked at
}

// Step is one moment of a file's story.
type Step struct {
	At     time.Time
	What   string // a step's name in the journal
	FileID int64
	Detail string
}

// Story is all that is known of one file.
type Story struct {
	Row            Row
	Reason, Remedy string // as `explain` says it
	Steps          []Step
	AllSteps       bool // nothing is missing between them
}

// Warning is a line of the log that somebody should see.
type Warning struct {
	At     time.Time
	Error  bool // else a warning
	Text   string
	Detail string // its attributes
}

// Pace says how fast files go.
type Pace struct {
	PerMinute float64   // 0: nobody can tell
	NotBefore time.Time // the last of the next tries that are not due yet
}
