package app

import (
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"time"

	"bloxdrop/queue"
)

// openHandlers answer at the page's address without a token, by their pattern.
// They name no person, no document and no path: only causes and numbers.
func (a *App) openHandlers() map[string]http.Handler {
	return map[string]http.Handler{
		"GET /healthz": answerOf("alive", a.notAlive),
		"GET /readyz":  answerOf("ready", a.notReady),
		"GET /metrics": a.metrics.Handler(),
	}
}

// answerOf says the word with 200, or "not" and why with 503.
func answerOf(word string, whyNot func() []string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		why := whyNot()
		if len(why) == 0 {
			_, _ = io.WriteString(w, word+"\n")
			return
		}
		w.WriteHeader(http.StatusServiceUnavailable)
		_, _ = io.WriteString(w, "not "+word+"\n- "+strings.Join(why, "\n- ")+"\n")
	})
}

// notAlive says what only a new start helps. That sending pauses, or that a
// share is away, is none of it.
func (a *App) notAlive() (why []string) {
	for _, cause := range a.Health().Causes {
		why = append(why, "does not move: "+cause)
	}
	return why
}

// notReady says why a file that is dropped now would not go to Bloxs at once.
// That Bloxs asks to slow down is no reason: it is what a full day looks like.
func (a *App) notReady() []string {
	why := a.notAlive()
	s, known, err := a.inside.fresh(a, sightWithin)
	switch {
	case !known:
		return append(why, "starting")
	case err != nil:
		return append(why, "the ledger can't be read")
	}
	if age := a.opts.Now().Sub(s.at); age > insideAfter {
		why = append(why, fmt.Sprintf("the ledger has not answered for %s", age.Round(time.Second)))
	}
	for cause, is := range s.pauses {
		if is && cause != queue.ByLimit {
			why = append(why, "paused: "+cause)
		}
	}
	slices.Sort(why)
	offline := s.offline()
	if n := len(offline); n > 0 {
		why = append(why, fmt.Sprintf("offline: %d of %d roots", n, len(s.roots)))
	}
	return why
}

// tried hands an attempt's outcome to the metrics.
func (a *App) tried(class queue.Class, size int64, took time.Duration) {
	a.metrics.Tried(string(class), class == queue.Delivered, size, took)
}
