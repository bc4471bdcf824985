package alert

import (
	"sync"
	"sync/atomic"
	"time"
)

// Message is what is sent.
type Message struct {
	Title string `json:"title"`
	Text  string `json:"text"`
}

const (
	retryFirst = time.Minute
	retryMost  = 15 * time.Minute
	keptMost   = 20 // messages for an address that takes none
	hangMost   = 5  // tries that a service has never answered, which nobody can end
)

// lane is the way to one address: messages go one after the other, each until
// it was taken.
type lane struct {
	opts   *Options
	url    string
	number int // in alerts.urls, from 1

	hanging atomic.Int32

	mu      sync.Mutex
	pending []Message
	next    time.Time // before that nothing is tried
	wait    time.Duration
	busy    chan struct{} // closed when what is on its way has ended; nil: nothing is
}

func (l *lane) put(m Message) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.pending = append(l.pending, m); len(l.pending) > keptMost {
		l.pending = l.pending[1:]
	}
}

// work sends the next message, if there is one and it is time.
func (l *lane) work() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.busy != nil || len(l.pending) == 0 || l.opts.Now().Before(l.next) || l.hanging.Load() >= hangMost {
		return
	}
	busy, m := make(chan struct{}), l.pending[0]
	l.busy = busy
	go func() {
		defer close(busy)
		l.hanging.Add(1)
		err := within(l.opts.Send, l.url, m, func() { l.hanging.Add(-1) })
		l.opts.Sent(err == nil)
		l.sent(err)
	}()
}

func (l *lane) sent(err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.busy = nil
	if err != nil {
		l.wait = min(max(2*l.wait, retryFirst), retryMost)
		l.next = l.opts.Now().Add(l.wait)
		l.opts.Log.Warn("an alert can't be sent; it is tried again", "url", l.number, "service", Service(l.url), "in", l.wait, "err", err)
		return
	}
	l.pending, l.wait, l.next = l.pending[1:], 0, time.Time{}
	l.opts.Log.Info("an alert was sent", "url", l.number, "service", Service(l.url))
}

// idle gives a channel that is closed when nothing is on its way.
func (l *lane) idle() <-chan struct{} {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.busy != nil {
		return l.busy
	}
	none := make(chan struct{})
	close(none)
	return none
}

func (l *lane) left() []Message {
	l.mu.Lock()
	defer l.mu.Unlock()
	return append([]Message(nil), l.pending...)
}
