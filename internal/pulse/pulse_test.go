package pulse

import (
	"testing"
	"time"
)

func TestStill(t *testing.T) {
	var p Pulse
	now := time.Now()
	still := func(what string, after, want time.Duration) {
		t.Helper()
		now = now.Add(after)
		if got := p.Still(now); got != want {
			t.Errorf("%s: still for %v, not %v", what, got, want)
		}
	}
	still("at rest", 0, 0)
	still("at rest for long", time.Hour, 0)
	p.Begin()
	still("just begun, and not looked at before", time.Hour, 0)
	still("busy", time.Minute, time.Minute)
	still("busy still", time.Minute, 2*time.Minute)
	p.Step()
	still("it has moved", time.Minute, 0)
	p.Begin()
	p.End()
	still("another has come and gone", time.Minute, 0)
	still("the first is at it still", time.Minute, time.Minute)
	p.End()
	still("done", time.Minute, 0)
	still("done for long", time.Hour, 0)
}
