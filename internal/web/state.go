package web

import (
	"strings"

	"bloxdrop/internal/control"
	"bloxdrop/internal/words"
)

// headline is the state in one sentence.
type headline struct {
	Level string // "good", "busy", "mind", "bad"
	Word  string // of the level, for whoever sees no colour
	Says  string
	More  string // the sentence's second half, which changes with the clock
	Short string // for the title
}

// sayState says what matters most: why nothing is sent, then what needs
// somebody, then what is on its way.
func sayState(w *words.Words, v *view) headline {
	st := v.Status
	switch offline := offlineRoots(st); {
	case len(v.Pauses) > 0:
		p := v.Pauses[0]
		level, short := "bad", "title.paused"
		switch p.Cause {
		case "manual", "limited":
			level = "mind"
		case "adopt": // no other one is there, and other roots go on
			short = "title.adopt"
		}
		return headline{Level: level, Word: w.Say("level." + level), Says: p.Title, More: p.Remedy, Short: w.Say(short)}
	case len(offline) > 0:
		return headline{Level: "bad", Word: w.Say("level.bad"), Says: w.Say("state.offline", len(offline), strings.Join(offline, ", ")),
			More: w.Say("state.offline.do"), Short: w.Say("title.offline")}
	case need(st) > 0:
		return headline{Level: "mind", Word: w.Say("level.mind"), Says: needs(w, st), More: others(w, v), Short: w.Say("title.held", need(st))}
	case unreadable(st) > 0:
		return headline{Level: "mind", Word: w.Say("level.mind"), Says: w.Say("state.unreadable", unreadable(st)), More: w.Say("state.unreadable.do"), Short: w.Say("title.unreadable")}
	case st.Waiting+st.Sending > 0:
		return headline{Level: "busy", Word: w.Say("level.busy"), Says: w.Say("state.busy", st.Waiting+st.Sending), More: v.Backlog, Short: w.Say("title.busy", st.Waiting+st.Sending)}
	case st.Settling > 0:
		return headline{Level: "busy", Word: w.Say("level.busy"), Says: w.Say("state.settling", st.Settling), More: w.Say("state.settling.more"), Short: w.Say("title.busy", st.Settling)}
	}
	h := headline{Level: "good", Word: w.Say("level.good"), Short: w.Say("title.good")}
	if st.Sent == 0 {
		h.Says, h.More = w.Say("state.none"), w.Say("state.none.more")
		return h
	}
	h.Says, h.More = w.Say("state.good", st.Sent), last(w, v)
	return h
}

// need is how many files somebody has to do something about.
func need(st control.Status) int { return st.Held + st.Unmatched + st.SettlingLong }

func needs(w *words.Words, st control.Status) string {
	switch need(st) {
	case st.Held:
		return w.Say("state.held", st.Held)
	case st.Unmatched:
		return w.Say("state.unmatched", st.Unmatched)
	case st.SettlingLong:
		return w.Say("state.late", st.SettlingLong)
	}
	return w.Say("state.held", need(st))
}

func unreadable(st control.Status) (folders int) {
	for _, r := range st.Roots {
		folders += r.Unreadable
	}
	return folders
}

func others(w *words.Words, v *view) string {
	st := v.Status
	switch {
	case st.Waiting+st.Sending > 0:
		return w.Say("state.others.busy", st.Waiting+st.Sending, w.Number(st.Sent))
	case st.Sent > 0:
		return w.Say("state.others", st.Sent)
	}
	return ""
}

// last says when Bloxs took the last file.
func last(w *words.Words, v *view) string {
	if len(v.Latest) == 0 || v.Latest[0].Delivered.IsZero() {
		return ""
	}
	return w.Say("state.last", w.Ago(v.Now.Sub(v.Latest[0].Delivered)))
}

func offlineRoots(st control.Status) (paths []string) {
	for _, r := range st.Roots {
		if !r.Online && !notYet(r) {
			paths = append(paths, clean(r.Path))
		}
	}
	return paths
}

// notYet tells of a root that was only just begun with.
func notYet(r control.Root) bool { return r.LastRescan == "" && r.Offline == "not looked at yet" }
