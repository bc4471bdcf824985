package service

import (
	"errors"
	"log/slog"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/coreos/go-systemd/v22/daemon"

	"bloxdrop/internal/await"
)

// Voice tells the service manager how it goes, where that one listens: systemd
// does, by a socket that the unit's Type=notify gives. The zero Voice tells nobody.
type Voice struct {
	log    *slog.Logger
	failed *atomic.Bool  // nil: nobody is told
	busy   chan struct{} // full while something is said that is not heard yet
}

// NewVoice is for a bloxdrop that runs as a service.
func NewVoice(log *slog.Logger) Voice { return Voice{log, &atomic.Bool{}, make(chan struct{}, 1)} }

// Patience is how long the service manager waits for a sign of life before it
// starts the service anew; 0 where it waits for none.
func (v Voice) Patience() time.Duration {
	if v.failed == nil {
		return 0
	}
	d, err := daemon.SdWatchdogEnabled(false)
	if err != nil {
		v.log.Warn("the service manager's watchdog can't be understood, so it is not fed", "err", err)
	}
	return d
}

// Ready says that commands are answered from now on.
func (v Voice) Ready(status string) { v.say(daemon.SdNotifyReady, statusLine(status)) }

// Status says in one sentence how it goes.
func (v Voice) Status(status string) { v.say(statusLine(status)) }

// Alive is a sign of life.
func (v Voice) Alive() { v.say(daemon.SdNotifyWatchdog) }

// Stopping says that the end has begun.
func (v Voice) Stopping() { v.say(daemon.SdNotifyStopping, statusLine("stopping")) }

func statusLine(s string) string {
	return "STATUS=" + strings.Map(func(r rune) rune {
		if r < ' ' {
			return ' '
		}
		return r
	}, s)
}

func (v Voice) say(lines ...string) {
	if v.failed == nil {
		return
	}
	err := v.heard(strings.Join(lines, "\n"))
	if failed := err != nil; v.failed.Swap(failed) != failed && failed {
		v.log.Warn("the service manager can't be told how it goes", "err", err)
	}
}

// heardWithin is how long a sentence waits for a manager that does not read.
const heardWithin = time.Second

var errUnheard = errors.New("it does not listen")

// heard says it, and does not wait long: the line to the manager holds a few
// sentences, and who writes one more waits until somebody reads. That must keep
// nobody from stopping.
func (v Voice) heard(text string) error {
	select {
	case v.busy <- struct{}{}:
	default:
		return errUnheard
	}
	var err error
	var said sync.WaitGroup
	said.Go(func() {
		_, err = daemon.SdNotify(false, text)
		<-v.busy
	})
	if !await.Within(&said, heardWithin) {
		return errUnheard
	}
	return err
}
