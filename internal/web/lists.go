package web

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"
	"time"

	"bloxdrop/internal/control"
)

const listShown = 50

type listing struct {
	State string
	Title string
	Says  string
	Now   time.Time
	Rows  []control.Row
	More  string // the address of the next page
	Cut   bool   // there are more, and no next page
}

// list shows the files in one state: items from the ledger, page by page, or
// files that are no items, by looking at the roots now.
func (s *Server) list(w http.ResponseWriter, r *http.Request, is *session) {
	state, after := r.PathValue("state"), r.URL.Query().Get("after")
	if !isCursor(after) {
		s.notFound(w, r, is)
		return
	}
	l := listing{State: state, Now: s.opts.Now()}
	var err error
	switch {
	case slices.Contains([]string{"held", "waiting", "sent", "skipped", "withdrawn"}, state):
		var rows control.Rows
		rows, err = s.opts.App.Rows(state, after, listShown)
		l.Rows = rows.Rows
		if rows.Next != "" {
			l.More = "/list/" + state + "?after=" + rows.Next
		}
	case slices.Contains([]string{"settling", "unmatched"}, state):
		l.Rows, l.Cut, err = s.thereNow(r.Context(), state)
	default:
		s.notFound(w, r, is)
		return
	}
	if err != nil {
		s.fail(w, err)
		return
	}
	l.Title, l.Says = s.opts.Words.Say("list."+state), s.opts.Words.Say("list."+state+".says")
	f := s.frame(l.Title, is)
	f.Body = l
	s.show(w, http.StatusOK, "list", f)
}

var errEnough = errors.New("enough")

const thereIn = 5 * time.Second

// thereNow looks at the roots, and no longer than somebody waits for a page.
func (s *Server) thereNow(ctx context.Context, state string) (rows []control.Row, cut bool, err error) {
	ctx, cancel := context.WithTimeout(ctx, thereIn)
	defer cancel()
	err = s.opts.App.List(ctx, control.Selection{State: state}, func(e control.Entry) error {
		if len(rows) == listShown {
			return errEnough
		}
		rows = append(rows, control.Row{Entry: e, Rel: e.Path, Seen: stamp(e.FirstSeen)})
		return nil
	})
	if errors.Is(err, errEnough) || errors.Is(err, context.DeadlineExceeded) {
		return rows, true, nil
	}
	return rows, false, err
}

type results struct {
	Now   time.Time
	Query string
	Found control.Found
	Whose *control.Person // all files of one person
	More  string
	Says  string // how far the search went
}

// search finds persons, names and file IDs.
func (s *Server) search(w http.ResponseWriter, r *http.Request, is *session) {
	q := r.URL.Query()
	if !isCursor(q.Get("after")) {
		s.notFound(w, r, is)
		return
	}
	res := results{Now: s.opts.Now(), Query: short(q.Get("q"), 200)}
	var err error
	switch after := q.Get("after"); {
	case q.Get("person") != "":
		res.Whose = &control.Person{Environment: q.Get("environment"), Relation: q.Get("relation"), Kind: q.Get("kind"), ID: q.Get("person")}
		res.Found.Rows.Rows, err = s.opts.App.FilesOf(*res.Whose)
		if len(res.Found.Rows.Rows) > 0 {
			res.Whose.Names = res.Found.Rows.Rows[0].Names
		}
	case res.Query != "":
		res.Found, err = s.opts.App.Search(r.Context(), res.Query, after)
		res.More = res.Found.Rows.Next
		res.Says = s.howFar(res.Found)
	}
	if err != nil {
		s.fail(w, err)
		return
	}
	f := s.frame(s.opts.Words.Say("search.title"), is)
	f.Query, f.Body = res.Query, res
	s.show(w, http.StatusOK, "search", f)
}

func (s *Server) howFar(found control.Found) string {
	if found.Rows.Next == "" {
		return s.opts.Words.Say("search.all")
	}
	return s.opts.Words.Say("search.part", min(int(found.Part*100), 99))
}

type telling struct {
	control.Story
	Now   time.Time
	Deeds []deed
	State string // a sentence
}

// story tells all that is known of one file.
func (s *Server) story(w http.ResponseWriter, r *http.Request, is *session) {
	item := r.PathValue("item")
	if !isItem(item) {
		s.notFound(w, r, is)
		return
	}
	st, err := s.opts.App.Story(r.Context(), item)
	if err != nil {
		s.notFound(w, r, is)
		return
	}
	t := telling{Story: st, Now: s.opts.Now(), Deeds: s.deeds.of(item)}
	key := "is." + st.Row.State
	if st.Row.State == "held" {
		key = "held." + st.Row.Reason
	}
	t.State = s.opts.Words.Say(key)
	f := s.frame(clean(nameOf(st.Row.Rel)), is)
	f.Body = t
	s.show(w, http.StatusOK, "story", f)
}

// isCursor tells whether an address says where a list goes on as the pages do.
func isCursor(s string) bool { return len(s)%2 == 0 && strings.Trim(s, "0123456789abcdef") == "" }
