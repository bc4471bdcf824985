//go:build unix

package uploader

import (
	"net/http"
	"os"
	"syscall"
	"testing"

	"bloxdrop/queue"
)

// TestPipe: opening one would wait for its writer for ever.
func TestPipe(t *testing.T) {
	r := newRig(t, func(http.ResponseWriter, *http.Request) { t.Error("a request was made") })
	r.start()
	job := r.file("1234/a.bin", []byte("x"))
	must(t, os.Remove(path(job.Places[0])))
	must(t, syscall.Mkfifo(path(job.Places[0]), 0o644))
	if o := r.send(job); o.Class != queue.Stale {
		t.Errorf("got %+v", o)
	}
	job.Places[0] = r.place("1234/a.bin") // even if it was offered by mistake
	if o := r.send(job); o.Class != queue.Stale {
		t.Errorf("offered as a pipe: %+v", o)
	}
	if _, err := openSource(t.Context(), newShares(silentAfter), job.Places[0]); err == nil {
		t.Error("a pipe was opened")
	}
	if os.Getuid() == 0 {
		return // root may read anything
	}
	job = r.file("1234/b.bin", []byte("x"))
	must(t, os.Chmod(path(job.Places[0]), 0))
	job.Places[0] = r.place("1234/b.bin")
	if o := r.send(job); o.Class != queue.Transient {
		t.Errorf("unreadable: %+v", o)
	}
}
