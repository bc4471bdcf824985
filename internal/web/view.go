package web

import (
	"cmp"
	"context"
	"slices"
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
	Resume   string // what the button says that ends them, "" where there is none
	MayPause bool
	Groups   []group
	HeldLeft int      // more held files than were looked at
	Notes    []string // of the app for the administrator, in English
	Numbers  []number
	Charts   []chart
	Flights  []control.Flight
	Waiting  []control.Row
	Still    bool   // nothing is sent at all
	Backlog  string // when it will be done
	Latest   []control.Row

	Roots, OtherRoots       []root // of many, the others are in order
	Warnings, OtherWarnings []control.Warning
}

const (
	heldShown     = 100 // of each reason
	partsShown    = 5   // of each reason, before the others are asked for
	waitingShown  = 10
	latestShown   = 10
	warningsShown = 4
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
	v.Resume, v.MayPause = mayDo(w, v.Pauses)
	v.Still = !v.MayPause
	v.Roots, v.OtherRoots = folded(roots(w, v.Status, now))
	v.Numbers = numbers(w, v.Status, delivered(hours, startOfDay(now)))
	warnings := s.opts.App.Warnings()
	n := min(len(warnings), warningsShown)
	v.Warnings, v.OtherWarnings = warnings[:n], warnings[n:]
	v.Notes = v.Status.Notes
	v.Headline = sayState(w, v)
	if len(v.Pauses) > 0 && v.Pauses[0].Cause == "damaged" { // what is not known is no nought
		v.Numbers, v.Charts, v.Roots, v.OtherRoots = nil, nil, nil, nil
	}
	if v.Charts != nil && v.Charts[0].Sum+v.Charts[1].Sum == 0 {
		v.Charts = nil
	}
	return v, nil
}

func (s *Server) lookAtLists(v *view) error {
	held, err := s.opts.App.Held(heldShown)
	if err != nil {
		return err
	}
	v.Groups = groups(s.opts.Words, held)
	v.HeldLeft = max(v.Status.Held-held.Looked, 0)
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
	add(st.Settling, "number.settling", "/list/settling", st.SettlingLong > 0)
	add(st.Unmatched, "number.unmatched", "/list/unmatched", true)
	add(st.Skipped, "number.skipped", "/list/skipped", false)
	add(st.Withdrawn, "number.withdrawn", "/list/withdrawn", false)
	return list
}

// pause is a cause for which nothing is sent.
type pause struct {
	Cause               string
	Title, Remedy, When string
	Technical           []string // in English, with what Bloxs says; of "adopt" for each root
	Resumable           bool     // a click may end it
}

// causes are those of pauses, what somebody should see first before others: an
// "adopt" keeps back one root only.
func causes() []string {
	return []string{"damaged", "store", "disk-full", "misconfigured", "sign-in", "denied", "manual", "limited", "adopt"}
}

func pauses(w *words.Words, st control.Status, now time.Time) (list []pause) {
	for _, p := range st.Pauses {
		if i := slices.IndexFunc(list, func(other pause) bool { return other.Cause == p.Cause }); i >= 0 {
			list[i].Technical = append(list[i].Technical, p.Remedy)
			list[i].Title = w.Say("pause.adopt.many", len(list[i].Technical)) // no other one is there twice
			continue
		}
		is := pause{Cause: p.Cause, Title: w.Say("pause." + p.Cause), Remedy: w.Say("pause." + p.Cause + ".do"), Technical: []string{p.Remedy}}
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
	slices.SortStableFunc(list, func(a, b pause) int {
		return cmp.Compare(slices.Index(causes(), a.Cause), slices.Index(causes(), b.Cause))
	})
	return list
}

// mayDo says what the button is for: to go on, to try at once, or to pause.
func mayDo(w *words.Words, list []pause) (resume string, pause bool) {
	pause = true
	for _, p := range list {
		pause = pause && p.Cause == "adopt"
		switch {
		case p.Cause == "manual":
			resume = w.Say("do.resume")
		case p.Resumable && resume == "":
			resume = w.Say("do.again")
		}
	}
	return resume, pause
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

const rootsShown = 8

// folded keeps of many roots those apart that are in order.
func folded(all []root) (shown, others []root) {
	if len(all) <= rootsShown {
		return all, nil
	}
	for _, r := range all {
		if r.Health == "good" {
			others = append(others, r)
		} else {
			shown = append(shown, r)
		}
	}
	return shown, others
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
