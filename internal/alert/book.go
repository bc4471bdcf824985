package alert

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"time"
)

// Kind is what sort of trouble it is.
type Kind string

// The kinds.
const (
	Waiting    Kind = "waiting"    // files wait and don't get through
	Held       Kind = "held"       // files need somebody; What is the reason
	Paused     Kind = "paused"     // What is the cause
	Offline    Kind = "offline"    // a root
	Unreadable Kind = "unreadable" // folders of a root
	Settling   Kind = "settling"   // files don't become whole
)

// Trouble is one thing that is wrong at the moment.
type Trouble struct {
	Kind  Kind      `json:"kind"`
	What  string    `json:"what,omitempty"`
	Root  int       `json:"root,omitempty"`  // its number in config.toml, from 1
	Count int       `json:"count,omitempty"` // of files or folders
	Since time.Time `json:"since"`           // zero: since it was found

	AtOnce    bool `json:"-"` // it will not end by itself
	Explained bool `json:"-"` // by another trouble: it is not begun to tell of it
	Unsure    bool `json:"-"` // nobody can tell yet, as after a start: it is neither begun nor over
}

func (t Trouble) key() string { return fmt.Sprint(t.Kind, "/", t.What, "/", t.Root) }

// record is what is remembered of a trouble.
type record struct {
	Trouble
	Gone time.Time `json:"gone"` // since when it is not found any more; zero: it is there
	Told bool      `json:"told"`
}

// book knows what is wrong and what has been said of it.
type book struct {
	after    time.Duration
	calm     time.Duration // how long a trouble must stay away to be over
	gather   time.Duration // how long the first that is due waits for others
	known    map[string]*record
	due      time.Time // when the first was that is not told; zero: none is
	nextLook time.Time
	wrote    string // what alerts.json holds
	warned   bool   // that it can't be written
}

const (
	calmAtMost   = 5 * time.Minute
	gatherAtMost = time.Minute
)

func newBook(after time.Duration) book {
	return book{after: after, calm: min(after, calmAtMost), gather: min(after/4, gatherAtMost), known: map[string]*record{}}
}

// news is what has to be said now.
type news struct{ begun, over, still []Trouble }

func (n news) empty() bool { return len(n.begun)+len(n.over) == 0 }

// look takes what is wrong at the moment, and gives what has to be said. What
// comes and goes in less than calm counts as one trouble.
func (b *book) look(now time.Time, all []Trouble) (n news) {
	there := map[string]bool{}
	for _, t := range all {
		there[t.key()] = true
		b.note(now, t)
	}
	for key, r := range b.known {
		if there[key] {
			continue
		}
		if r.Gone.IsZero() {
			r.Gone = now
		}
		if now.Sub(r.Gone) < b.calm {
			continue
		}
		if r.Told {
			n.over = append(n.over, r.Trouble)
		}
		delete(b.known, key)
	}
	n.begun = b.isDue(now)
	for _, r := range b.known {
		if r.Told && !slices.ContainsFunc(n.begun, func(t Trouble) bool { return t.key() == r.key() }) {
			n.still = append(n.still, r.Trouble)
		}
	}
	for _, list := range [][]Trouble{n.begun, n.over, n.still} {
		slices.SortFunc(list, func(x, y Trouble) int { return cmp.Compare(x.key(), y.key()) })
	}
	return n
}

func (b *book) note(now time.Time, t Trouble) {
	r := b.known[t.key()]
	switch {
	case t.Unsure:
		if r != nil && r.Told {
			r.Gone = time.Time{}
		}
		return
	case r == nil:
		if t.Since.IsZero() {
			t.Since = now
		}
		r = &record{Trouble: t}
		b.known[t.key()] = r
	}
	r.Gone, r.Count, r.AtOnce = time.Time{}, t.Count, t.AtOnce
	if t.Explained && !r.Told {
		r.Since = now // what explains it has to be away as long before it counts
	}
}

// isDue gives the troubles that have lasted, and notes them as told. The first
// of them waits a little, so that what has one reason goes in one message.
func (b *book) isDue(now time.Time) (due []Trouble) {
	for _, r := range b.known {
		lasted := now.Sub(r.Since)
		if !r.Told && r.Gone.IsZero() && (r.AtOnce || lasted >= b.after) {
			due = append(due, r.Trouble)
		}
	}
	if len(due) == 0 {
		b.due = time.Time{}
		return nil
	}
	if b.due.IsZero() {
		b.due = now
	}
	if now.Sub(b.due) < b.gather {
		return nil
	}
	b.due = time.Time{}
	for _, t := range due {
		b.known[t.key()].Told = true
	}
	return due
}

// recalled takes over what a former process knew. What is not found again
// within calm is over.
func (b *book) recalled(now time.Time, all []record) {
	for _, r := range all {
		if r.Gone.IsZero() {
			r.Gone = now
		}
		b.known[r.key()] = &r
	}
}

func (b *book) records() (all []record) {
	for _, key := range slices.Sorted(maps.Keys(b.known)) {
		all = append(all, *b.known[key])
	}
	return all
}
