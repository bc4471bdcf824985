package bloxstest

import (
	"net/http"
	"strconv"
	"sync"
	"time"
)

// Limit is the environment's rate limit, shared by all who use its API.
type Limit struct {
	Writes     int           // uploads a window
	Others     int           // how many of them others have used up in each
	Window     time.Duration // 0: a minute
	RetryAfter bool          // says how long to wait
}

type limiter struct {
	mu    sync.Mutex
	limit Limit
	end   time.Time // of the window
	used  int
	over  bool
}

// LimitWindow sets the limit from now on; the zero Limit is none.
func (s *Server) LimitWindow(l Limit) {
	if l.Window == 0 {
		l.Window = time.Minute
	}
	s.limits.mu.Lock()
	defer s.limits.mu.Unlock()
	s.limits.limit, s.limits.end = l, time.Time{}
}

// limited answers 429 where the limit is exceeded: once it is, every request
// gets that for the rest of the window.
func (s *Server) limited(w http.ResponseWriter, write bool) bool {
	l := &s.limits
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.limit.Writes == 0 {
		return false
	}
	now := s.opts.Now()
	if !now.Before(l.end) {
		l.end, l.used, l.over = now.Add(l.limit.Window), l.limit.Others, false
	}
	if write {
		l.used++
	}
	l.over = l.over || l.used > l.limit.Writes
	if !l.over {
		return false
	}
	if l.limit.RetryAfter {
		left := l.end.Sub(now) + time.Second - 1
		w.Header().Set("Retry-After", strconv.Itoa(int(left/time.Second)))
	}
	w.WriteHeader(http.StatusTooManyRequests)
	return true
}
