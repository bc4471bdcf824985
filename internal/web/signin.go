package web

import (
	"crypto/sha256"
	"crypto/subtle"
	"errors"
	"net"
	"net/http"
	"os"
	"strings"
	"sync"
	"time"
	"unicode/utf8"

	"golang.org/x/time/rate"

	"bloxdrop/internal/sealed"
)

// enter is where a link of `bloxdrop open` leads to.
func (s *Server) enter(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodGet { // HEAD, of whoever only looks
		w.WriteHeader(http.StatusNoContent)
		return
	}
	who, ok := s.sessions.useLink(r.URL.Query().Get("token"))
	if !ok {
		s.askToSignIn(w, http.StatusForbidden, "sign-in.used")
		return
	}
	s.welcome(w, r, who)
}

func (s *Server) welcome(w http.ResponseWriter, r *http.Request, who string) {
	s.setCookie(w, s.sessions.begin(who), 0)
	s.opts.Log.Info("somebody signed in to the page", "who", who, "from", r.RemoteAddr)
	http.Redirect(w, r, "/", http.StatusSeeOther)
}

// signIn takes the password. There is one for all, so it asks for a name, too:
// what is done is recorded with it.
func (s *Server) signIn(w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, largestForm)
	if s.opts.PasswordFile == "" {
		s.askToSignIn(w, http.StatusForbidden, "")
		return
	}
	from, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil || !s.guesses.allow(from) {
		w.Header().Set("Retry-After", "10")
		s.askToSignIn(w, http.StatusTooManyRequests, "sign-in.slow")
		return
	}
	want, err := readPassword(s.opts.PasswordFile)
	if err != nil {
		s.opts.Log.Error("nobody can sign in to the page: the password can't be read", "err", err)
		s.askToSignIn(w, http.StatusInternalServerError, "sign-in.wrong")
		return
	}
	given := sha256.Sum256([]byte(strings.Trim(r.PostFormValue("password"), " ")))
	if subtle.ConstantTimeCompare(given[:], want[:]) != 1 {
		s.opts.Log.Warn("somebody tried a wrong password on the page", "from", from)
		s.askToSignIn(w, http.StatusForbidden, "sign-in.wrong")
		return
	}
	s.guesses.forgive(from)
	who := short(clean(strings.TrimSpace(r.PostFormValue("name"))), 60)
	if who == "" {
		who = from
	}
	s.welcome(w, r, who)
}

func (s *Server) signOut(w http.ResponseWriter, r *http.Request, _ *session) {
	_, token := s.sessionOf(r)
	s.sessions.end(token)
	s.setCookie(w, "", -1)
	http.Redirect(w, r, "/", http.StatusSeeOther)
}

const shortestPassword = 10

// readPassword gives a hash of the file's first line, as it was meant: cmd.exe's
// echo leaves a blank behind it, and PowerShell's > writes UTF-16. It is read each
// time, so that a changed one counts at once.
func readPassword(path string) (hash [sha256.Size]byte, err error) {
	b, err := os.ReadFile(path)
	if err != nil {
		return hash, err
	}
	line, _, _ := strings.Cut(sealed.Written(b), "\n")
	line = strings.TrimSpace(line)
	if !utf8.ValidString(line) {
		return hash, errors.New("the password is not written in UTF-8, as browsers send it; save the file as UTF-8")
	}
	if utf8.RuneCountInString(line) < shortestPassword {
		return hash, errors.New("the password is too short; write one of 10 characters or more on the first line")
	}
	return sha256.Sum256([]byte(line)), nil
}

// guesses slows down who tries passwords: a few at once, then one in ten seconds.
type guesses struct {
	now func() time.Time

	mu   sync.Mutex
	from map[string]*rate.Limiter
	all  *rate.Limiter // from wherever
}

const (
	guessesAtOnce  = 5
	guessEvery     = 10 * time.Second
	guessersAtOnce = 1000
)

func newGuesses(now func() time.Time) *guesses {
	return &guesses{now: now, from: map[string]*rate.Limiter{}, all: rate.NewLimiter(rate.Every(guessEvery/10), 10*guessesAtOnce)}
}

func (g *guesses) allow(from string) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	l := g.from[from]
	if l == nil {
		if len(g.from) >= guessersAtOnce {
			clear(g.from) // what is left then slows down all of them
		}
		l = rate.NewLimiter(rate.Every(guessEvery), guessesAtOnce)
		g.from[from] = l
	}
	return l.AllowN(g.now(), 1) && g.all.AllowN(g.now(), 1)
}

func (g *guesses) forgive(from string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	delete(g.from, from)
}
