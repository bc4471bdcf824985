package uploader

import (
	"errors"
	"strings"
	"testing"

	"bloxdrop/internal/bloxs"
	"bloxdrop/queue"
)

// The stages of an attempt, as far as its outcome depends on them.
var stages = []struct {
	name string
	how  how
}{
	{"before the gate", how{}},
	{"after it, no byte written", how{gateOpen: true}},
	{"after it", how{gateOpen: true, wrote: true}},
}

// wantClass is the table once more, written the other way round: by class.
func wantClass(status int, passed bool) queue.Class {
	switch status {
	case 401:
		return queue.SignIn
	case 403:
		return queue.Denied
	case 429:
		return queue.Limited
	case 404, 405:
		return queue.Misconfigured
	case 408, 417, 500, 503:
		return queue.Transient
	}
	switch status / 100 {
	case 2:
		return queue.Uncertain
	case 3:
		return queue.Misconfigured
	case 4:
		return queue.Rejected
	}
	if passed {
		return queue.Uncertain
	}
	return queue.Transient
}

func TestClassifyEveryStatus(t *testing.T) {
	for _, stage := range stages {
		passed := stage.name == "after it"
		for status := 100; status < 1000; status++ {
			for _, html := range []bool{false, true} {
				h := stage.how
				h.answer = &bloxs.Answer{Op: bloxs.OpUpload, Status: status, HTML: html}
				got := classify(h, "reference", "1234")
				if want := wantClass(status, passed); got.Class != want {
					t.Errorf("%d %s: %s, want %s", status, stage.name, got.Class, want)
				}
				if got.Detail == "" || got.Status != status || got.FileID != 0 {
					t.Errorf("%d %s: incomplete: %+v", status, stage.name, got)
				}
			}
		}
	}
}

func TestClassifyByBody(t *testing.T) {
	broken := errors.New("unexpected EOF")
	problem := bloxs.Problem{Title: "Not found", TraceID: "00-1"}
	naming := bloxs.Problem{Errors: map[string][]string{"reference": {"unknown"}}}
	other := bloxs.Problem{Errors: map[string][]string{"File": {"too odd"}}}
	for _, c := range []struct {
		name          string
		answer        bloxs.Answer
		before, after queue.Class
	}{
		{"a file ID", bloxs.Answer{Status: 200, FileID: 7}, queue.Uncertain, queue.Delivered},
		{"a file ID with 201", bloxs.Answer{Status: 201, FileID: 7}, queue.Uncertain, queue.Delivered},
		{"a file ID that broke off", bloxs.Answer{Status: 200, FileID: 7, BodyErr: broken}, queue.Uncertain, queue.Uncertain},
		{"no file ID", bloxs.Answer{Status: 200}, queue.Uncertain, queue.Uncertain},
		{"a negative file ID", bloxs.Answer{Status: 200, FileID: -1}, queue.Uncertain, queue.Uncertain},
		{"a file ID beside 502", bloxs.Answer{Status: 502, FileID: 7}, queue.Transient, queue.Uncertain},
		{"404 problem", bloxs.Answer{Status: 404, IsProblem: true, Problem: problem}, queue.UnknownPerson, queue.UnknownPerson},
		{"404 broken off", bloxs.Answer{Status: 404, BodyErr: broken}, queue.Transient, queue.Transient},
		{"404 page", bloxs.Answer{Status: 404, HTML: true}, queue.Misconfigured, queue.Misconfigured},
		{"400 naming the person", bloxs.Answer{Status: 400, IsProblem: true, Problem: naming}, queue.UnknownPerson, queue.UnknownPerson},
		{"400 about the file", bloxs.Answer{Status: 400, IsProblem: true, Problem: other}, queue.Rejected, queue.Rejected},
		{"400 broken off", bloxs.Answer{Status: 400, BodyErr: broken}, queue.Transient, queue.Transient},
		{"413 broken off", bloxs.Answer{Status: 413, BodyErr: broken}, queue.Rejected, queue.Rejected},
	} {
		for _, stage := range stages {
			want := c.before
			if stage.name == "after it" {
				want = c.after
			}
			h := stage.how
			h.answer = &c.answer
			got := classify(h, "reference", "1234")
			if got.Class != want {
				t.Errorf("%s %s: %s, want %s", c.name, stage.name, got.Class, want)
			}
			if (got.FileID != 0) != (want == queue.Delivered) {
				t.Errorf("%s %s: file ID %d", c.name, stage.name, got.FileID)
			}
			if got.TraceID != c.answer.Problem.TraceID {
				t.Errorf("%s: trace ID %q is lost", c.name, got.TraceID)
			}
		}
	}
}

func TestClassifyWithoutAnswer(t *testing.T) {
	reset := errors.New("connection reset by peer")
	for _, c := range []struct {
		err  error
		want [3]queue.Class
	}{
		{reset, [3]queue.Class{queue.Transient, queue.Transient, queue.Uncertain}},
		{errStalled, [3]queue.Class{queue.Transient, queue.Transient, queue.Uncertain}},
		{errStopping, [3]queue.Class{queue.Stopped, queue.Transient, queue.Uncertain}},
	} {
		for i, stage := range stages {
			h := stage.how
			h.err = c.err
			got := classify(h, "reference", "1234")
			if got.Class != c.want[i] || !strings.Contains(got.Detail, c.err.Error()) {
				t.Errorf("%v %s: %+v, want %s", c.err, stage.name, got, c.want[i])
			}
		}
	}
}

func TestLookUpAndSignInOutcomes(t *testing.T) {
	naming := bloxs.Problem{Errors: map[string][]string{"reference": {"unknown"}}}
	for _, c := range []struct {
		name           string
		err            bloxs.Error
		lookUp, signIn queue.Class
	}{
		{"login page", bloxs.Error{Status: 200, HTML: true}, queue.Misconfigured, queue.Misconfigured},
		{"redirect", bloxs.Error{Status: 302}, queue.Misconfigured, queue.Misconfigured},
		{"400", bloxs.Error{Status: 400}, queue.Rejected, queue.Denied},
		{"400 naming the person", bloxs.Error{Status: 400, Problem: naming}, queue.UnknownPerson, queue.Denied},
		{"401", bloxs.Error{Status: 401}, queue.SignIn, queue.Denied},
		{"403", bloxs.Error{Status: 403}, queue.Denied, queue.Denied},
		{"404 problem", bloxs.Error{Status: 404, IsProblem: true}, queue.UnknownPerson, queue.Denied},
		{"404 page", bloxs.Error{Status: 404, HTML: true}, queue.Misconfigured, queue.Misconfigured},
		{"405", bloxs.Error{Status: 405}, queue.Misconfigured, queue.Misconfigured},
		{"408", bloxs.Error{Status: 408}, queue.Transient, queue.Transient},
		{"429", bloxs.Error{Status: 429, RetryAfter: 7}, queue.Limited, queue.Limited},
		{"502", bloxs.Error{Status: 502}, queue.Transient, queue.Transient},
	} {
		lookUp, signIn := ofError(&c.err, "reference", "1234"), withoutToken(&c.err)
		if lookUp.Class != c.lookUp || signIn.Class != c.signIn {
			t.Errorf("%s: look-up %s, sign-in %s, want %s, %s", c.name, lookUp.Class, signIn.Class, c.lookUp, c.signIn)
		}
		if lookUp.RetryAfter != c.err.RetryAfter || signIn.RetryAfter != c.err.RetryAfter {
			t.Errorf("%s: Retry-After is lost", c.name)
		}
		if signIn.Class == queue.Denied && !strings.Contains(signIn.Detail, "bloxs.api_key") {
			t.Errorf("%s: no remedy in %q", c.name, signIn.Detail)
		}
	}
}
