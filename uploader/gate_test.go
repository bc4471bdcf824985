package uploader

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"bloxdrop/internal/bloxs"
	"bloxdrop/internal/bloxs/bloxstest"
	"bloxdrop/queue"
	"bloxdrop/store"
)

// answerID reads the whole body and answers with a file ID.
func answerID(w http.ResponseWriter, r *http.Request) {
	if _, err := io.Copy(io.Discard, r.Body); err == nil {
		fmt.Fprint(w, "77")
	}
}

func TestFileArrivesAsItIs(t *testing.T) {
	type part struct {
		name, contentType, query, auth string
		content                        []byte
	}
	got := make(chan part, 1)
	r := newRig(t, func(w http.ResponseWriter, req *http.Request) {
		m, err := req.MultipartReader()
		if err != nil {
			return
		}
		p, err := m.NextPart()
		if err != nil {
			return
		}
		content, _ := io.ReadAll(p)
		got <- part{p.FileName(), p.Header.Get("Content-Type"), req.URL.RawQuery, req.Header.Get("Authorization"), content}
		fmt.Fprint(w, "77")
	})
	r.start()
	for _, size := range []int{1, 5000, 3 << 20} {
		content := append([]byte("%PDF-1.7\n"), bytes.Repeat([]byte("x"), size)...)
		o := r.send(r.file("1234/sub/päge 1.pdf", content))
		if o.Class != queue.Delivered || o.FileID != 77 {
			t.Fatalf("%d bytes: %+v", size, o)
		}
		p := await(t, got, "the file")
		if !bytes.Equal(p.content, content) || p.name != "päge 1.pdf" || p.contentType != "application/pdf" {
			t.Errorf("%d bytes: got %d bytes as %q, %q", size, len(p.content), p.name, p.contentType)
		}
		if p.query != "reference=1234" || p.auth != "Bearer good" {
			t.Errorf("asked for %q as %q", p.query, p.auth)
		}
	}
	r.stop() // the log is written last
	if log := r.log.String(); !strings.Contains(log, "msg=sent") || !strings.Contains(log, "file_id=77") || strings.Contains(log, "good") {
		t.Errorf("the log says:\n%s", log)
	}
}

// TestGateOrder holds the attempt at the durable step and looks at what the
// server has by then: everything but the tail, of which only nudges may be out.
func TestGateOrder(t *testing.T) {
	for _, size := range []int{1, 40 << 10, 2 << 20} {
		var received, length, tail atomic.Int64
		all, once := make(chan struct{}), sync.Once{}
		r := newRig(t, func(w http.ResponseWriter, req *http.Request) {
			_, params, _ := mime.ParseMediaType(req.Header.Get("Content-Type"))
			tail.Store(int64(len("\r\n--" + params["boundary"] + "--\r\n")))
			length.Store(req.ContentLength)
			buf := make([]byte, 4096)
			for {
				n, err := req.Body.Read(buf)
				if received.Add(int64(n)) >= req.ContentLength-tail.Load() {
					once.Do(func() { close(all) })
				}
				if err != nil {
					break
				}
			}
			fmt.Fprint(w, "77")
		})
		var steps []string // written by the Transport's goroutine, read after the outcome
		step := func(s string) { steps = append(steps, s) }
		r.hooked(&hooks{
			flushed: func(context.Context) { step("flushed") },
			alive:   func() error { step("alive"); return nil },
			marked:  func() { step("marked") },
		})
		r.q.openGate = func(*queue.Job, store.Place) error {
			await(t, all, "all but the tail")
			if got := received.Load(); got > length.Load()-tail.Load()+int64(len(nudges())) {
				t.Errorf("at the gate the server had %d of %d bytes", got, length.Load())
			}
			step("written down")
			return nil
		}
		r.start()
		o := r.send(r.file("1234/a.bin", bytes.Repeat([]byte{7}, size)))
		if o.Class != queue.Delivered || received.Load() != length.Load() {
			t.Errorf("%d bytes: %+v, %d of %d received", size, o, received.Load(), length.Load())
		}
		if want := []string{"flushed", "written down", "alive", "marked"}; !slices.Equal(steps, want) {
			t.Errorf("steps %v, want %v", steps, want)
		}
	}
}

// TestGateRefuses has each step but the first fail; no tail may leave.
func TestGateRefuses(t *testing.T) {
	gone := errors.New("gone")
	for _, c := range []struct {
		name     string
		openGate error
		alive    error
		want     queue.Class
		log      string
	}{
		{"not now", fmt.Errorf("paused: %w", queue.ErrNotNow), nil, queue.Stopped, ""},
		{"journal full", errors.New("no space left"), nil, queue.Stopped, "open gate not written down"},
		{"connection gone after it", nil, gone, queue.Transient, "not sent"},
	} {
		t.Run(c.name, func(t *testing.T) {
			whole := make(chan bool, 1)
			r := newRig(t, func(_ http.ResponseWriter, req *http.Request) {
				_, err := io.Copy(io.Discard, req.Body)
				whole <- err == nil
			})
			r.q.openGate = func(*queue.Job, store.Place) error { return c.openGate }
			r.hooked(&hooks{alive: func() error { return c.alive }, marked: func() { t.Error("the tail was let go") }})
			r.start()
			if o := r.send(r.file("1234/a.txt", []byte("hello"))); o.Class != c.want {
				t.Errorf("got %+v, want %s", o, c.want)
			}
			if await(t, whole, "the end of the body") {
				t.Error("the server has the whole body")
			}
			r.stop() // the log is written last
			if !strings.Contains(r.log.String(), c.log) {
				t.Errorf("the log says:\n%s", r.log)
			}
		})
	}
}

func TestContentMustBeTheItems(t *testing.T) {
	r := newRig(t, answerID)
	r.start()
	job := r.file("1234/a.txt", []byte("hello"))
	job.Item.SHA256 = sha256.Sum256([]byte("hallo"))
	if o := r.send(job); o.Class != queue.Stale || r.q.count("gate") != 0 {
		t.Errorf("got %+v with %d gates", o, r.q.count("gate"))
	}
}

// TestAnswerShutsTheGate has an answer arrive while the attempt waits at the
// gate's second step, and checks that its words are kept.
func TestAnswerShutsTheGate(t *testing.T) {
	for status, want := range map[int]queue.Class{
		200: queue.Uncertain, 302: queue.Misconfigured, 400: queue.UnknownPerson, 404: queue.UnknownPerson,
		413: queue.Rejected, 429: queue.Limited, 500: queue.Transient, 502: queue.Transient,
	} {
		r := newRig(t, func(w http.ResponseWriter, req *http.Request) {
			out := http.NewResponseController(w)
			out.EnableFullDuplex()
			req.Body.Read(make([]byte, 1)) // else the body is not even asked for
			w.Header().Set("Content-Type", "application/problem+json")
			w.WriteHeader(status)
			out.Flush()
			time.Sleep(10 * time.Millisecond) // the words come later than the status
			fmt.Fprint(w, `{"title":"Enough","traceId":"00-7","errors":{"reference":["no such relation"]}}`)
		})
		answered := make(chan int, 1)
		r.hooked(&hooks{
			flushed:  func(context.Context) { await(t, answered, "the early answer") },
			answered: func(s int) { answered <- s },
		})
		r.start()
		o := r.send(r.file("1234/a.txt", bytes.Repeat([]byte("x"), 5000)))
		if o.Class != want || o.Status != status || o.TraceID != "00-7" || r.q.count("gate") != 0 {
			t.Errorf("%d: %+v with %d gates, want %s", status, o, r.q.count("gate"), want)
		}
		if status >= 400 && !strings.Contains(o.Detail, "no such relation") {
			t.Errorf("%d: Bloxs's words are lost: %s", status, o.Detail)
		}
	}
}

// TestSuccessOutweighsOurReasons: whatever ended the attempt here, an answer
// that says "stored" is no certainty that nothing was.
func TestSuccessOutweighsOurReasons(t *testing.T) {
	for status, want := range map[int]queue.Class{200: queue.Uncertain, 502: queue.Stale} {
		a := &attempt{ctx: t.Context(), job: &queue.Job{}, gate: &gate{why: stale("changed")}}
		if o, _ := a.outcome(&bloxs.Answer{Status: status, FileID: 7}, nil); o.Class != want {
			t.Errorf("%d: %+v", status, o)
		}
	}
}

// TestMoreBytesThanOffered is seen by reading, since a share's cached
// attributes may lag behind.
func TestMoreBytesThanOffered(t *testing.T) {
	b := newBody(nil, strings.NewReader("hello!"), 5, nil, &gate{}, func(time.Duration) bool { return true }, func() error { return nil }, nil)
	b.pass = func() error { return b.whole(store.Item{Size: 5, SHA256: sha256.Sum256([]byte("hello"))}) }
	if sent, err := io.ReadAll(b); string(sent) != "hello" || err == nil || !strings.Contains(err.Error(), "grew") {
		t.Errorf("sent %q, %v", sent, err)
	}
}

// lateWire writes the last bytes when Send has long given up, as a connection
// may that has hung.
type lateWire struct {
	wire
	wrote atomic.Bool
}

func (l *lateWire) Send(_ context.Context, u bloxs.Upload) (*bloxs.Answer, error) {
	if _, err := io.Copy(io.Discard, u.Body); err != nil {
		return nil, err
	}
	go func() {
		time.Sleep(50 * time.Millisecond)
		l.wrote.Store(true)
		u.Body.Close()
	}()
	return nil, errors.New("cut")
}

func (l *lateWire) Flushed(context.Context) error                     { return nil }
func (l *lateWire) FlushedWithin(context.Context, time.Duration) bool { return true }
func (l *lateWire) Alive() error                                      { return nil }
func (l *lateWire) MarkGate()                                         {}
func (l *lateWire) WroteSinceGate() bool                              { return l.wrote.Load() }

// TestLastBytesThatLeaveLate: as long as net/http has the body, nobody can say that
// nothing has left behind the gate.
func TestLastBytesThatLeaveLate(t *testing.T) {
	r, _ := newSim(t, bloxstest.Options{})
	r.wires = func(w wire) wire { return &lateWire{wire: w} }
	r.start()
	if o := r.send(r.file("1234/a", []byte("a"))); o.Class != queue.Uncertain {
		t.Errorf("%+v", o)
	}
}
