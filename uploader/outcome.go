package uploader

import (
	"errors"
	"fmt"
	"net/http"

	"bloxdrop/internal/bloxs"
	"bloxdrop/queue"
)

// how is all that an attempt's outcome depends on, besides the person.
type how struct {
	gateOpen bool          // the open gate is in the journal
	wrote    bool          // a byte was written to the connection after it
	answer   *bloxs.Answer // nil where none came
	err      error         // why none came
}

// classify says what an attempt came to, as a function of all that happened;
// docs/states.md says what follows from each class. Kind and id are the
// identifier that was sent.
func classify(h how, kind, id string) queue.Outcome {
	// A gate behind which no byte was accepted is as good as shut: the body
	// ended before its Content-Length.
	passed := h.gateOpen && h.wrote
	if h.answer == nil {
		return unanswered(h, passed)
	}
	a := h.answer
	o := queue.Outcome{Class: classOf(a, passed, kind, id), Status: a.Status, TraceID: a.Problem.TraceID}
	switch o.Class {
	case queue.Delivered:
		o.FileID = a.FileID
	case queue.Limited:
		o.RetryAfter = a.RetryAfter
		o.Detail = a.AsError().Error()
	case queue.Uncertain:
		o.Detail = doubt(a, passed)
	case queue.Denied:
		o.Detail = a.AsError().Error() + "; the API user may lack the right to add files"
	default:
		o.Detail = a.AsError().Error()
	}
	return o
}

func unanswered(h how, passed bool) queue.Outcome {
	switch {
	case passed:
		return queue.Outcome{Class: queue.Uncertain, Detail: fmt.Sprintf(
			"the whole file was sent, but no answer came: %v; Bloxs may have stored it or not", h.err)}
	case errors.Is(h.err, errStopping) && !h.gateOpen:
		return queue.Outcome{Class: queue.Stopped, Detail: h.err.Error()}
	}
	return queue.Outcome{Class: queue.Transient, Detail: fmt.Sprintf("Bloxs was not reached, or the connection broke: %v", h.err)}
}

// classOf is the table of statuses.
func classOf(a *bloxs.Answer, passed bool, kind, id string) queue.Class {
	switch s := a.Status; {
	case s >= 200 && s <= 299:
		if passed && a.FileID > 0 && a.BodyErr == nil {
			return queue.Delivered
		}
		return queue.Uncertain // before the gate too: it says "stored" of something unfinished
	case s >= 300 && s <= 399, s == http.StatusMethodNotAllowed:
		return queue.Misconfigured
	case s == http.StatusUnauthorized:
		return queue.SignIn
	case s == http.StatusForbidden:
		return queue.Denied
	case s == http.StatusTooManyRequests:
		return queue.Limited
	case (s == http.StatusNotFound || s == http.StatusBadRequest) && a.BodyErr != nil:
		return queue.Transient // certainly not stored, but why was in the words that broke off
	case s == http.StatusNotFound && a.IsProblem, s == http.StatusBadRequest && a.Problem.NamesPerson(kind, id):
		return queue.UnknownPerson
	case s == http.StatusNotFound:
		return queue.Misconfigured
	case s == http.StatusRequestTimeout, s == http.StatusInternalServerError, s == http.StatusServiceUnavailable:
		return queue.Transient // documented as "try later", at any point
	case s == http.StatusExpectationFailed:
		return queue.Transient // a gateway's word about our Expect, which the next try leaves out
	case s >= 400 && s <= 499:
		return queue.Rejected
	case passed:
		return queue.Uncertain // 502, 504 and what nobody has thought of
	}
	return queue.Transient
}

// doubt says why nobody can tell whether the file was stored.
func doubt(a *bloxs.Answer, passed bool) string {
	switch {
	case a.Status < 200 || a.Status > 299:
		return a.AsError().Error() + "; the whole file had been sent, so Bloxs may have stored it or not"
	case !passed:
		return fmt.Sprintf("Bloxs answered the upload with %d before it had the whole file", a.Status)
	case a.BodyErr != nil:
		return fmt.Sprintf("Bloxs answered the upload with %d, but the answer broke off: %v", a.Status, a.BodyErr)
	}
	return a.AsError().Error() + ", without a file ID; Bloxs may have stored the file or not"
}

// withoutToken is the outcome where a sign-in gave no token. An address that
// leads elsewhere is told apart, since no other key would help there.
func withoutToken(err error) queue.Outcome {
	e, ok := errors.AsType[*bloxs.Error](err)
	if !ok {
		return queue.Outcome{Class: queue.Transient, Detail: fmt.Sprintf("Bloxs was not reached to sign in: %v", err)}
	}
	o := ofError(e, "", "")
	switch o.Class {
	case queue.Rejected, queue.UnknownPerson, queue.SignIn, queue.Denied:
		o.Class = queue.Denied
		o.Detail = fmt.Sprintf("Bloxs refuses the API key: %v; check bloxs.api_key and bloxs.api_secret", err)
	}
	if e.FixedToken {
		o.Class, o.Detail = queue.SignIn, e.Error() // there is no key that could be denied
	}
	return o
}

// ofError gives the outcome of a sign-in or look-up. Nothing is stored by
// those, so a 2xx that isn't what was asked for is no doubt but a login page
// or a stranger.
func ofError(e *bloxs.Error, kind, id string) queue.Outcome {
	o := queue.Outcome{Detail: e.Error(), TraceID: e.Problem.TraceID, Status: e.Status}
	if e.Status >= 200 && e.Status <= 299 {
		o.Class = queue.Misconfigured
		return o
	}
	o.Class = classOf(&bloxs.Answer{Status: e.Status, Problem: e.Problem, IsProblem: e.IsProblem, HTML: e.HTML}, false, kind, id)
	if o.Class == queue.Limited {
		o.RetryAfter = e.RetryAfter
	}
	return o
}
