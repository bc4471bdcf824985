// Package check looks at all that can be known before the first file: the
// config, the store's folder, each root and what stands in it, and Bloxs.
//
// It promises a finding for each thing that it looked at, and for each that is
// wrong the remedy; that one bad thing keeps it from no other; that a share
// which hangs costs only its own root a finding; and that it asks Bloxs for
// nothing but a token, once at most, and persons, as often as the rate limit
// lets and for a bounded time.
//
// It must never change anything (no store, no marker, no token, no file), nor
// tell anybody, but where SendAlert is set.
package check

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os/user"
	"sync/atomic"
	"time"

	"bloxdrop/internal/config"
	"bloxdrop/internal/control"
	"bloxdrop/store"
)

// Level says how bad a finding is.
type Level string

// The levels.
const (
	OK      Level = "ok"
	Warning Level = "warning" // bloxdrop runs, but something does not go as somebody may think
	Error   Level = "error"   // something will not work at all
)

// Finding is what came out for one thing.
type Finding struct {
	Level  Level
	About  string // a key of the config, a root or another thing
	Text   string
	Remedy string // "" where nothing is to be done
}

// Options is what a check needs.
type Options struct {
	Config  *config.Config // a draft is enough
	Invalid error          // what is wrong with the draft
	Desk    control.Desk   // of the service that uses the store; nil: none runs
	Version string
	// SendAlert sends a test message to whom alerts go.
	SendAlert bool
	Now       func() time.Time
	Log       *slog.Logger
	Say       func(Finding) // called for each, one at a time, as they come
}

const (
	stalled = 30 * time.Second // without a single answer, and a file system hangs
	askFor  = time.Minute      // how long persons are asked for
)

type checker struct {
	Options
	ledger *store.Peek     // nil: there is none, or it can't be read
	status *control.Status // nil: no service runs
	asked  time.Duration
	stall  time.Duration
}

// Run looks at everything, or ends with ctx.
func Run(ctx context.Context, o Options) {
	(&checker{Options: o, asked: askFor, stall: stalled}).run(ctx)
}

func (c *checker) run(ctx context.Context) {
	c.account()
	c.config()
	if c.SendAlert {
		c.sendAlert()
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel() // a look that was given up ends when its share answers
	c.report(bounded("store.dir", c.storeDir))
	c.memory(ctx)
	defer c.forget()
	c.page()
	var people []person
	var visits []*visit
	for _, w := range c.roots() {
		visits = append(visits, bounded(about(w), func(v *visit) *result { return c.root(ctx, v, w) }))
	}
	for _, v := range visits {
		people = append(people, c.report(v).people...)
	}
	if ctx.Err() == nil {
		c.bloxs(ctx, people)
	}
}

func (c *checker) account() {
	name := "an account without a name"
	if u, err := user.Current(); err == nil {
		name = u.Username
	}
	c.ok("account", "all this is seen with the rights of %s; run check as the account under which bloxdrop runs", name)
}

func (c *checker) config() {
	var wrong *config.Error
	switch {
	case errors.As(c.Invalid, &wrong):
		for _, p := range wrong.Problems {
			c.Say(Finding{Error, "config", p.String(), ""}) // its text ends with the remedy
		}
	case c.Invalid != nil:
		c.Say(Finding{Error, "config", c.Invalid.Error(), ""})
	default:
		c.ok("config", "%s is valid", c.Config.Path)
	}
	for _, w := range c.Config.Warnings {
		c.Say(Finding{Warning, "config", w, ""})
	}
}

func (c *checker) ok(about, format string, args ...any) {
	c.Say(Finding{OK, about, fmt.Sprintf(format, args...), ""})
}

// result is what a look at a file system found.
type result struct {
	findings []Finding
	people   []person
}

func (r *result) add(level Level, about, remedy, format string, args ...any) {
	r.findings = append(r.findings, Finding{level, about, fmt.Sprintf(format, args...), remedy})
}

// visit is a look at a file system that may hang.
type visit struct {
	about string
	moved atomic.Int64 // goes up with each answer of the file system
	done  chan *result
}

// bounded begins a look in a goroutine of its own.
func bounded(about string, look func(v *visit) *result) *visit {
	v := &visit{about: about, done: make(chan *result, 1)}
	go func() { v.done <- look(v) }()
	return v
}

// report waits for a look and says what it found; one that hangs is given up.
func (c *checker) report(v *visit) *result {
	tick := time.NewTicker(c.stall)
	defer tick.Stop()
	for last := v.moved.Load(); ; {
		select {
		case r := <-v.done:
			for _, f := range r.findings {
				c.Say(f)
			}
			return r
		case <-tick.C:
			now := v.moved.Load()
			if now == last {
				c.Say(Finding{Error, v.about, fmt.Sprintf("its file system has not answered for %s", c.stall), "look whether the disk or the file server is well, or mount the share anew"})
				return &result{}
			}
			last = now
		}
	}
}
