package bloxs

import (
	"bytes"
	"fmt"
	"mime"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// The calls, as an Error names them.
const (
	OpSignIn = "sign-in"
	OpLookUp = "look-up of a person"
	OpUpload = "upload"
)

// maxRetryAfter bounds what we believe of a Retry-After.
const maxRetryAfter = 24 * time.Hour

// Answer is what came back for a request, whatever its status.
type Answer struct {
	Op         string
	Status     int
	FileID     int64 // a positive JSON integer in a 2xx body that was read to its end, else 0
	Problem    Problem
	IsProblem  bool // the body is a problem object
	HTML       bool
	RetryAfter time.Duration // 0: not said
	BodyErr    error         // the answer's body broke off
	Location   string        // of a redirect, without its query

	serverTime time.Time // the server's clock, or ours where it shows none
}

// AsError puts an answer that was not wanted into words.
func (a *Answer) AsError() *Error {
	return &Error{
		Op: a.Op, Status: a.Status, Problem: a.Problem, IsProblem: a.IsProblem,
		HTML: a.HTML, RetryAfter: a.RetryAfter, Location: a.Location,
	}
}

// Error is an answer that is not what was asked for.
type Error struct {
	Op         string // OpSignIn, OpLookUp or OpUpload
	Status     int
	Problem    Problem
	IsProblem  bool
	HTML       bool // the answer is a web page
	Invalid    bool // a 2xx whose body is not what the call returns
	FixedToken bool // the token of the configuration was refused; there is no sign-in that would help
	RetryAfter time.Duration
	Location   string
}

// answered begins each Error.
const answered = "Bloxs answered the "

// Error says in one sentence what Bloxs answered, in Bloxs's own words where
// it had any: at most 500 characters, on one line, without markup or secrets.
func (e *Error) Error() string {
	if e.FixedToken {
		return "Bloxs refuses the fixed token: put a new one in place of bloxs.token"
	}
	s := fmt.Sprintf(answered+"%s with %d", e.Op, e.Status)
	if text := http.StatusText(e.Status); text != "" {
		s += " " + text
	}
	switch {
	case e.Status >= 300 && e.Status < 400 && e.Location != "":
		s += ", a redirect to " + e.Location
	case e.HTML:
		s += " and a web page instead of data"
	case e.Invalid:
		s += " and a body that is not what this call returns"
	}
	if text := e.Problem.Text(); text != "" {
		s += ": " + text
	}
	return clean(s, maxText)
}

// SaidTooLarge tells whether such a sentence is about an upload that Bloxs, or a
// gateway before it, finds too large.
func SaidTooLarge(sentence string) bool {
	return strings.HasPrefix(sentence, fmt.Sprintf("%s%s with %d", answered, OpUpload, http.StatusRequestEntityTooLarge))
}

// Said is what of such a sentence is in Bloxs's own words, without what is for
// programmers; "" where it had none.
func Said(sentence, traceID string) string {
	if !strings.HasPrefix(sentence, answered) {
		return sentence
	}
	_, said, _ := strings.Cut(sentence, ": ")
	return strings.TrimSpace(strings.TrimSuffix(said, "(traceId "+traceID+")"))
}

// readAnswer reads and closes the body, both bounded. The body comes back
// whole or, where it is too long or broke off, as far as it was read.
func (c *Client) readAnswer(op string, resp *http.Response) (*Answer, []byte) {
	body, whole, err := readBounded(resp.Body)
	resp.Body.Close() // what is left unread costs the connection, not us
	c.old.Store(!resp.ProtoAtLeast(1, 1))
	contentType, hide := resp.Header.Get("Content-Type"), c.hideFor(resp.Request)
	a := &Answer{Op: op, Status: resp.StatusCode, BodyErr: err, HTML: isHTML(contentType, body)}
	if !a.HTML {
		a.Problem, a.IsProblem = parseProblem(contentType, body)
		a.Problem = a.Problem.mapText(hide)
	}
	a.serverTime = c.serverNow(resp.Header)
	a.RetryAfter = retryAfter(resp.Header.Get("Retry-After"), a.serverTime)
	a.Location = hide(location(resp.Header.Get("Location")))
	if whole && !a.HTML && a.Status >= 200 && a.Status < 300 {
		a.FileID = fileID(body)
		if a.FileID != 0 {
			a.Problem = Problem{}
		}
	}
	return a, body
}

// fileID reads a whole body as a file ID: white space aside nothing but the
// digits of a positive int64. Anything else is 0, because a number guessed
// from something else would pass for a receipt.
func fileID(body []byte) int64 {
	digits := bytes.Trim(body, " \t\r\n")
	if len(digits) == 0 || digits[0] < '1' || digits[0] > '9' {
		return 0
	}
	id, err := strconv.ParseInt(string(digits), 10, 64)
	if err != nil {
		return 0
	}
	return id
}

func isHTML(contentType string, body []byte) bool {
	mediaType, _, _ := mime.ParseMediaType(contentType)
	if mediaType == "text/html" || mediaType == "application/xhtml+xml" {
		return true
	}
	// Gateways send pages under any name; no JSON begins like this.
	return bytes.HasPrefix(bytes.TrimLeft(body, " \t\r\n\ufeff"), []byte("<"))
}

// leastRetryAfter keeps a "Retry-After: 0", or a date that is over, from being
// asked in a circle. It was said, all the same.
const leastRetryAfter = time.Second

// retryAfter understands seconds and dates; 0: nothing was said.
func retryAfter(value string, now time.Time) time.Duration {
	value = strings.TrimSpace(value)
	if n, err := strconv.ParseUint(value, 10, 64); err == nil {
		return max(time.Duration(min(n, uint64(maxRetryAfter/time.Second)))*time.Second, leastRetryAfter)
	}
	at, err := http.ParseTime(value)
	if err != nil {
		return 0
	}
	return min(max(at.Sub(now), leastRetryAfter), maxRetryAfter)
}

// serverNow is the server's clock as the answer shows it, else ours.
func (c *Client) serverNow(h http.Header) time.Time {
	if t, err := http.ParseTime(h.Get("Date")); err == nil {
		return t
	}
	return c.cfg.Now()
}

// location drops the query of a redirect's target, which often carries the
// address asked for and sometimes a token.
func location(raw string) string {
	u, err := url.Parse(raw)
	if err != nil || raw == "" {
		return ""
	}
	u.RawQuery, u.Fragment, u.User = "", "", nil
	return u.String()
}
