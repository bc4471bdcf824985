package cli

import (
	"testing"
	"time"

	"bloxdrop/internal/app"
	"bloxdrop/queue"
)

// TestProgressText says what is known, and no time that can't be told.
func TestProgressText(t *testing.T) {
	begin := time.Date(2026, 11, 24, 9, 0, 0, 0, time.UTC)
	for _, c := range []struct {
		a         app.Progress
		perMinute int
		after     time.Duration // since the first file
		want      string
	}{
		{app.Progress{Settling: 12}, 80, 0, "12 files settling, 0 held"},
		{app.Progress{Left: 20_000}, 80, 0, "0 of 20,000 files, about 4h10m left, 0 B"},
		{app.Progress{Left: 20_000}, 0, 0, "0 of 20,000 files, 0 B"},
		{app.Progress{Sent: queue.Sent{Files: 40, Bytes: 5 << 20}, Left: 400, Held: 3, Settling: 2}, 80, time.Minute,
			"40 of 440 files, about 10m left, 5.0 MiB, 40 a minute, 3 held, 2 settling"},
		{app.Progress{Sent: queue.Sent{Files: 400, Bytes: 5 << 20}, Left: 40}, 80, time.Minute, "400 of 440 files, under 1m left, 5.0 MiB, 400 a minute"},
		{app.Progress{Sent: queue.Sent{Files: 1, Bytes: 1}, Left: 9, Paused: "denied"}, 80, time.Hour, "1 of 10 files, PAUSED: denied, 1 B"},
	} {
		now := begin
		p := &progress{now: func() time.Time { return now }}
		p.rate(app.Progress{Sent: queue.Sent{Files: 1}})
		now = begin.Add(c.after)
		if got := p.text(c.a, c.perMinute); got != c.want {
			t.Errorf("%+v: it says %q, want %q", c.a, got, c.want)
		}
	}
}
