package bloxstest

import (
	"fmt"
	"net"
	"net/http"
	"sync"
	"time"
)

// stage is when a fault strikes.
type stage int

const (
	never     stage = iota
	atBytes         // once so many bytes of the body were read; 0: before the first
	afterBody       // the whole body was read, nothing is stored
	stored          // the file is stored
)

// Fault is one way for a call to go wrong. Its methods move it to another
// moment. On sign-ins and look-ups, which have no body to speak of, every
// moment is the same.
type Fault struct {
	stage stage
	bytes int64
	wait  func(s *Server, r *http.Request)
	act   func(s *Server, w http.ResponseWriter, r *http.Request) // nil: go on as if nothing had been
}

// Early moves a fault to before the first byte of the body is read.
func (f Fault) Early() Fault { return f.At(0) }

// At moves a fault to when n bytes of the body have been read.
func (f Fault) At(n int64) Fault {
	f.stage, f.bytes = atBytes, n
	return f
}

// AfterBody moves a fault to when the body was read, but nothing is stored.
func (f Fault) AfterBody() Fault {
	f.stage = afterBody
	return f
}

// AfterStoring moves a fault to when the file is stored.
func (f Fault) AfterStoring() Fault {
	f.stage = stored
	return f
}

// play lets the fault happen and tells whether the call is over with it.
func (f Fault) play(s *Server, w http.ResponseWriter, r *http.Request) (over bool) {
	if f.wait != nil {
		f.wait(s, r)
	}
	if f.act == nil {
		return false
	}
	if f.stage == atBytes {
		// Else net/http reads the rest of the body before it answers.
		_ = http.NewResponseController(w).EnableFullDuplex()
	}
	f.act(s, w, r)
	return true
}

// OK is no fault.
func OK() Fault { return Fault{} }

// Status answers with a code and a problem object, after the body was read.
func Status(code int) Fault {
	return answer(func(_ *Server, w http.ResponseWriter, r *http.Request) { writeProblem(w, r, code, "", nil) })
}

// EmptyStatus answers with a code and no body.
func EmptyStatus(code int) Fault {
	return answer(func(_ *Server, w http.ResponseWriter, _ *http.Request) { w.WriteHeader(code) })
}

// Problem answers with a problem object of these words.
func Problem(code int, title string, errors map[string][]string) Fault {
	return answer(func(_ *Server, w http.ResponseWriter, r *http.Request) { writeProblem(w, r, code, title, errors) })
}

// UnknownAs400 refuses the person with a 400 that names the identifier.
func UnknownAs400() Fault {
	return answer(func(_ *Server, w http.ResponseWriter, r *http.Request) {
		kind, id := identifier(r)
		writeProblem(w, r, http.StatusBadRequest, "One or more validation errors occurred.",
			map[string][]string{kind: {fmt.Sprintf("The value '%s' is not valid.", id)}})
	})
}

// HTML answers with a code and a web page, as gateways do.
func HTML(code int) Fault {
	return answer(func(_ *Server, w http.ResponseWriter, _ *http.Request) { writeHTML(w, code) })
}

// LoginPage answers 200 with a web page to sign in on.
func LoginPage() Fault { return HTML(http.StatusOK) }

// Redirect answers 302 to a page to sign in on.
func Redirect() Fault {
	return answer(func(_ *Server, w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Location", "/Account/Login?ReturnUrl="+r.URL.Path)
		w.WriteHeader(http.StatusFound)
	})
}

// TooMany answers 429; a Retry-After is given as it stands, "" is none.
func TooMany(retryAfter string) Fault {
	return answer(func(_ *Server, w http.ResponseWriter, _ *http.Request) {
		if retryAfter != "" {
			w.Header().Set("Retry-After", retryAfter)
		}
		w.WriteHeader(http.StatusTooManyRequests)
	})
}

// ResetBefore resets the connection once n bytes of the body were read.
func ResetBefore(n int64) Fault { return Reset().At(n) }

// ResetAfterStoring stores the file and resets the connection, answering nothing.
func ResetAfterStoring() Fault { return Reset().AfterStoring() }

// Reset resets the connection (RST) after the body was read.
func Reset() Fault { return answer(cut(true)) }

// CloseWithoutAnswer closes the connection properly after the body was read.
func CloseWithoutAnswer() Fault { return answer(cut(false)) }

// StoreThen stores the file and then fails as f does: a gateway's 502, say.
func StoreThen(f Fault) Fault { return f.AfterStoring() }

// WrongID stores the file and answers 200 with this JSON in place of the ID.
func WrongID(body string) Fault {
	return answer(func(_ *Server, w http.ResponseWriter, _ *http.Request) {
		writeJSON(w, http.StatusOK, []byte(body))
	}).AfterStoring()
}

// TruncatedAnswer stores the file and breaks off in the middle of its answer.
func TruncatedAnswer() Fault {
	return answer(func(_ *Server, w http.ResponseWriter, _ *http.Request) {
		conn, buf, err := http.NewResponseController(w).Hijack()
		if err != nil {
			panic(http.ErrAbortHandler)
		}
		defer conn.Close()
		fmt.Fprint(buf, "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 40\r\n\r\n12")
		buf.Flush()
	}).AfterStoring()
}

// SlowAnswer stores the file and answers as usual, but only after d.
func SlowAnswer(d time.Duration) Fault {
	return Fault{stage: stored, wait: func(s *Server, r *http.Request) {
		timer := time.NewTimer(d)
		defer timer.Stop()
		select {
		case <-timer.C:
		case <-s.done:
		case <-r.Context().Done():
		}
	}}
}

// Held is a call that waits for Release before it goes on as usual. Move it
// with Fault's methods: h.Fault.At(100).
type Held struct {
	Fault   Fault
	reached chan struct{}
	release chan struct{}
	once    sync.Once
	free    sync.Once
}

// Hold makes a call wait after its body was read and before it is stored.
func Hold() *Held {
	h := &Held{reached: make(chan struct{}), release: make(chan struct{})}
	h.Fault = Fault{stage: afterBody, wait: func(s *Server, r *http.Request) {
		h.once.Do(func() { close(h.reached) })
		select {
		case <-h.release:
		case <-s.done:
		}
	}}
	return h
}

// Reached is closed when a call has come to where it is held.
func (h *Held) Reached() <-chan struct{} { return h.reached }

// Release lets the call, and all further ones, go on.
func (h *Held) Release() { h.free.Do(func() { close(h.release) }) }

func answer(act func(*Server, http.ResponseWriter, *http.Request)) Fault {
	return Fault{stage: afterBody, act: act}
}

// cut ends the connection without a word: at once by a reset, or properly.
func cut(reset bool) func(*Server, http.ResponseWriter, *http.Request) {
	return func(_ *Server, w http.ResponseWriter, _ *http.Request) {
		conn, _, err := http.NewResponseController(w).Hijack()
		if err != nil {
			panic(http.ErrAbortHandler)
		}
		defer conn.Close()
		if !reset {
			return
		}
		below := conn
		for {
			inner, ok := below.(interface{ NetConn() net.Conn })
			if !ok {
				break
			}
			below = inner.NetConn()
		}
		if tcp, ok := below.(*net.TCPConn); ok {
			_ = tcp.SetLinger(0)
			below.Close() // not through TLS, which would say goodbye first
		}
	}
}
