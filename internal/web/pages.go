package web

import (
	"bytes"
	"embed"
	"fmt"
	"html/template"
	"io/fs"
	"net/http"
	"strings"
	"time"

	"bloxdrop/internal/control"
	"bloxdrop/internal/words"
)

//go:embed page/*.html
var pageFiles embed.FS

//go:embed assets
var assetFiles embed.FS

// pages are the templates in one language.
type pages struct {
	all *template.Template
}

func parsePages(w *words.Words) (*pages, error) {
	t, err := template.New("").Funcs(template.FuncMap{
		"say": w.Say, "number": w.Number, "size": w.Size, "lang": w.Language,
		"clean": clean, "name": func(rel string) string { return clean(nameOf(rel)) }, "folder": func(rel string) string { return clean(folderOf(rel)) },
		"at":      func(t, now time.Time) string { return w.At(t, now) },
		"ago":     func(t, now time.Time) string { return w.Ago(now.Sub(t)) },
		"since":   func(t, now time.Time) string { return w.For(now.Sub(t)) },
		"machine": func(t time.Time) string { return t.Format(time.RFC3339) },
		"seen":    seenOf, "refusal": refusal,
		"id": func(n int64) string { return fmt.Sprint(n) }, "names": nameAmong,
		"percent": func(part, all int64) int64 { return min(part*100/max(all, 1), 100) },
		"line":    func(r control.Row, now time.Time) line { return line{Row: r, Now: now} },
		"warned":  func(w control.Warning, now time.Time) warned { return warned{Warning: w, Now: now} },
	}).ParseFS(pageFiles, "page/*.html")
	if err != nil {
		return nil, err
	}
	return &pages{all: t}, nil
}

// line is a file in a list, as a template takes it.
type line struct {
	control.Row
	Now time.Time
}

// warned is a warning in a list, likewise.
type warned struct {
	control.Warning
	Now time.Time
}

// frame is what all pages have around them.
type frame struct {
	Title    string
	Who      string
	Query    string
	Flash    []flash
	Live     bool
	SignedIn bool
	Body     any
}

// parts of the overview, in the order of the page. Each is sent anew when it
// has changed.
func parts() []string {
	return []string{"headline", "needs", "numbers", "flights", "waiting", "charts", "latest", "roots", "warnings"}
}

// part renders one part of the overview.
func (p *pages) part(name string, v *view) ([]byte, error) {
	var b bytes.Buffer
	err := p.all.ExecuteTemplate(&b, "part-"+name, v)
	return bytes.TrimSpace(b.Bytes()), err
}

// show writes a whole page, or an error where it can't be made.
func (s *Server) show(w http.ResponseWriter, status int, page string, f frame) {
	var b bytes.Buffer
	if err := s.pages.all.ExecuteTemplate(&b, page, f); err != nil {
		s.fail(w, err)
		return
	}
	write(w, status, b.Bytes())
}

func write(w http.ResponseWriter, status int, html []byte) {
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(status)
	_, _ = w.Write(html) // fails only when the browser has gone
}

// fail says that something went wrong, and keeps the details to the log: an
// error may hold a name, and this may be shown before anybody signed in.
func (s *Server) fail(w http.ResponseWriter, err error) {
	s.opts.Log.Error("a page can't be shown", "err", err)
	var b bytes.Buffer
	if err := s.pages.all.ExecuteTemplate(&b, "failed", s.frame(s.opts.Words.Say("error.title"), nil)); err != nil {
		http.Error(w, s.opts.Words.Say("error"), http.StatusInternalServerError)
		return
	}
	write(w, http.StatusInternalServerError, b.Bytes())
}

func (s *Server) assets() http.Handler {
	files, err := fs.Sub(assetFiles, "assets")
	if err != nil {
		panic(err) // the name is constant
	}
	serve := http.StripPrefix("/assets/", http.FileServerFS(files))
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasSuffix(r.URL.Path, "/") {
			http.NotFound(w, r) // a folder would be listed
			return
		}
		w.Header().Set("Cache-Control", "no-cache") // they change with the program, which gives them no date
		serve.ServeHTTP(w, r)
	})
}

func (s *Server) frame(title string, is *session) frame {
	f := frame{Title: title, SignedIn: is != nil}
	if is != nil {
		f.Who, f.Flash = is.who, s.sessions.told(is)
	}
	return f
}

func (s *Server) askToSignIn(w http.ResponseWriter, status int, trouble string) {
	f := s.frame(s.opts.Words.Say("sign-in.title"), nil)
	f.Body = struct {
		Trouble  string
		Password bool
	}{Password: s.opts.PasswordFile != ""}
	if trouble != "" {
		f.Flash = []flash{{Text: s.opts.Words.Say(trouble), Failed: true}}
	}
	s.show(w, status, "sign-in", f)
}

func (s *Server) overview(w http.ResponseWriter, r *http.Request, is *session) {
	v, err := s.view(r.Context())
	if err != nil {
		s.fail(w, err)
		return
	}
	f := s.frame(v.Headline.Short, is)
	f.Live, f.Body = true, v
	s.show(w, http.StatusOK, "overview", f)
}

func (s *Server) notFound(w http.ResponseWriter, _ *http.Request, is *session) {
	s.show(w, http.StatusNotFound, "not-found", s.frame(s.opts.Words.Say("not-found.title"), is))
}
