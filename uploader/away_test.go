package uploader

import (
	"context"
	"net/http"
	"sync/atomic"
	"testing"
	"time"

	"bloxdrop/queue"
	"bloxdrop/store"
)

// Nothing leaves a root that is barred: neither at the start of an attempt nor
// where that happens while the file is on its way.
func TestABarredRootSendsNothing(t *testing.T) {
	var requests atomic.Int64
	r := newRig(t, func(w http.ResponseWriter, req *http.Request) {
		requests.Add(1)
		answerID(w, req)
	})
	var why atomic.Value
	why.Store("paused")
	other := t.TempDir()
	r.opt.Roots[other] = Root{Verify: VerifyOff}
	r.opt.Barred = func(root string) (string, bool) {
		if root == other {
			return "", false
		}
		return why.Load().(string), why.Load() == "soon"
	}
	h := &hooks{}
	r.hooked(h)
	r.start()
	job := r.file("1234/a.txt", []byte("text"))
	if o := r.send(job); o.Class != queue.Away || o.Detail != "paused" || o.RetryAfter != 0 || requests.Load() != 0 {
		t.Errorf("%+v after %d requests", o, requests.Load())
	}
	why.Store("soon")
	if o := r.send(job); o.Class != queue.Away || o.RetryAfter != time.Second {
		t.Errorf("%+v", o)
	}
	why.Store("")
	h.flushed = func(context.Context) { why.Store("paused meanwhile") }
	if o := r.send(job); o.Class != queue.Away || o.Detail != "paused meanwhile" || r.q.count("gate") != 0 {
		t.Errorf("%+v, with %d gates open", o, r.q.count("gate"))
	}
	h.flushed = nil
	// A copy of it in another root goes all the same.
	job.Places = append(job.Places, store.Place{})
	r.root = other
	twin := r.file("1234/a.txt", []byte("text"))
	job.Places[1] = twin.Places[0]
	if o := r.send(job); o.Class != queue.Delivered {
		t.Errorf("%+v", o)
	}
}
