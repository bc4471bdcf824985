package web

import (
	"crypto/rand"
	"crypto/sha256"
	"net/http"
	"strings"
	"sync"
	"time"
)

// session is a browser that has signed in.
type session struct {
	who   string
	until time.Time
	flash []flash // to be shown once
	tabs  int     // that watch
}

// flash is what the last action came to.
type flash struct {
	Text   string
	Detail string // in English, of the program
	Failed bool
}

// sessions are kept in memory only, by a hash of the cookie: a restart signs
// everybody out.
type sessions struct {
	now func() time.Time

	mu    sync.Mutex
	byKey map[[sha256.Size]byte]*session
	links map[[sha256.Size]byte]*session // that sign in once
}

const (
	sessionFor  = 12 * time.Hour // without a visit; a page that is open visits
	linkFor     = time.Minute
	sessionMost = 100
)

func newSessions(now func() time.Time) *sessions {
	return &sessions{now: now, byKey: map[[sha256.Size]byte]*session{}, links: map[[sha256.Size]byte]*session{}}
}

func keyOf(token string) [sha256.Size]byte { return sha256.Sum256([]byte(token)) }

// add makes a token for who in one of the two maps, and clears out old ones.
func (s *sessions) add(to map[[sha256.Size]byte]*session, who string, lasts time.Duration) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.now()
	var first [sha256.Size]byte
	for key, other := range to {
		if now.After(other.until) {
			delete(to, key)
		} else if to[first] == nil || other.until.Before(to[first].until) {
			first = key
		}
	}
	if len(to) >= sessionMost {
		delete(to, first)
	}
	token := rand.Text()
	to[keyOf(token)] = &session{who: who, until: now.Add(lasts)}
	return token
}

func (s *sessions) link(who string) string  { return s.add(s.links, who, linkFor) }
func (s *sessions) begin(who string) string { return s.add(s.byKey, who, sessionFor) }

// useLink tells whom a link is for; it works once.
func (s *sessions) useLink(token string) (who string, ok bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	key := keyOf(token)
	is := s.links[key]
	delete(s.links, key)
	if is == nil || s.now().After(is.until) {
		return "", false
	}
	return is.who, true
}

// get finds the session of a cookie, and lets it last on.
func (s *sessions) get(token string) *session {
	s.mu.Lock()
	defer s.mu.Unlock()
	is, now := s.byKey[keyOf(token)], s.now()
	if is == nil || now.After(is.until) {
		return nil
	}
	is.until = now.Add(sessionFor)
	return is
}

func (s *sessions) end(token string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.byKey, keyOf(token))
}

// tell keeps what an action came to until the next page.
func (s *sessions) tell(is *session, f flash) {
	s.mu.Lock()
	defer s.mu.Unlock()
	is.flash = append(is.flash, f)
}

func (s *sessions) told(is *session) []flash {
	s.mu.Lock()
	defer s.mu.Unlock()
	f := is.flash
	is.flash = nil
	return f
}

// cookieName has the port, since cookies are shared between ports.
func (s *Server) cookieName() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return "bloxdrop-" + s.address[strings.LastIndexByte(s.address, ':')+1:]
}

// setCookie lets the browser keep it until it is closed; how long it counts is
// decided here, visit by visit. A negative age takes it away.
func (s *Server) setCookie(w http.ResponseWriter, token string, age int) {
	http.SetCookie(w, &http.Cookie{
		Name: s.cookieName(), Value: token, Path: "/", MaxAge: age,
		HttpOnly: true, SameSite: http.SameSiteStrictMode, Secure: s.cert != nil,
	})
}

func (s *Server) sessionOf(r *http.Request) (*session, string) {
	c, err := r.Cookie(s.cookieName())
	if err != nil {
		return nil, ""
	}
	return s.sessions.get(c.Value), c.Value
}

// signedIn shows the sign-in page to who isn't.
func (s *Server) signedIn(next func(http.ResponseWriter, *http.Request, *session)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		is, _ := s.sessionOf(r)
		if is == nil {
			s.askToSignIn(w, http.StatusUnauthorized, "")
			return
		}
		next(w, r, is)
	}
}
