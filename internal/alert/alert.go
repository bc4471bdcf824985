// Package alert tells those who look after bloxdrop that something has been
// wrong for a while, and when it is over: once each, by mail, chat or whatever
// else shoutrrr reaches.
//
// It promises one message for a cause, however many files it concerns and
// however often it comes and goes, one all-clear when it has stayed away, and
// none of both a second time after a restart. Its messages name no person, no
// document and no path; its log lines and errors show nothing of an address
// but the name of the service.
//
// It must never keep anything else waiting: it asks, sends and remembers in
// goroutines of its own, and a service that does not answer is given up.
package alert

import (
	"context"
	"log/slog"
	"path/filepath"
	"sync"
	"time"

	"bloxdrop/internal/words"
)

// Options is what Alerts needs from outside.
type Options struct {
	URLs  []string // shoutrrr's; they hold secrets
	After time.Duration
	Dir   string // where it remembers what it has said
	Host  string // this machine's name, for the messages
	Words *words.Words
	Look  func() ([]Trouble, error) // what is wrong now
	Sent  func(taken bool)          // is told of each try to send a message
	Send  func(url string, m Message) error
	Now   func() time.Time
	Log   *slog.Logger
}

// Alerts looks and tells. Make it with New.
type Alerts struct {
	opts  Options
	path  string
	book  book
	lanes []*lane
	stop  context.CancelFunc // nil before Start
	ended chan struct{}

	mu      sync.Mutex
	looking bool
}

const (
	lookAtLeast = time.Second
	lookAtMost  = 30 * time.Second
	endWithin   = 2 * time.Second // for messages that are just being sent
)

// fileName is in Options.Dir. It is no part of the ledger, since what must be
// said may be that the ledger is damaged; if it is lost, something is said twice.
const fileName = "alerts.json"

// New remembers what was said before.
func New(o Options) *Alerts {
	a := &Alerts{opts: o, path: filepath.Join(o.Dir, fileName), book: newBook(o.After)}
	if o.Send == nil {
		a.opts.Send = send
	}
	for i, url := range o.URLs {
		a.lanes = append(a.lanes, &lane{opts: &a.opts, url: url, number: i + 1})
	}
	a.recall()
	return a
}

// Start begins to look.
func (a *Alerts) Start() {
	ctx, stop := context.WithCancel(context.Background())
	a.stop, a.ended = stop, make(chan struct{})
	go func() {
		defer close(a.ended)
		a.run(ctx)
	}()
}

// Stop gives messages that are on their way two seconds; what has not gone by
// then goes at the next start.
func (a *Alerts) Stop() {
	if a.stop == nil {
		return
	}
	a.stop()
	<-a.ended
	deadline := time.NewTimer(endWithin)
	defer deadline.Stop()
	for _, l := range a.lanes {
		select {
		case <-l.idle():
		case <-deadline.C:
			return
		}
	}
	a.remember()
}

func (a *Alerts) run(ctx context.Context) {
	tick := time.NewTicker(min(max(a.opts.After/4, lookAtLeast), lookAtMost))
	defer tick.Stop()
	found := make(chan []Trouble, 1)
	for {
		a.look(ctx, found)
		select {
		case <-ctx.Done():
			return
		case all := <-found:
			a.tell(all)
		case <-tick.C:
		}
		for _, l := range a.lanes {
			l.work()
		}
		a.remember()
	}
}

// look asks what is wrong, in a goroutine of its own: the answer may hang with
// a disk. While one question is open no other is asked.
func (a *Alerts) look(ctx context.Context, found chan<- []Trouble) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.looking || a.opts.Now().Before(a.book.nextLook) {
		return
	}
	a.looking = true
	a.book.nextLook = a.opts.Now().Add(min(max(a.opts.After/4, lookAtLeast), lookAtMost))
	go func() {
		all, err := a.opts.Look()
		a.mu.Lock()
		a.looking = false
		a.mu.Unlock()
		if err != nil {
			a.opts.Log.Warn("what is wrong can't be told, so no alert is sent for it", "err", err)
			return
		}
		select {
		case found <- all:
		case <-ctx.Done():
		}
	}()
}

// tell puts what has to be said before the lanes.
func (a *Alerts) tell(all []Trouble) {
	news := a.book.look(a.opts.Now(), all)
	if news.empty() {
		return
	}
	m := a.message(news)
	a.opts.Log.Info("an alert message goes out", "title", m.Title)
	for _, l := range a.lanes {
		l.put(m)
	}
}
