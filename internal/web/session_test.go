package web

import (
	"testing"
	"time"
)

// TestSessionsEnd: a link after a minute, a session twelve hours after the last visit.
func TestSessionsEnd(t *testing.T) {
	t.Parallel()
	now := time.Now()
	s := newSessions(func() time.Time { return now })
	late, used, cookie := s.link("jan"), s.link("jan"), s.begin("jan")
	if who, ok := s.useLink(used); !ok || who != "jan" {
		t.Errorf("a link is for %q, %v", who, ok)
	}
	if _, ok := s.useLink(used); ok {
		t.Error("a link works twice")
	}
	now = now.Add(61 * time.Second)
	if _, ok := s.useLink(late); ok {
		t.Error("a link works after a minute")
	}
	for range 3 {
		now = now.Add(11 * time.Hour)
		if s.get(cookie) == nil {
			t.Error("a session ends though somebody visits")
		}
	}
	now = now.Add(12*time.Hour + time.Second)
	if s.get(cookie) != nil {
		t.Error("a session lasts without a visit")
	}
	first := s.begin("first")
	for range sessionMost {
		now = now.Add(time.Second)
		s.begin("other")
	}
	if s.get(first) != nil || len(s.byKey) != sessionMost {
		t.Errorf("there are %d sessions", len(s.byKey))
	}
}
