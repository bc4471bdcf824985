//go:build windows

package service

import (
	"context"
	"errors"
	"fmt"
	"time"

	"golang.org/x/sys/windows"
	"golang.org/x/sys/windows/registry"
	"golang.org/x/sys/windows/svc"
	"golang.org/x/sys/windows/svc/mgr"
)

const (
	// A service that does not work dies soon after its start.
	diesWithin = 3 * time.Second
	// The work ends within 5 s, and the process soon after.
	stopsWithin = 30 * time.Second
	lookEvery   = 50 * time.Millisecond
)

// Start starts it, and looks whether it lives.
func Start(ctx context.Context) (string, error) {
	return does(ctx, func(s *mgr.Service) (string, error) {
		err := s.Start()
		if errors.Is(err, windows.ERROR_SERVICE_ALREADY_RUNNING) {
			return "bloxdrop runs already", nil
		} else if err != nil {
			return "", err
		}
		return "bloxdrop is started; `bloxdrop status` says how it goes", lives(ctx, s)
	})
}

// Stop stops it and waits for its end.
func Stop(ctx context.Context) (string, error) {
	return does(ctx, func(s *mgr.Service) (string, error) {
		ran, err := halt(ctx, s)
		if !ran {
			return "bloxdrop was not running", err
		}
		return "bloxdrop is stopped; it starts again with the machine", err
	})
}

// Restart stops and starts it.
func Restart(ctx context.Context) (string, error) {
	return does(ctx, func(s *mgr.Service) (string, error) {
		if _, err := halt(ctx, s); err != nil {
			return "", err
		}
		if err := s.Start(); err != nil {
			return "", err
		}
		return "bloxdrop is started anew", lives(ctx, s)
	})
}

// Pause is Stop for the .msi, whose next version starts what ran.
func Pause(ctx context.Context) (string, error) {
	return does(ctx, func(s *mgr.Service) (string, error) {
		ran, err := halt(ctx, s)
		if ran && err == nil {
			err = note()
		}
		return "bloxdrop is stopped, until its next version is installed", err
	})
}

// Resume starts what Pause has stopped: the .msi says it where an upgrade failed
// and the former version is back.
func Resume(ctx context.Context) (string, error) {
	if !resumes() {
		return "there is nothing to start again", nil
	}
	return Start(ctx)
}

func does(_ context.Context, do func(*mgr.Service) (string, error)) (string, error) {
	h, err := windows.OpenSCManager(nil, nil, windows.SC_MANAGER_CONNECT)
	if err != nil {
		return "", plain(err)
	}
	m := &mgr.Mgr{Handle: h}
	defer m.Disconnect()
	name, err := windows.UTF16PtrFromString(Name)
	if err != nil {
		return "", err
	}
	service, err := windows.OpenService(h, name, windows.SERVICE_QUERY_STATUS|windows.SERVICE_START|windows.SERVICE_STOP)
	if err != nil {
		return "", plain(err)
	}
	s := &mgr.Service{Name: Name, Handle: service}
	defer s.Close()
	said, err := do(s)
	if err != nil {
		return "", plain(err)
	}
	return said, nil
}

// halt asks it to stop, and waits until its process has ended.
func halt(ctx context.Context, s *mgr.Service) (ran bool, err error) {
	asked := false
	for end := time.Now().Add(stopsWithin); time.Now().Before(end); time.Sleep(lookEvery) {
		status, err := s.Query()
		if err != nil || status.State == svc.Stopped {
			return asked, err
		}
		if asked || status.State == svc.StopPending {
			asked = true
		} else if _, err = s.Control(svc.Stop); err == nil {
			asked = true
		} else if !notNow(err) {
			return true, err
		}
		if ctx.Err() != nil {
			return true, ctx.Err()
		}
	}
	return true, fmt.Errorf("bloxdrop has not stopped within %s; end its process in Task Manager", stopsWithin)
}

// notNow tells of a service that has just died, or is still starting.
func notNow(err error) bool {
	return errors.Is(err, windows.ERROR_SERVICE_NOT_ACTIVE) || errors.Is(err, windows.ERROR_SERVICE_CANNOT_ACCEPT_CTRL) ||
		errors.Is(err, windows.ERROR_BROKEN_PIPE) // Wine's word
}

// lives watches a service that was started for its early death.
func lives(ctx context.Context, s *mgr.Service) error {
	for end := time.Now().Add(diesWithin); time.Now().Before(end) && ctx.Err() == nil; time.Sleep(lookEvery) {
		status, err := s.Query()
		if err != nil {
			return err
		}
		if status.State == svc.Stopped {
			return errors.New("bloxdrop was started and ended at once: `bloxdrop check` says what is wrong, and so does Windows' event log (Application, source bloxdrop)")
		}
	}
	return nil
}

// What ran before an upgrade is noted with the service, and goes with it.
const (
	notesKey = `SYSTEM\CurrentControlSet\Services\` + Name + `\Parameters`
	ranNote  = "RanBeforeUpgrade"
)

func note() error {
	k, _, err := registry.CreateKey(registry.LOCAL_MACHINE, notesKey, registry.SET_VALUE)
	if err != nil {
		return err
	}
	defer k.Close()
	return k.SetDWordValue(ranNote, 1)
}

// resumes tells whether Pause has stopped it, once.
func resumes() bool {
	k, err := registry.OpenKey(registry.LOCAL_MACHINE, notesKey, registry.QUERY_VALUE|registry.SET_VALUE)
	if err != nil {
		return false
	}
	defer k.Close()
	ran, _, err := k.GetIntegerValue(ranNote)
	return err == nil && ran == 1 && k.DeleteValue(ranNote) == nil
}

// plain says what Windows says, and what to do.
func plain(err error) error {
	if errors.Is(err, windows.ERROR_SERVICE_DOES_NOT_EXIST) {
		return errNotInstalled
	}
	for _, known := range []struct {
		err  error
		text string
	}{
		{windows.ERROR_ACCESS_DENIED, `only an administrator may do that: open a terminal by "Run as administrator" and say it there`},
		{windows.ERROR_SERVICE_MARKED_FOR_DELETE, "the former service is not quite gone: close services.msc, Task Manager and the event viewer, or start the computer anew, and say it again"},
		{windows.ERROR_INVALID_SERVICE_ACCOUNT, `Windows doesn't take the service's account: look at its name, and for a gMSA whether this computer may use it (Test-ADServiceAccount)`},
		{windows.ERROR_SERVICE_LOGON_FAILED, "the service's account can't sign in: its password is wrong or has changed (`bloxdrop install --account NAME` takes a new one), or it may not log on as a service (secpol.msc)"},
		{windows.ERROR_SERVICE_DISABLED, "the service is disabled: set it to start automatically in services.msc"},
	} {
		if errors.Is(err, known.err) {
			return errors.New(known.text)
		}
	}
	return err
}
