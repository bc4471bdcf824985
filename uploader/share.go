package uploader

import (
	"context"
	"fmt"
	"sync"
	"time"

	"bloxdrop/queue"
)

// silentAfter is how long a root's file system may take for one answer. One
// that hangs would keep one worker after the other in a system call that
// nobody can end, and soon all of them.
const silentAfter = 10 * time.Second

// shares are the file systems of the roots. What has not answered in time is
// asked nothing more until it has.
type shares struct {
	after time.Duration

	mu     sync.Mutex
	silent map[string]int // by root: questions that were given up, and still wait
}

func newShares(after time.Duration) *shares {
	return &shares{after: after, silent: map[string]int{}}
}

// ask lets a question be answered by the root's file system, or gives it up,
// also when ctx ends. What the question uses is not to be used again after an error.
func (s *shares) ask(ctx context.Context, root string, question func() error) error {
	s.mu.Lock()
	silent := s.silent[root] > 0
	s.mu.Unlock()
	if silent {
		return s.hangs()
	}
	answer := make(chan error, 1)
	go func() { answer <- question() }()
	timer := time.NewTimer(s.after)
	defer timer.Stop()
	select {
	case err := <-answer:
		return err
	case <-ctx.Done():
		return takenBack
	case <-timer.C:
	}
	s.mu.Lock()
	s.silent[root]++
	s.mu.Unlock()
	go func() {
		<-answer
		s.mu.Lock()
		defer s.mu.Unlock()
		s.silent[root]--
	}()
	return s.hangs()
}

func (s *shares) hangs() error {
	return &verdict{class: queue.Away, detail: fmt.Sprintf("its root is offline: its file system has not answered for %v", s.after)}
}
