package web

import (
	"net"
	"net/http"
	"net/netip"
	"strings"
)

// handler puts the guards before everything: the Host that was asked for, what
// other sites may do, and what a browser may make of the answers.
func (s *Server) handler() http.Handler {
	mux := http.NewServeMux()
	for pattern, h := range s.opts.Open {
		mux.Handle(pattern, h)
	}
	mux.Handle("GET /assets/", s.assets())
	mux.HandleFunc("GET /enter", s.enter)
	mux.HandleFunc("POST /sign-in", s.signIn)
	inside := func(pattern string, h func(http.ResponseWriter, *http.Request, *session)) {
		mux.HandleFunc(pattern, s.signedIn(h))
	}
	inside("GET /{$}", s.overview)
	inside("GET /live", s.live)
	inside("GET /search", s.search)
	inside("GET /list/{state}", s.list)
	inside("GET /file/{item}", s.story)
	inside("POST /do/{action}", s.act)
	inside("POST /sign-out", s.signOut)
	inside("/", s.notFound)
	// A bound on forms is on each read of one; pages take no body at all.
	return s.headers(s.host(http.NewCrossOriginProtection().Handler(mux)))
}

// headers tell the browser to run nothing but the page's own script, to show
// it in no other site's frame, and to keep nothing.
func (s *Server) headers(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'")
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("X-Frame-Options", "DENY")
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("Cross-Origin-Opener-Policy", "same-origin")
		h.Set("Cross-Origin-Resource-Policy", "same-origin")
		h.Set("Cache-Control", "no-store")
		next.ServeHTTP(w, r)
	})
}

// host refuses what was asked under any other name: a page of another site
// whose name was made to point at this machine is not the page's own.
func (s *Server) host(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !s.isOurs(r.Host) {
			http.Error(w, "this is not the address of bloxdrop's page; `bloxdrop open` opens it", http.StatusMisdirectedRequest)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// isOurs tells whether a Host header names the page. On loopback that is
// 127.0.0.1, ::1 or localhost with the very port; with TLS also a name that the
// certificate is for.
func (s *Server) isOurs(given string) bool {
	s.mu.Lock()
	listening := s.address
	s.mu.Unlock()
	own, port, err := net.SplitHostPort(listening)
	if err != nil {
		return false
	}
	host, givenPort, err := net.SplitHostPort(given)
	if err != nil { // the scheme's own port is not written
		host, givenPort = strings.TrimSuffix(strings.TrimPrefix(given, "["), "]"), "80"
		if s.cert != nil {
			givenPort = "443"
		}
	}
	if givenPort != port {
		return false
	}
	if isLoopback(own) && isLoopback(host) {
		return true
	}
	return s.cert != nil && (host == own || s.cert.names(host))
}

func isLoopback(host string) bool {
	if strings.EqualFold(host, "localhost") {
		return true
	}
	addr, err := netip.ParseAddr(host)
	return err == nil && addr.Unmap().IsLoopback()
}
