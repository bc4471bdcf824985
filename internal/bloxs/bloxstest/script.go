package bloxstest

import (
	"context"
	"maps"
	"sync"
)

// Script tells one kind of call how to go wrong, and counts the calls.
type Script struct {
	changed *signal

	mu     sync.Mutex
	next   []Fault
	always *Fault
	people map[string]Fault
	begun  int
}

func newScript(changed *signal) *Script {
	return &Script{changed: changed, people: map[string]Fault{}}
}

// Next lines up faults, one for each of the next calls. OK lets one pass.
func (s *Script) Next(faults ...Fault) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.next = append(s.next, faults...)
}

// Always gives every call the fault, once those of Next are used up.
func (s *Script) Always(f Fault) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.always = &f
}

// For gives every call about this person the fault, before any other.
func (s *Script) For(personID string, f Fault) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.people[personID] = f
}

// Clear ends all faults.
func (s *Script) Clear() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.next, s.always = nil, nil
	s.people = map[string]Fault{}
}

// Count is how many calls have begun.
func (s *Script) Count() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.begun
}

// WaitBegun waits until at least n calls have begun.
func (s *Script) WaitBegun(ctx context.Context, n int) error {
	return s.changed.wait(ctx, func() bool { return s.Count() >= n })
}

// begin counts a call and says what is to happen to it.
func (s *Script) begin(personID string) Fault {
	defer s.changed.raise()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.begun++
	if f, ok := s.people[personID]; ok {
		return f
	}
	if len(s.next) > 0 {
		f := s.next[0]
		s.next = s.next[1:]
		return f
	}
	if s.always != nil {
		return *s.always
	}
	return OK()
}

// people is whom the server knows besides those of the Options, by whatever relation; nil means that the
// person is gone.
type people struct {
	mu    sync.Mutex
	known map[string]*Person
}

func (p *people) set(id string, person *Person) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.known[id] = person
}

func (p *people) get(id string) (*Person, bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	person, ok := p.known[id]
	return person, ok
}

// Person is what Bloxs shows of a person.
type Person struct {
	Name   string
	Fields map[string]any // further fields of the JSON object
}

// Directory knows the persons of a map, by either kind of identifier.
func Directory(persons map[string]Person) func(kind, id string) (Person, bool) {
	persons = maps.Clone(persons)
	return func(_, id string) (Person, bool) {
		person, ok := persons[id]
		return person, ok
	}
}

// Know makes a person known from now on.
func (s *Server) Know(id string, p Person) { s.people.set(id, &p) }

// Forget makes a person unknown from now on.
func (s *Server) Forget(id string) { s.people.set(id, nil) }

func (s *Server) person(relation, kind, id string) (Person, bool) {
	if person, ok := s.people.get(id); ok {
		if person == nil {
			return Person{}, false
		}
		return *person, true
	}
	directory := s.opts.Persons
	if relation == "organisations" {
		directory = s.opts.Organisations
	}
	if directory != nil {
		return directory(kind, id)
	}
	return Person{Name: "Person " + id}, true
}
