package cli

import (
	"context"
	"fmt"
	"log/slog"
	"strings"
	"time"

	"bloxdrop/internal/app"
	"bloxdrop/internal/service"
)

const (
	// lookEvery is how often it is looked whether the app moves.
	lookEvery = 10 * time.Second
	// giveUp is how long an app that doesn't move is watched, where nobody else
	// does. systemd's watchdog is quicker, and shows what every goroutine does.
	giveUp = 2 * time.Minute
)

// attend looks after a running app until ctx ends or the ledger turns out to
// be damaged: it feeds the service manager's watchdog while the app moves. It
// returns an error only for an app that has not moved for long.
func attend(ctx context.Context, a *app.App, voice service.Voice, log *slog.Logger) error {
	every := lookEvery
	if p := voice.Patience(); p > 0 {
		every = min(every, p/4)
	}
	tick := time.NewTicker(every)
	defer tick.Stop()
	voice.Ready(a.Health().Sentence)
	var stuck time.Time // since when it hasn't moved
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-a.Damaged():
			return nil
		case now := <-tick.C:
			h := a.Health()
			voice.Status(h.Sentence)
			switch {
			case h.Alive():
				stuck = time.Time{}
				voice.Alive()
			case stuck.IsZero():
				stuck = now
				log.Error("bloxdrop does not move any more", "reasons", h.Stuck)
			case now.Sub(stuck) >= giveUp:
				return fmt.Errorf("bloxdrop has not moved for %s, so it ends, to be started anew: %s", now.Sub(stuck).Round(time.Second), strings.Join(h.Stuck, "; "))
			}
		}
	}
}
