//go:build windows

package service

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/kardianos/service"
)

// program is what the service manager starts and stops.
type program struct {
	ctx  context.Context
	work Work
	died func(error)

	mu     sync.Mutex
	cancel context.CancelFunc
	ended  chan struct{}
	err    error
}

// stopWithin is a little more than the work may take to end.
const stopWithin = 5 * time.Second

// Run does the work under the service manager, until that one stops it. Where
// the work ends by itself, died is called with the reason and must end the
// process: the manager knows a service that says "stopped" from one that died,
// and starts only the latter anew.
func Run(ctx context.Context, work Work, died func(error)) error {
	p := &program{ctx: ctx, work: work, died: died, ended: make(chan struct{})}
	s, err := service.New(p, &service.Config{Name: Name})
	if err != nil {
		return err
	}
	return errors.Join(s.Run(), p.result())
}

// Start returns at once: the manager waits for it, and gives up with error 1053.
func (p *program) Start(service.Service) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	ctx, cancel := context.WithCancel(p.ctx)
	p.cancel = cancel
	go func() {
		err := p.work.whole(ctx)
		p.mu.Lock()
		p.err = err
		p.mu.Unlock()
		close(p.ended)
		if ctx.Err() == nil {
			lastWord(err)
			p.died(err)
		}
	}()
	return nil
}

// Stop waits for the work's end, though not for ever. It never fails: the
// manager would take that for a death, and start anew what somebody has stopped.
func (p *program) Stop(service.Service) error {
	p.mu.Lock()
	p.cancel()
	p.mu.Unlock()
	select {
	case <-p.ended:
	case <-time.After(stopWithin):
		lastWord(errNoEnd)
	}
	return nil
}

func (p *program) result() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.err
}

var errNoEnd = errors.New("the work has not ended within 5 s, so the process ends as it is; the next start checks everything")

// manager is kardianos' view of the service, as Install makes it.
func manager(s Spec, password string) (service.Service, error) {
	return service.New(&program{}, &service.Config{
		Name: Name, DisplayName: "bloxdrop",
		Description: "Takes files out of person folders and puts each into Bloxs, once.",
		Executable:  s.Executable, Arguments: s.arguments(), UserName: s.Account,
		Option: service.KeyValue{"Password": password},
	})
}
