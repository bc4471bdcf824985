package uploader

import (
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"bloxdrop/queue"
	"bloxdrop/store"
)

// Flight is a job that a worker has now, for whoever watches.
type Flight struct {
	Item     store.Item
	Since    time.Time
	Sent     int64 // bytes of the file that have been handed to the connection
	Sending  bool  // the request has begun
	Awaiting bool  // the gate is open: all that is missing is Bloxs's answer
}

// flights are those of all workers.
type flights struct {
	mu  sync.Mutex
	all []*flight
}

type flight struct {
	item    store.Item
	since   time.Time
	attempt atomic.Pointer[attempt] // nil until the request begins
	took    time.Duration           // how long the last request was on its way; its worker's alone
}

func (f *flights) begin(job *queue.Job, now time.Time) *flight {
	f.mu.Lock()
	defer f.mu.Unlock()
	fl := &flight{item: job.Item, since: now}
	f.all = append(f.all, fl)
	return fl
}

func (f *flights) end(fl *flight) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.all = slices.DeleteFunc(f.all, func(other *flight) bool { return other == fl })
}

// Flights lists what the workers have now, the oldest first.
func (u *Uploader) Flights() []Flight {
	u.flights.mu.Lock()
	defer u.flights.mu.Unlock()
	var list []Flight
	for _, fl := range u.flights.all {
		is := Flight{Item: fl.item, Since: fl.since}
		if a := fl.attempt.Load(); a != nil {
			is.Sending, is.Sent = true, a.body.sent.Load()
			select {
			case <-a.gate.passed:
				is.Awaiting = true
			default:
			}
		}
		list = append(list, is)
	}
	return list
}
