//go:build windows

package service

import (
	"context"
	"errors"
	"fmt"
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
			p.died(err)
		}
	}()
	return nil
}

// Stop waits for the work's end, though not for ever.
func (p *program) Stop(service.Service) error {
	p.mu.Lock()
	p.cancel()
	p.mu.Unlock()
	select {
	case <-p.ended:
		return nil
	case <-time.After(stopWithin):
		return fmt.Errorf("the work has not ended within %s", stopWithin)
	}
}

func (p *program) result() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.err
}

func manager(s Spec) (service.Service, error) {
	return service.New(&program{}, &service.Config{
		Name: Name, DisplayName: "bloxdrop",
		Description: "Takes files out of person folders and puts each into Bloxs, once.",
		Executable:  s.Executable, Arguments: s.arguments(),
	})
}

// Install registers the service.
func Install(_ context.Context, spec Spec) (string, error) {
	if err := spec.check(); err != nil {
		return "", err
	}
	s, err := manager(spec)
	if err != nil {
		return "", err
	}
	return "bloxdrop is installed as a service; `bloxdrop start` starts it", s.Install()
}

// Uninstall takes the service out of the list; config and ledger stay.
func Uninstall(context.Context) (string, error) {
	return does("bloxdrop is no service any more; its config and its ledger stay", service.Service.Uninstall)
}

// Start starts it.
func Start(context.Context) (string, error) {
	return does("bloxdrop is started", service.Service.Start)
}

// Stop stops it.
func Stop(context.Context) (string, error) { return does("bloxdrop is stopped", service.Service.Stop) }

// Restart stops and starts it.
func Restart(context.Context) (string, error) {
	return does("bloxdrop is started anew", service.Service.Restart)
}

func does(said string, do func(service.Service) error) (string, error) {
	s, err := manager(Spec{})
	if err != nil {
		return "", err
	}
	if _, err := s.Status(); errors.Is(err, service.ErrNotInstalled) {
		return "", errNotInstalled
	}
	return said, do(s)
}
