package e2e

import (
	"fmt"
	"net"
	"sync"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"bloxdrop/internal/bloxs/bloxstest"
	"bloxdrop/internal/control"
)

// weather is how a network is for the first so many connections that carry
// uploads; behind them it is fine.
type weather struct {
	name      string
	trouble   trouble
	troubles  int
	size      int
	uncertain bool // whether those end so
}

func weathers() []weather {
	hang := func(request, answer int64) trouble { return trouble{request: request, answer: answer, hangs: true} }
	late, slow := fine(), fine()
	late.delay = 100 * time.Millisecond
	slow.delay, slow.piece = 10*time.Millisecond, 1<<10
	byByte := fine()
	byByte.delay, byByte.piece = time.Millisecond, 7
	return []weather{
		{"latency of 100 ms each way", late, 1000, 40 << 10, false},
		{"1 KB every 10 ms", slow, 1000, 40 << 10, false},
		{"7 bytes every millisecond", byByte, 1000, 2 << 10, false},
		{"silent from the first byte", hang(0, 0), 8, 40 << 10, false},
		{"silent in the middle of a file of 2 MB", hang(1<<20, -1), 8, 2 << 20, false},
		{"silent before the answer", hang(-1, 25), 8, 40 << 10, true}, // behind 100 Continue
		{"silent in the answer's head", hang(-1, 60), 8, 40 << 10, true},
	}
}

// TestBadNetwork: a network that is slow, or falls silent without a word, makes
// files late. Only what fell silent behind the gate is uncertain.
func TestBadNetwork(t *testing.T) {
	t.Parallel()
	for _, w := range weathers() {
		t.Run(w.name, func(t *testing.T) {
			t.Parallel()
			testWeather(t, w)
		})
	}
}

func testWeather(t *testing.T, w weather) {
	const files = 12
	o := newOffice(t, bloxstest.Options{})
	var mu sync.Mutex
	left := w.troubles
	r := newRelay(o, func(upload bool) trouble {
		mu.Lock()
		defer mu.Unlock()
		if !upload || left == 0 {
			return fine()
		}
		left--
		return w.trouble
	})
	timeouts := "\nstall_timeout = \"1s\""
	if w.uncertain {
		timeouts += "\nanswer_timeout = \"1s\""
	}
	o.configure(o.bloxs.URL, r.url(), "[upload]", "[upload]"+timeouts)
	b := newBooks()
	for i := range files {
		content := noise(uint64(i), w.size)
		o.write(fmt.Sprintf("%d/scan %d.bin", 1000+i%4, i), string(content))
		b.owe(delivery{fmt.Sprint(1000 + i%4), sum(content)})
	}
	o.age()
	o.start()
	if w.uncertain { // gates open one at a time then, and soon with long waits
		o.until("some are uncertain", func(st control.Status) bool { return st.Held >= 2 && st.Sending == 0 })
		mu.Lock()
		left = 0
		mu.Unlock()
	}
	o.until("all tried", func(st control.Status) bool { return st.Files == files && st.Settling+st.Waiting+st.Sending == 0 })
	sums := &tally{runs: files, uncertain: len(o.uncertain())}
	o.resolveAll()
	o.until("all sent", func(st control.Status) bool { return st.Sent == files })
	o.judge(sums, b, once)
	sums.print(t, "network: "+w.name)
	if (sums.uncertain > 0) != w.uncertain {
		t.Errorf("%d are uncertain", sums.uncertain)
	}
}

// TestBlackHole: the address takes no connection and refuses none. When it does
// again, all goes.
func TestBlackHole(t *testing.T) {
	t.Parallel()
	o := newOffice(t, bloxstest.Options{})
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	o.must(err)
	o.must(unix.Bind(fd, &unix.SockaddrInet4{Addr: [4]byte{127, 0, 0, 1}}))
	o.must(unix.Listen(fd, 0))
	name, err := unix.Getsockname(fd)
	o.must(err)
	address := fmt.Sprintf("127.0.0.1:%d", name.(*unix.SockaddrInet4).Port)
	var full []net.Conn
	for { // until one more would wait for ever
		conn, err := net.DialTimeout("tcp", address, time.Second/2)
		if err != nil {
			break
		}
		full = append(full, conn)
	}
	o.configure(o.bloxs.URL, "http://"+address, "[upload]", "[upload]\nworkers = 1")
	b := newBooks()
	for i := range 8 {
		o.write(fmt.Sprintf("%d/scan.txt", 1000+i), fmt.Sprint("scan ", i))
		b.owe(delivery{fmt.Sprint(1000 + i), sum([]byte(fmt.Sprint("scan ", i)))})
	}
	o.start()
	o.until("tried in vain", func(st control.Status) bool { return st.Sent+st.Held == 0 && o.tried() })
	for _, conn := range full {
		conn.Close()
	}
	o.must(unix.Close(fd))
	relayAt(o, address, func(bool) trouble { return fine() })
	o.untilSent(8)
	sums := &tally{runs: 8, uncertain: len(o.uncertain())}
	o.judge(sums, b, once)
	sums.print(t, "network: no connection comes about")
}

// tried tells whether an attempt has come to its end.
func (o *office) tried() bool {
	for _, e := range o.list("waiting") {
		if e.Reason != "" || e.Detail != "" {
			return true
		}
	}
	return false
}
