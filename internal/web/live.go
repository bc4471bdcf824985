package web

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"time"
)

const (
	watchersMost = 50
	tabsMost     = 4                // of one browser, which has only six connections for all that it asks
	pushIn       = 10 * time.Second // a browser that takes no more is let go
	pushEvery    = time.Second      // at most
	pushIdle     = 15 * time.Second // since what is said of the time changes by itself
	pushBusy     = time.Second      // while something is on its way
)

// live sends the parts of the overview that have changed, until the browser
// goes, the session ends, or the service stops.
func (s *Server) live(w http.ResponseWriter, r *http.Request, is *session) {
	if !s.watch(is, 1) {
		http.Error(w, "too many are watching", http.StatusServiceUnavailable)
		return
	}
	defer s.watch(is, -1)
	w.Header().Set("Content-Type", "text/event-stream")
	had := map[string][]byte{}
	for {
		if still, _ := s.sessionOf(r); still == nil {
			return
		}
		queue, roots := s.opts.App.Changed()
		v, err := s.push(r.Context(), w, had)
		if err != nil {
			return // it has gone
		}
		if !s.rest(r.Context(), v, queue, roots) {
			return
		}
	}
}

// watch counts who watches, and tells whether there may be so many. A tab that
// may not loads itself again instead.
func (s *Server) watch(is *session, n int) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.watched+n > watchersMost || is.tabs+n > tabsMost {
		return false
	}
	s.watched += n
	is.tabs += n
	return true
}

// rest waits until there may be something new, and never less than pushEvery.
func (s *Server) rest(ctx context.Context, v *view, queue, roots <-chan struct{}) bool {
	idle := pushIdle
	if v == nil || len(v.Flights) > 0 || v.Status.Settling > 0 {
		idle = pushBusy
	}
	least := time.NewTimer(pushEvery)
	defer least.Stop()
	most := time.NewTimer(idle)
	defer most.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-least.C:
	}
	select {
	case <-ctx.Done():
		return false
	case <-queue:
	case <-roots:
	case <-most.C:
	}
	return true
}

// push sends what has changed since had, and at least a sign of life.
func (s *Server) push(ctx context.Context, w http.ResponseWriter, had map[string][]byte) (*view, error) {
	var out bytes.Buffer
	v, err := s.view(ctx)
	if err != nil {
		s.opts.Log.Warn("the page can't be brought up to date", "err", err)
	} else if err := s.changes(&out, v, had); err != nil {
		return nil, err
	}
	if out.Len() == 0 {
		out.WriteString(":\n\n")
	}
	c := http.NewResponseController(w)
	if err := c.SetWriteDeadline(time.Now().Add(pushIn)); err != nil {
		return nil, err
	}
	if _, err := w.Write(out.Bytes()); err != nil {
		return nil, err
	}
	return v, c.Flush()
}

// changes writes an event for each part that has changed.
func (s *Server) changes(out *bytes.Buffer, v *view, had map[string][]byte) error {
	for _, name := range parts() {
		html, err := s.pages.part(name, v)
		if err != nil {
			return err
		}
		if bytes.Equal(had[name], html) {
			continue
		}
		had[name] = html
		b, err := json.Marshal(map[string]string{"part": name, "html": string(html), "title": v.Headline.Short})
		if err != nil {
			return err
		}
		fmt.Fprintf(out, "data: %s\n\n", b)
	}
	return nil
}
