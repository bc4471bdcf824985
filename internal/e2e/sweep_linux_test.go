package e2e

import (
	"bytes"
	"fmt"
	"os"
	"sync"
	"testing"

	"bloxdrop/internal/bloxs/bloxstest"
	"bloxdrop/internal/control"
)

// region is a part of what passes over the wire, in bytes of request or answer.
type region struct {
	name     string
	answer   bool
	from, to int64
}

// sweepSize is more than sockets keep, so that the gate can tell where a cut was.
const sweepSize = 40 << 10

// regionsOf divides one upload as it passed.
func regionsOf(x *exchange) []region {
	request, answer := x.request.Bytes(), x.answer.Bytes()
	line := bytes.Index(request, []byte("\r\n")) + 2
	head := bytes.Index(request, []byte("\r\n\r\n")) + 4
	file := head + bytes.Index(request[head:], []byte("\r\n\r\n")) + 4
	tail := file + sweepSize
	carryOn := bytes.Index(answer, []byte("\r\n\r\n")) + 4 // 100 Continue
	status := carryOn + bytes.Index(answer[carryOn:], []byte("\r\n")) + 2
	body := status + bytes.Index(answer[status:], []byte("\r\n\r\n")) + 4
	n := func(i int) int64 { return int64(i) }
	return []region{
		{"request line", false, 0, n(line)}, {"request headers", false, n(line), n(head)}, {"part headers", false, n(head), n(file)},
		{"file", false, n(file), n(tail)}, {"closing boundary", false, n(tail), n(len(request))},
		{"100 Continue", true, 0, n(carryOn)}, {"status line", true, n(carryOn), n(status)},
		{"answer headers", true, n(status), n(body)}, {"answer body", true, n(body), n(len(answer))},
	}
}

// cuts are where a region is cut: its edges and its middle, and one byte in so many.
func (r region) cuts(every int64) (at []int64) {
	if r.name == "file" {
		every *= 499
	}
	for i := r.from; i < r.to; i++ {
		if i-r.from < 2 || r.to-i <= 2 || i == (r.from+r.to)/2 || (i-r.from)%every == 0 {
			at = append(at, i)
		}
	}
	return at
}

// TestSweep resets, and closes, connections at byte N of an upload, for N in
// every part of request and answer. BLOXDROP_SWEEP=1 takes every byte, of the
// file's every 499th.
func TestSweep(t *testing.T) {
	t.Parallel()
	every := int64(number(t, "BLOXDROP_SWEEP", 40))
	x := &exchange{}
	w := newSweep(t)
	w.plan([]trouble{{request: -1, answer: -1, once: true, copyOf: x}})
	w.upload(1)
	for _, r := range regionsOf(x) {
		w.sweep(r, every)
	}
}

// sweep is an office behind a relay whose uploads go one at a time.
type sweep struct {
	t     *testing.T
	o     *office
	mu    sync.Mutex
	next  []trouble
	files int
	books books
	doubt map[delivery]int
}

func newSweep(t *testing.T) *sweep {
	w := &sweep{t: t, books: newBooks(), doubt: map[delivery]int{}}
	w.o = newOffice(t, bloxstest.Options{})
	r := newRelay(w.o, w.trouble)
	w.o.configure(w.o.bloxs.URL, r.url(), "[upload]", "[upload]\nworkers = 1", `retry_min = "100ms"`, `retry_min = "1ms"`, `retry_max = "1s"`, `retry_max = "10ms"`, settle.String(), "50ms")
	w.o.start()
	return w
}

// trouble lets one upload through between any two that are cut: an ID ends the
// caution behind an uncertain one.
func (w *sweep) trouble(upload bool) trouble {
	w.mu.Lock()
	defer w.mu.Unlock()
	if !upload || len(w.next) == 0 {
		t := fine()
		t.once = upload
		return t
	}
	t := w.next[0]
	w.next = w.next[1:]
	return t
}

func (w *sweep) plan(all []trouble) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.next = all
}

func (w *sweep) planned() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return len(w.next)
}

// upload drops files until the plan is used up, and waits until all are tried.
func (w *sweep) upload(files int) {
	w.t.Helper()
	for first := true; first || w.planned() > 0; first = false {
		for range files {
			content := noise(uint64(w.files), sweepSize)
			rel := fmt.Sprintf("%d/scan %05d.bin", 1000+w.files%20, w.files)
			w.o.write(rel, string(content))
			w.books.owe(delivery{rel[:4], sum(content)})
			w.files++
		}
		w.o.age()
		w.o.until("all tried", func(st control.Status) bool {
			return st.Files == w.files && st.Settling+st.Waiting+st.Sending == 0
		})
	}
}

func (w *sweep) sweep(r region, every int64) {
	w.t.Helper()
	cuts := r.cuts(every)
	var all []trouble
	for i, at := range cuts {
		c, ok := fine(), fine()
		c.politely, ok.once = i%2 == 1, true
		if c.request = at; r.answer {
			c.request, c.answer = -1, at
		}
		all = append(all, c, ok)
	}
	w.plan(all)
	w.upload(min(2*len(cuts), 200))
	uncertain := w.o.uncertain()
	w.o.resolveAll()
	w.o.until("resolved", func(st control.Status) bool { return st.Held+st.Waiting+st.Sending == 0 })
	sums := &tally{runs: len(cuts), uncertain: len(uncertain)}
	w.o.judge(sums, w.books, once)
	sums.print(w.t, "cut in the "+r.name)
	// The relay's system acknowledges what the relay has not read yet. Beside other
	// tests it may be late, and then the gate is open where it cuts.
	few := 1 + len(cuts)/3
	if os.Getenv("BLOXDROP_SWEEP") != "" { // alone
		few = 1 + len(cuts)/20
	}
	if most := map[bool]int{true: len(cuts), false: few}[r.answer || r.name == "closing boundary"]; len(uncertain) > most {
		w.t.Errorf("%d of %d cuts in the %s became uncertain", len(uncertain), len(cuts), r.name)
	}
}
