package uploader

import (
	"context"
	"testing"
	"time"
)

// TestHanging counts workers that have a file and move nothing, once that has
// lasted for longer than any time-out.
func TestHanging(t *testing.T) {
	u := New(Options{Workers: 3, StallTimeout: time.Minute, AnswerTimeout: 3 * time.Minute})
	now := time.Now()
	after := func(d time.Duration, want int) {
		t.Helper()
		now = now.Add(d)
		if n, of := u.Hanging(now); n != want || of != 3 {
			t.Errorf("%d of %d hang, not %d", n, of, want)
		}
	}
	u.pulses[0].Begin()
	u.pulses[1].Begin()
	after(0, 0)
	after(5*time.Minute, 0)
	u.pulses[1].Step()
	after(time.Minute, 1)
	after(6*time.Minute, 2)
	u.pulses[0].End()
	after(0, 1)
	u.gone.Add(1)
	after(0, 2)
}

// TestShareThatHangs gives a question up, asks nothing more of that share until
// it has its answer, and leaves others alone.
func TestShareThatHangs(t *testing.T) {
	s := newShares(20 * time.Millisecond)
	free, ended := make(chan struct{}), make(chan struct{})
	hangs := func() error {
		defer close(ended)
		<-free
		return nil
	}
	asked := 0
	answers := func() error { asked++; return nil }
	if err := s.ask(t.Context(), "hung", hangs); err == nil {
		t.Error("a share that hangs has answered")
	}
	if err := s.ask(t.Context(), "hung", answers); err == nil || asked != 0 {
		t.Errorf("it was asked again: %v", err)
	}
	if err := s.ask(t.Context(), "well", answers); err != nil || asked != 1 {
		t.Errorf("another share: %v", err)
	}
	stop, cancel := context.WithCancel(t.Context())
	cancel()
	began := time.Now()
	slow := newShares(time.Hour)
	if err := slow.ask(stop, "slow", func() error { <-free; return nil }); err != takenBack || time.Since(began) > time.Minute {
		t.Errorf("a stop waits for a share: %v", err)
	}
	close(free)
	<-ended
	for deadline := time.Now().Add(10 * time.Second); s.ask(t.Context(), "hung", answers) != nil; time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("it has answered, and is asked nothing more")
		}
	}
}
