package uploader

import (
	"context"
	"slices"
	"sync"
	"time"

	"bloxdrop/queue"
	"bloxdrop/store"
)

// fakeQueue is a queue in memory. The hooks are set before the start.
type fakeQueue struct {
	jobs chan *queue.Job
	done chan queue.Outcome // one for each Done

	pace       func(context.Context) error
	paceLookUp func(context.Context) error
	openGate   func(*queue.Job, store.Place) error

	toLookUp func() // called between a person's being unknown and the look-up

	mu        sync.Mutex
	calls     []string
	persons   map[string]queue.PersonView // by identifier
	confirmed []string                    // folders
	forbidden time.Time
	due       chan store.PersonKey // for NextLookUp
	lookedUp  chan string          // "found 1234", "unknown 1234"
}

func newFakeQueue() *fakeQueue {
	return &fakeQueue{
		jobs: make(chan *queue.Job, 1000), done: make(chan queue.Outcome, 1000),
		persons: map[string]queue.PersonView{},
		due:     make(chan store.PersonKey, 10), lookedUp: make(chan string, 100),
	}
}

func (q *fakeQueue) note(call string) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.calls = append(q.calls, call)
}

// count says how often a call was made.
func (q *fakeQueue) count(call string) (n int) {
	q.mu.Lock()
	defer q.mu.Unlock()
	for _, c := range q.calls {
		if c == call {
			n++
		}
	}
	return n
}

func (q *fakeQueue) Next(ctx context.Context) (*queue.Job, error) {
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	select {
	case job := <-q.jobs:
		return job, nil
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
}

func (q *fakeQueue) Pace(ctx context.Context, _ *queue.Job) error {
	q.note("pace")
	if q.pace != nil {
		return q.pace(ctx)
	}
	return nil
}

func (q *fakeQueue) OpenGate(job *queue.Job, place store.Place) error {
	q.note("gate")
	if q.openGate != nil {
		return q.openGate(job, place)
	}
	return nil
}

func (q *fakeQueue) Done(_ *queue.Job, o queue.Outcome) { q.done <- o }

func (q *fakeQueue) Person(key store.PersonKey) (queue.PersonView, error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.persons[key.ID], nil
}

func (q *fakeQueue) PersonFound(key store.PersonKey, names []string) error {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.persons[key.ID] = queue.PersonView{Fresh: true, Known: true, Names: names}
	q.lookedUp <- "found " + key.ID
	return nil
}

func (q *fakeQueue) PersonUnknown(key store.PersonKey, _ string) error {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.persons[key.ID] = queue.PersonView{Fresh: true}
	q.lookedUp <- "unknown " + key.ID
	return nil
}

func (q *fakeQueue) Confirmed(_ store.PersonKey, folder string) bool {
	return slices.Contains(q.confirmed, folder)
}

func (q *fakeQueue) PaceLookUp(ctx context.Context) error {
	q.note("pace look-up")
	if q.paceLookUp != nil {
		return q.paceLookUp(ctx)
	}
	return nil
}

func (q *fakeQueue) LookUpsForbidden(until time.Time) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.forbidden = until
}

func (q *fakeQueue) LookUpsAllowed() bool {
	if q.toLookUp != nil {
		q.toLookUp()
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	return time.Now().After(q.forbidden)
}

func (q *fakeQueue) NextLookUp(ctx context.Context) (store.PersonKey, error) {
	select {
	case key := <-q.due:
		return key, nil
	case <-ctx.Done():
		return store.PersonKey{}, context.Cause(ctx)
	}
}
