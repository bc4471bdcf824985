package bloxstest

import (
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"time"
)

// tokens are those given out, with their ends.
type tokens struct {
	mu     sync.Mutex
	good   map[string]time.Time
	key    string // as SetKey changed it
	secret string
	set    bool
}

// ExpireTokens makes every token that was given out worthless.
func (s *Server) ExpireTokens() {
	s.tokens.mu.Lock()
	defer s.tokens.mu.Unlock()
	clear(s.tokens.good)
}

// SetKey makes another key and secret the right ones. Tokens stay good.
func (s *Server) SetKey(key, secret string) {
	s.tokens.mu.Lock()
	defer s.tokens.mu.Unlock()
	s.tokens.key, s.tokens.secret, s.tokens.set = key, secret, true
}

func (s *Server) rightKey(key, secret string) bool {
	wantKey, wantSecret := s.opts.APIKey, s.opts.APISecret
	s.tokens.mu.Lock()
	if s.tokens.set {
		wantKey, wantSecret = s.tokens.key, s.tokens.secret
	}
	s.tokens.mu.Unlock()
	return key != "" && secret != "" && (wantKey == "" || key == wantKey) && (wantSecret == "" || secret == wantSecret)
}

func (s *Server) signIn(w http.ResponseWriter, r *http.Request) {
	f := s.SignIns.begin("")
	if f.stage != never && f.play(s, w, r) || s.limited(w, false) {
		return
	}
	var in struct{ APIKey, APISecret string }
	if err := json.NewDecoder(http.MaxBytesReader(w, r.Body, 64<<10)).Decode(&in); err != nil || !s.rightKey(in.APIKey, in.APISecret) {
		s.opts.Log.Info("sign-in refused")
		writeProblem(w, r, http.StatusBadRequest, "The token could not be created.", nil)
		return
	}
	end := s.opts.Now().Add(s.opts.TokenLife)
	token := newJWT(end)
	s.tokens.mu.Lock()
	s.tokens.good[token] = end
	s.tokens.mu.Unlock()
	// The format in which Bloxs was seen to answer, of no use to anybody.
	body, _ := json.Marshal(map[string]string{"token": token, "expiration": end.Format("01/02/2006 15:04:05")})
	s.opts.Log.Info("signed in")
	writeJSON(w, http.StatusOK, body)
}

// authorized answers 401 unless the request has a good token.
func (s *Server) authorized(w http.ResponseWriter, r *http.Request) bool {
	token, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	s.tokens.mu.Lock()
	end, given := s.tokens.good[token]
	s.tokens.mu.Unlock()
	switch {
	case ok && given && s.opts.Now().Before(end):
		return true
	case ok && s.opts.Token != "" && token == s.opts.Token:
		return true
	}
	w.Header().Set("WWW-Authenticate", `Bearer error="invalid_token"`)
	w.WriteHeader(http.StatusUnauthorized)
	return false
}

// newJWT makes a token that reads like a JWT. Nobody checks its signature:
// the server knows the tokens that it gave out.
func newJWT(end time.Time) string {
	encode := base64.RawURLEncoding.EncodeToString
	signature := make([]byte, 32)
	rand.Read(signature)
	claims := fmt.Sprintf(`{"exp":%d,"jti":%q}`, end.Unix(), rand.Text())
	return encode([]byte(`{"alg":"HS256","typ":"JWT"}`)) + "." + encode([]byte(claims)) + "." + encode(signature)
}

// lookUp answers with a person.
func (s *Server) lookUp(w http.ResponseWriter, r *http.Request) {
	kind, id := identifier(r)
	f := s.LookUps.begin(id)
	if f.stage != never && f.play(s, w, r) || s.limited(w, false) || !s.authorized(w, r) {
		return
	}
	person, ok := s.person(relationOf(r), kind, id)
	if !ok {
		writeProblem(w, r, http.StatusNotFound, "Person not found.", map[string][]string{kind: {"There is no person with " + kind + " " + id + "."}})
		return
	}
	fields := map[string]any{kind: id, "id": 7, "displayName": person.Name, "isActive": true, "emailAddresses": []any{}}
	for key, value := range person.Fields {
		fields[key] = value
	}
	body, err := json.Marshal(fields)
	if err != nil {
		writeProblem(w, r, http.StatusInternalServerError, err.Error(), nil)
		return
	}
	writeJSON(w, http.StatusOK, body)
}
