package web

import (
	"cmp"
	"context"
	"sync"
	"time"

	"bloxdrop/internal/control"
	"bloxdrop/internal/words"
)

// view is everything that the overview shows, as it was at one moment.
type view struct {
	Now      time.Time
	Status   control.Status
	Headline headline
	Pauses   []pause
	Groups   []group
	HeldLeft int // more held files than are shown
	Numbers  []number
	Charts   []chart
	Flights  []control.Flight
	Waiting  []control.Row
	Backlog  string // when it will be done
	Latest   []control.Row
	Roots    []root
	Warnings []control.Warning
	Technics []string // what the app notes for the administrator, in English
}

const (
	heldShown     = 200
	waitingShown  = 10
	latestShown   = 10
	warningsShown = 10
	chartDays     = 30
)

// shown is the last view. All who watch share it, so that any number of them
// asks the ledger once a second at most.
type shown struct {
	mu   sync.Mutex
	view *view
	at   time.Time
}

const viewFor = time.Second

func (s *Server) view(ctx context.Context) (*view, error) {
	s.shown.mu.Lock()
	defer s.shown.mu.Unlock()
	now := s.opts.Now()
	if v := s.shown.view; v != nil && now.Sub(s.shown.at) < viewFor && now.After(s.shown.at) {
		return v, nil
	}
	v, err := s.look(ctx, now)
	if err != nil {
		return nil, err
	}
	s.shown.view, s.shown.at = v, now
	return v, nil
}

// stale lets the next look see what an action has done.
func (s *Server) stale() {
	s.shown.mu.Lock()
	defer s.shown.mu.Unlock()
	s.shown.view = nil
}

func (s *Server) look(ctx context.Context, now time.Time) (v *view, err error) {
	w := s.opts.Words
	v = &view{Now: now}
	if v.Status, err = s.opts.App.Status(ctx); err != nil {
		return nil, err
	}
	if v.Flights, err = s.opts.App.Flights(); err != nil {
		return nil, err
	}
	if err := s.lookAtLists(v); err != nil {
		return nil, err
	}
	hours, err := s.opts.App.Hours(startOfDay(now).AddDate(0, 0, 1-chartDays))
	if err != nil {
		return nil, err
	}
	v.Charts = charts(w, hours, now)
	pace, err := s.opts.App.Pace()
	if err != nil {
		return nil, err
	}
	v.Backlog = backlog(w, v.Status, pace, now)
	v.Pauses = pauses(w, v.Status, now)
	v.Roots = roots(w, v.Status, now)
	v.Numbers = numbers(w, v.Status, delivered(hours, startOfDay(now)))
	v.Warnings = s.opts.App.Warnings()
	v.Warnings = v.Warnings[:min(len(v.Warnings), warningsShown)]
	v.Technics = v.Status.Notes
	v.Headline = sayState(w, v)
	return v, nil
}

func (s *Server) lookAtLists(v *view) error {
	held, err := s.opts.App.Rows("held", "", heldShown)
	if err != nil {
		return err
	}
	v.Groups = groups(s.opts.Words, held.Rows)
	v.HeldLeft = max(v.Status.Held-len(held.Rows), 0)
	waiting, err := s.opts.App.Rows("waiting", "", waitingShown)
	if err != nil {
		return err
	}
	for _, r := range waiting.Rows {
		if r.State == "waiting" { // a flight is shown as such
			v.Waiting = append(v.Waiting, r)
		}
	}
	latest, err := s.opts.App.Rows("sent", "", latestShown)
	v.Latest = latest.Rows
	return err
}

// backlog says when all that waits will have gone, "" where nobody can tell.
func backlog(w *words.Words, st control.Status, p control.Pace, now time.Time) string {
	left := st.Waiting + st.Sending
	if left == 0 || p.PerMinute == 0 || len(st.Pauses) > 0 {
		return ""
	}
	done := now.Add(time.Duration(float64(left) / p.PerMinute * float64(time.Minute)))
	if p.NotBefore.After(done) {
		return w.Say("backlog.retry", w.At(p.NotBefore, now)) // and it may fail again
	}
	if done.Sub(now) < time.Minute {
		return w.Say("backlog.soon")
	}
	return w.Say("backlog", w.At(done, now))
}

// number is one of the counts, and the list behind it.
type number struct {
	N           int
	Label, Link string
	Mind        bool // somebody should look
}

func numbers(w *words.Words, st control.Status, today int) []number {
	list := []number{
		{N: today, Label: w.Say("number.today"), Link: "/list/sent"},
		{N: st.Sent, Label: w.Say("number.sent"), Link: "/list/sent"},
	}
	add := func(n int, key, link string, mind bool) {
		if n > 0 {
			list = append(list, number{N: n, Label: w.Say(key), Link: link, Mind: mind})
		}
	}
	add(st.Sending, "number.sending", "#flights", false)
	add(st.Waiting, "number.waiting", "/list/waiting", false)
	add(st.Held, "number.held", "/list/held", true)
	add(st.Settling, "number.settling", "/list/settling", false)
	add(st.Unmatched, "number.unmatched", "/list/unmatched", true)
	add(st.Skipped, "number.skipped", "/list/skipped", false)
	add(st.Withdrawn, "number.withdrawn", "/list/withdrawn", false)
	return list
}

// pause is a cause for which nothing is sent.
type pause struct {
	Title, Remedy, When string
	Technical           string // in English, with what Bloxs says
	ByHand              bool
	Passing             bool // it ends by itself, and soon
	Resumable           bool // a click may end it
}

func pauses(w *words.Words, st control.Status, now time.Time) (list []pause) {
	for _, p := range st.Pauses {
		is := pause{
			Title: w.Say("pause." + p.Cause), Remedy: w.Say("pause." + p.Cause + ".do"), Technical: p.Remedy,
			ByHand: p.Cause == "manual", Passing: p.Cause == "limited",
		}
		switch p.Cause {
		case "manual", "denied", "sign-in", "limited", "misconfigured":
			is.Resumable = true
		}
		since, until := stamp(p.Since), stamp(p.Until)
		switch {
		case until.After(now):
			is.When = w.Say("pause.until", w.Ago(now.Sub(since)), w.At(until, now))
		case !since.IsZero():
			is.When = w.Say("pause.since", w.Ago(now.Sub(since)))
		}
		list = append(list, is)
	}
	return list
}

// root is one watched folder.
type root struct {
	control.Root
	Health string // "good", "mind", "bad"
	Says   string
	Looked string
	Detail string // in English
}

func roots(w *words.Words, st control.Status, now time.Time) (list []root) {
	for _, r := range st.Roots {
		is := root{Root: r, Health: "good", Says: w.Say("root.good", r.Files)}
		looked := stamp(r.LastRescan)
		if !looked.IsZero() {
			is.Looked = w.Say("root.looked", w.Ago(now.Sub(looked)))
		}
		switch {
		case notYet(r):
			is.Health, is.Says = "mind", w.Say("root.first")
		case !r.Online:
			is.Health, is.Says, is.Detail = "bad", w.Say("root.offline"), r.Offline
		case r.Paused:
			is.Health, is.Says = "bad", w.Say("root.paused")
		case r.Unreadable > 0:
			is.Health, is.Says = "mind", w.Say("root.unreadable", r.Unreadable)
		case r.Files == 0:
			is.Says = w.Say("root.empty")
		}
		if is.Health == "good" && !r.Events {
			is.Looked = cmp.Or(is.Looked, w.Say("root.first")) + " · " + w.Say("root.polling")
		}
		list = append(list, is)
	}
	return list
}

func stamp(text string) time.Time {
	t, err := time.Parse(time.RFC3339, text)
	if err != nil {
		return time.Time{}
	}
	return t
}

func startOfDay(t time.Time) time.Time {
	t = t.Local()
	return time.Date(t.Year(), t.Month(), t.Day(), 0, 0, 0, 0, t.Location())
}

func delivered(hours []control.Hour, since time.Time) (n int) {
	for _, h := range hours {
		if !h.At.Before(since) {
			n += h.Files
		}
	}
	return n
}
