package web

import (
	"errors"
	"net/http"
	"testing"
	"time"

	"bloxdrop/internal/words"
)

// stream notes until when each write may take.
type stream struct {
	http.ResponseWriter
	until  time.Time
	writes []time.Time
	err    error
}

func (s *stream) SetWriteDeadline(t time.Time) error { s.until = t; return nil }
func (s *stream) Flush()                             {}
func (s *stream) Write(p []byte) (int, error) {
	s.writes = append(s.writes, s.until)
	s.until = time.Time{}
	return len(p), s.err
}

// TestEachWriteHasADeadline: the server's own would end every stream after a
// while, and none at all would let one that takes nothing stay for ever.
func TestEachWriteHasADeadline(t *testing.T) {
	t.Parallel()
	now := time.Now()
	s := &Server{opts: Options{Words: words.In(words.English), Now: func() time.Time { return now.Add(time.Millisecond) }}}
	var err error
	if s.pages, err = parsePages(s.opts.Words); err != nil {
		t.Fatal(err)
	}
	s.shown.view, s.shown.at = &view{Now: now}, now
	out, had := &stream{}, map[string][]byte{}
	for range 2 { // all parts, then a mere sign of life
		if _, err := s.push(t.Context(), out, had); err != nil {
			t.Fatal(err)
		}
	}
	if len(out.writes) != 2 || len(had) == 0 {
		t.Errorf("%d writes of %d parts", len(out.writes), len(had))
	}
	for _, until := range out.writes {
		if d := time.Until(until); d <= 0 || d > pushIn {
			t.Errorf("a write may take until %s", until)
		}
	}
	out.err = errors.New("it takes no more")
	if _, err := s.push(t.Context(), out, had); err == nil {
		t.Error("a stream that takes no more goes on")
	}
}
