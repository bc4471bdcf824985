package bloxs

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"sync"
	"time"

	"github.com/golang-jwt/jwt/v5"
)

const (
	assumedLife  = 55 * time.Minute // of a token that doesn't say
	renewEarly   = 10 * time.Minute // before it ends, or a tenth of its life
	renewRetries = time.Minute      // between tries to renew a token that is still good

	signInAgain = time.Second // after a sign-in that Bloxs could not answer, doubling
	signInMost  = time.Minute
)

// token is a bearer token with what is known of its life, by our clock.
type token struct {
	value   string
	renewAt time.Time
	expires time.Time
}

// tokens holds the current token and the sign-in under way. There is never
// more than one: Bloxs allows an environment ten a minute, for all its users.
type tokens struct {
	mu      sync.Mutex
	current token
	flight  *flight
	wait    time.Duration // after failures in a row that say nothing about the key
	next    time.Time     // no sign-in before
}

// flight is one sign-in, whose outcome everybody waiting shares.
type flight struct {
	done  chan struct{}
	value string
	err   error
}

// Token returns a bearer token and signs in only if there is no good one. A
// refused sign-in is an *Error with Op OpSignIn.
func (c *Client) Token(ctx context.Context) (string, error) {
	if c.cfg.Token != "" {
		return c.cfg.Token, nil
	}
	c.tokens.mu.Lock()
	now := c.cfg.Now()
	if t := c.tokens.current; t.value != "" && now.Before(t.renewAt) {
		c.tokens.mu.Unlock()
		return t.value, nil
	}
	return c.join(ctx)
}

// Renew returns a token other than bad, which Bloxs has just refused: the one
// that another goroutine has fetched meanwhile, else a new one.
func (c *Client) Renew(ctx context.Context, bad string) (string, error) {
	if c.cfg.Token != "" {
		return "", &Error{Op: OpSignIn, Status: http.StatusUnauthorized, FixedToken: true}
	}
	c.tokens.mu.Lock()
	t := c.tokens.current
	if t.value != "" && t.value != bad && c.cfg.Now().Before(t.expires) {
		c.tokens.mu.Unlock()
		return t.value, nil
	}
	c.tokens.current = token{}
	return c.join(ctx)
}

// join waits for the sign-in under way, or starts one. It is called with
// tokens.mu held and releases it. The sign-in doesn't end with the caller
// that happened to start it.
func (c *Client) join(ctx context.Context) (string, error) {
	f := c.tokens.flight
	if f == nil {
		f = &flight{done: make(chan struct{})}
		c.tokens.flight = f
		c.wg.Add(1)
		go c.fly(f)
	}
	c.tokens.mu.Unlock()
	select {
	case <-f.done:
		return f.value, f.err
	case <-ctx.Done():
		return "", context.Cause(ctx)
	}
}

// fly signs in and hands the outcome over under the lock, so that nobody can
// meet a flight that has landed.
func (c *Client) fly(f *flight) {
	defer c.wg.Done()
	c.tokens.mu.Lock()
	next := c.tokens.next
	c.tokens.mu.Unlock()
	err := pause(c.ctx, next.Sub(c.cfg.Now()))
	var t token
	if err == nil {
		t, err = c.signIn(c.ctx)
	}
	if err == nil {
		c.keepToken(t)
	}

	c.tokens.mu.Lock()
	defer c.tokens.mu.Unlock()
	old := c.tokens.current
	now := c.cfg.Now()
	c.tokens.putOff(err, now)
	switch {
	case err == nil:
		c.tokens.current = t
		f.value = t.value
	case old.value != "" && now.Before(old.expires):
		// Renewing early went wrong, but the old token is good yet.
		c.cfg.Log.Warn("token not renewed, the old one is still good", "err", err, "until", old.expires)
		c.tokens.current.renewAt = now.Add(renewRetries)
		f.value = old.value
	default:
		f.err = err
	}
	c.tokens.flight = nil
	close(f.done)
}

// putOff spaces sign-ins out while Bloxs can't answer them. One that it refuses
// is for the queue to space out, and for a person to try again at once.
func (t *tokens) putOff(err error, now time.Time) {
	var e *Error
	if err == nil || errors.As(err, &e) && e.Status < 500 {
		t.wait, t.next = 0, time.Time{}
		return
	}
	t.wait = min(max(2*t.wait, signInAgain), signInMost)
	t.next = now.Add(t.wait)
}

func (c *Client) signIn(ctx context.Context) (token, error) {
	body, err := json.Marshal(map[string]string{"apiKey": c.cfg.APIKey, "apiSecret": c.cfg.APISecret})
	if err != nil {
		return token{}, err
	}
	req, err := http.NewRequest(http.MethodPost, c.base+"/Authorization", bytes.NewReader(body))
	if err != nil {
		return token{}, err
	}
	req.GetBody = nil // net/http could send the body again by it
	req.Header.Set("Content-Type", "application/json")
	a, answer, err := c.call(ctx, OpSignIn, req)
	if err != nil {
		return token{}, err
	}
	if a.Status != http.StatusOK || a.HTML {
		return token{}, a.AsError()
	}
	var got struct {
		Token      string
		Expiration any // whatever stands there, the token is good
	}
	if json.Unmarshal(answer, &got) != nil || !plausibleToken(got.Token) {
		bad := a.AsError()
		bad.Invalid = true
		bad.Problem = Problem{} // it might hold a token under another name
		return token{}, bad
	}
	c.cfg.Log.Debug("signed in")
	until, _ := got.Expiration.(string)
	return newToken(got.Token, until, c.cfg.Now(), a.serverTime), nil
}

// plausibleToken tells whether a token can stand in a header.
func plausibleToken(s string) bool {
	for _, r := range s {
		if r <= ' ' || r > '~' {
			return false
		}
	}
	return s != ""
}

// newToken works out a token's life. What the token or Bloxs says is by the
// server's clock and is carried over to ours.
func newToken(value, expiration string, now, serverNow time.Time) token {
	life := assumedLife
	if end := expiry(value, expiration); end.After(serverNow) {
		life = end.Sub(serverNow)
	}
	early := min(renewEarly, life/10)
	return token{value: value, renewAt: now.Add(life - early), expires: now.Add(life)}
}

// expiry prefers the token's own claim. Bloxs's `expiration` has been seen as
// 01/10/2026 16:42:26, which is either of two days, so only RFC 3339 counts.
func expiry(value, expiration string) time.Time {
	var claims jwt.RegisteredClaims
	if _, _, err := jwt.NewParser().ParseUnverified(value, &claims); err == nil && claims.ExpiresAt != nil {
		return claims.ExpiresAt.Time
	}
	if t, err := time.Parse(time.RFC3339, expiration); err == nil {
		return t
	}
	return time.Time{}
}
