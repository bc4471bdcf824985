package web

import (
	"context"
	"errors"
	"net/http"
	"strconv"
	"strings"

	"bloxdrop/internal/control"
)

var errUnknownAction = errors.New("there is no such action")

// act does what a person has clicked, records it, and goes back to the page.
func (s *Server) act(w http.ResponseWriter, r *http.Request, is *session) {
	r.Body = http.MaxBytesReader(w, r.Body, largestForm)
	if err := r.ParseForm(); err != nil {
		http.Error(w, s.opts.Words.Say("error.form"), http.StatusBadRequest)
		return
	}
	action, items := r.PathValue("action"), r.PostForm["item"]
	said, err := s.do(r.Context(), action, items, r.PostForm.Get("file-id"))
	log := s.opts.Log.With("action", action, "who", is.who, "from", r.RemoteAddr, "items", strings.Join(items[:min(len(items), 10)], " "), "count", len(items))
	if err != nil {
		log.Warn("an action on the page failed", "err", err)
		s.sessions.tell(is, flash{Text: s.opts.Words.Say("done.failed"), Detail: clean(err.Error()), Failed: true})
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

// do says in the office's language what it did.
func (s *Server) do(ctx context.Context, action string, items []string, fileID string) (string, error) {
	say, app := s.opts.Words.Say, s.opts.App
	for _, it := range items {
		if !isItem(it) {
			return "", errUnknownAction
		}
	}
	switch {
	case action == "retry" && len(items) > 0:
		_, err := app.Retry(ctx, items, false)
		return say("done.retry", len(items)), err
	case action == "sent" && len(items) == 1:
		res := control.Resolution{Target: items[0], Sent: true}
		if fileID = strings.TrimSpace(fileID); fileID != "" {
			id, err := strconv.ParseInt(fileID, 10, 64)
			if err != nil || id <= 0 {
				return "", errors.New(say("error.file-id"))
			}
			res.FileID = id
		}
		_, err := app.Resolve(ctx, res)
		return say("done.sent"), err
	case action == "resend" && len(items) == 1:
		_, err := app.Resolve(ctx, control.Resolution{Target: items[0]})
		return say("done.resend"), err
	case action == "confirm" && len(items) == 1:
		story, err := app.Story(ctx, items[0])
		if err == nil {
			_, err = app.Confirm(ctx, story.Row.Path)
		}
		return say("done.confirm"), err
	case action == "pause" && len(items) == 0:
		_, err := app.Pause(ctx)
		return say("done.pause"), err
	case action == "resume" && len(items) == 0:
		_, err := app.Resume(ctx)
		return say("done.resume"), err
	}
	return "", errUnknownAction
}

// isItem tells whether a form's value can be an item's ID, and nothing else
// that commands take, such as a path.
func isItem(s string) bool {
	return len(s) == 24 && strings.Trim(s, "0123456789abcdef") == ""
}
