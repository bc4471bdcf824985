package web

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"bloxdrop/internal/control"
)

var errUnknownAction = errors.New("there is no such action")

// inWords is an error that is said in the office's language already.
type inWords string

func (e inWords) Error() string { return string(e) }

// act does what a person has clicked, records it, and goes back to the page.
func (s *Server) act(w http.ResponseWriter, r *http.Request, is *session) {
	r.Body = http.MaxBytesReader(w, r.Body, largestForm)
	if err := r.ParseForm(); err != nil {
		http.Error(w, s.opts.Words.Say("error.form"), http.StatusBadRequest)
		return
	}
	action, items := r.PathValue("action"), r.PostForm["item"]
	said, err := s.do(r.Context(), order{action: action, items: items, seen: r.PostForm.Get("seen"), fileID: strings.TrimSpace(r.PostForm.Get("file-id"))})
	log := s.opts.Log.With("action", action, "who", is.who, "from", r.RemoteAddr, "items", strings.Join(items[:min(len(items), 10)], " "), "count", len(items))
	if err != nil {
		log.Warn("an action on the page failed", "err", err)
		s.sessions.tell(is, failed(s.opts.Words.Say("done.failed"), err))
	} else {
		log.Info("an action was asked for on the page")
		s.sessions.tell(is, flash{Text: said})
		s.deeds.add(deed{At: s.opts.Now(), Who: is.who, Action: action}, items)
	}
	s.stale()
	back := "/"
	if r.PostForm.Get("back") == "story" && len(items) == 1 && isItem(items[0]) {
		back = "/file/" + items[0]
	}
	http.Redirect(w, r, back, http.StatusSeeOther)
}

func failed(says string, err error) flash {
	if why, ok := errors.AsType[inWords](err); ok {
		return flash{Text: says + " " + string(why), Failed: true}
	}
	return flash{Text: says, Detail: clean(err.Error()), Failed: true}
}

// order is what somebody has clicked, and what they saw when they did.
type order struct {
	action string
	items  []string
	seen   string // of a held file, see seenOf
	fileID string
}

// do says in the office's language what it did.
func (s *Server) do(ctx context.Context, o order) (string, error) {
	say, app := s.opts.Words.Say, s.opts.App
	for _, it := range o.items {
		if !isItem(it) {
			return "", errUnknownAction
		}
	}
	switch {
	case o.action == "retry" && len(o.items) > 0:
		n, err := app.RetryItems(o.items)
		if n == 0 && err == nil {
			err = inWords(say("error.changed"))
		}
		return say("done.retry", n), err
	case o.action == "retry-all" && len(o.items) == 0:
		_, err := app.Retry(ctx, nil, true)
		return say("done.retry-all"), err
	case o.action == "pause" && len(o.items) == 0:
		_, err := app.Pause(ctx)
		return say("done.pause"), err
	case o.action == "resume" && len(o.items) == 0:
		_, err := app.Resume(ctx)
		return say("done.resume"), err
	case slices.Contains([]string{"sent", "resend", "confirm"}, o.action) && len(o.items) == 1:
		return s.decide(ctx, o)
	}
	return "", errUnknownAction
}

// decide takes somebody's word about a held file. It counts only for what the
// page had shown them: whoever has looked in Bloxs after the first upload knows
// nothing of the second, which somebody else has ordered meanwhile.
func (s *Server) decide(ctx context.Context, o order) (string, error) {
	say, app, item := s.opts.Words.Say, s.opts.App, o.items[0]
	story, err := app.Story(ctx, item)
	if err != nil {
		return "", err
	}
	if story.Row.State != "held" || seenOf(story.Row) != o.seen {
		return "", inWords(say("error.changed"))
	}
	switch o.action {
	case "confirm":
		_, err := app.Confirm(ctx, story.Row.Path)
		return say("done.confirm"), err
	case "resend":
		_, err := app.Resolve(ctx, control.Resolution{Target: item})
		return say("done.resend"), err
	}
	res := control.Resolution{Target: item, Sent: true}
	if o.fileID != "" {
		if res.FileID, err = strconv.ParseInt(o.fileID, 10, 64); err != nil || res.FileID <= 0 {
			return "", inWords(say("error.file-id"))
		}
	}
	_, err = app.Resolve(ctx, res)
	return say("done.sent"), err
}

// isItem tells whether a form's value can be an item's ID, and nothing else
// that commands take, such as a path.
func isItem(s string) bool {
	return len(s) == 24 && strings.Trim(s, "0123456789abcdef") == ""
}
