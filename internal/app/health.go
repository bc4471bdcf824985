package app

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"bloxdrop/internal/pulse"
)

// Health is whether a running app moves, and what of it doesn't.
type Health struct {
	// Stuck says what of bloxdrop itself does not move any more, so that only a
	// new start helps. A share that hangs, a pause or a wrong key is none of it.
	Stuck []string
	// Causes has a word for each of them, which names no root.
	Causes []string
	// Waits says what keeps it from sending now, though a new start would not help.
	Waits []string
	// Sentence is all that in short, for whoever looks after services.
	Sentence string
}

// Alive tells whether rescans and uploads move, or would if they could.
func (h Health) Alive() bool { return len(h.Stuck) == 0 }

func (h *Health) stuck(cause, says string) {
	h.Stuck = append(h.Stuck, says)
	if !slices.Contains(h.Causes, cause) {
		h.Causes = append(h.Causes, cause)
	}
}

// insideAfter is how long ledger and queue may take for an answer. Each commit
// of the ledger and each sync of the journal comes in between.
const insideAfter = 2 * time.Minute

// inside asks ledger, queue and watcher how everything stands, again and
// again, and keeps the last answer: whoever wants to know must never hang with them.
type inside struct {
	pulse pulse.Pulse

	mu       sync.Mutex
	answered chan struct{} // closed with the answer that is waited for; nil: none is
	answer   standing
	err      error
	known    bool
}

// ask lets it be asked once more, unless it has not answered the last
// question, and gives a channel that is closed with the answer.
func (in *inside) ask(a *App) <-chan struct{} {
	in.mu.Lock()
	defer in.mu.Unlock()
	if in.answered != nil {
		return in.answered
	}
	answered := make(chan struct{})
	in.answered = answered
	in.pulse.Begin()
	go func() {
		s, err := a.stand()
		in.mu.Lock()
		defer in.mu.Unlock()
		if in.err, in.known, in.answered = err, true, nil; err == nil {
			in.answer = s // else what was known before is more than half of it
		}
		in.pulse.End()
		close(answered)
	}()
	return answered
}

// fresh asks, and waits for the answer at most so long; else it is the last one.
func (in *inside) fresh(a *App, within time.Duration) (s standing, known bool, err error) {
	late := time.NewTimer(within)
	defer late.Stop()
	select {
	case <-in.ask(a):
	case <-late.C:
	}
	return in.last()
}

func (in *inside) last() (s standing, known bool, err error) {
	in.mu.Lock()
	defer in.mu.Unlock()
	return in.answer, in.known, in.err
}

// Health tells how it goes by what it has seen until now, so it is to be asked
// every few seconds. It never waits for a file system, a lock of the ledger's or Bloxs.
func (a *App) Health() Health {
	now := a.opts.Now()
	var h Health
	if a.control != nil && a.control.Ended() {
		h.stuck("commands", "commands are no longer answered")
	}
	if a.store == nil {
		h.Sentence = "paused: ledger and journal are damaged; see `bloxdrop status`"
		return h
	}
	still := a.inside.pulse.Still(now)
	if still > insideAfter {
		h.stuck("ledger", fmt.Sprintf("ledger and queue have not answered for %s: does the disk of store.dir?", still.Round(time.Second)))
	}
	a.inside.ask(a)
	s, known, err := a.inside.last()
	p, offline := s.progress, s.offline()
	for _, root := range a.watcher.Silent() {
		h.Waits = append(h.Waits, root+" does not answer")
	}
	for _, root := range a.watcher.Overdue() {
		h.stuck("rescans", "no rescan of "+root+" begins, though it is time")
	}
	hanging, workers := a.uploader.Hanging(now)
	h.workers(hanging, workers, p.Paused, err)
	h.Sentence = sentence(h, p, offline, err, known)
	return h
}

// workers judges those that hang. What can't be written down, be it a receipt,
// keeps its worker, and is tried again: a new start would lose it. While the
// ledger can't even be read, nobody can tell whether sending is paused for that.
func (h *Health) workers(hanging, of int, paused string, unread error) {
	switch {
	case hanging == 0:
	case unread != nil:
		h.Waits = append(h.Waits, "the ledger can't be read")
	case paused != "":
		h.Waits = append(h.Waits, "sending is paused: "+paused)
	case hanging == of:
		h.stuck("uploads", "no worker moves")
	default:
		h.Waits = append(h.Waits, fmt.Sprintf("%d of %d workers don't move", hanging, of))
	}
}

// sentence is what an administrator reads first.
func sentence(h Health, p Progress, offline []string, err error, known bool) string {
	var parts []string
	switch {
	case len(h.Stuck) > 0:
		return "does not move: " + strings.Join(h.Stuck, "; ")
	case !known:
		return "running"
	case err != nil:
		return "the ledger can't be read: " + err.Error()
	case p.Paused != "":
		parts = append(parts, "paused: "+p.Paused)
	default:
		parts = append(parts, "running")
	}
	if p.Left > 0 {
		parts = append(parts, fmt.Sprintf("%d waiting", p.Left))
	}
	if p.Held > 0 {
		parts = append(parts, fmt.Sprintf("%d held", p.Held))
	}
	if len(offline) > 0 {
		parts = append(parts, "offline: "+strings.Join(offline, ", "))
	}
	return strings.Join(parts, "; ")
}
