// Package await waits for work that may hang, since nobody can end a system
// call on a share whose server does not answer.
//
// It promises to return soon once nobody has time for more. What it has left
// behind must do no harm when it goes on later: that is its caller's to see to.
package await

import (
	"sync"
	"time"
)

// Patience is how long work that is to end may take for that.
const Patience = 2 * time.Second

// All waits for all, but not for long once over is closed; nil: it is. It tells
// whether they have ended.
func All(all *sync.WaitGroup, over <-chan struct{}) bool {
	done := ended(all)
	if over != nil {
		select {
		case <-done:
		case <-over:
		}
	}
	return within(done, Patience)
}

// Within waits for all, but no longer than d, and tells whether they have ended.
func Within(all *sync.WaitGroup, d time.Duration) bool { return within(ended(all), d) }

func ended(all *sync.WaitGroup) <-chan struct{} {
	done := make(chan struct{})
	go func() {
		all.Wait()
		close(done)
	}()
	return done
}

func within(done <-chan struct{}, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-done:
		return true
	case <-timer.C:
		return false
	}
}
