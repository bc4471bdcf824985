//go:build windows

package service

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"
	"unsafe"

	"golang.org/x/sys/windows"
	"golang.org/x/sys/windows/svc"
	"golang.org/x/sys/windows/svc/mgr"
)

// Install registers the service, or brings the one that there is up to date.
func Install(_ context.Context, spec Spec) (string, error) {
	said, err := register(spec)
	return said, plain(err)
}

func register(spec Spec) (string, error) {
	if err := spec.check(); err != nil {
		return "", err
	}
	m, err := mgr.Connect() // with all rights, of which the rest makes use
	if err != nil {
		return "", err
	}
	defer m.Disconnect()
	there, err := look(m)
	if err != nil {
		return "", err
	}
	asked := spec.Account != ""
	if spec, err = spec.decided(there); err != nil {
		return "", err
	}
	sid, err := sidOf(spec.Account)
	if err != nil {
		return "", err
	}
	password := ""
	if asked && needsPassword(spec.Account) {
		if password, err = spec.Password(spec.Account); err != nil {
			return "", err
		}
	}
	laid, err := furnish(spec, sid, there == nil)
	if err != nil {
		return "", err
	}
	switch {
	case there == nil:
		err = enlist(spec, password)
	case password != "":
		err = setPassword(m, spec, password)
	}
	if err != nil {
		return "", err
	}
	if err := finish(m, spec, sid); err != nil {
		return "", err
	}
	return spec.outcome(there, laid, password != ""), nil
}

// decided fills in from the service that there is what was not said, and
// refuses what can't be.
func (s Spec) decided(there *state) (Spec, error) {
	if s.Packaged && there != nil && strings.EqualFold(there.executable(), s.Executable) {
		s.Config = there.config()
	}
	if s.Account == "" && there != nil {
		s.Account = there.account
	}
	var err error
	if s.Account, err = accountOf(s.Account); err != nil {
		return s, err
	}
	if err := there.takes(s); err != nil {
		return s, err
	}
	return s, reachable(s)
}

// furnish makes the folder of our own ready for the service's account; laid says
// that a first config lies there now.
func furnish(spec Spec, sid *windows.SID, isNew bool) (laid bool, err error) {
	ours, err := home()
	if err != nil {
		return false, err
	}
	if isNew {
		if err := ofAdministrators(ours); err != nil {
			return false, err
		}
	}
	if err := protect(ours, sid); err != nil {
		return false, err
	}
	if laid, err = layConfig(spec, ours); err != nil {
		return false, err
	}
	if !within(spec.Config, ours) {
		spec.Warn(fmt.Sprintf("%s is outside of %s: see that %s may read it, and nobody else but administrators", spec.Config, ours, spec.Account))
	}
	return laid, nil
}

// enlist makes it a service.
func enlist(spec Spec, password string) error {
	s, err := manager(spec, password)
	if err != nil {
		return err
	}
	return s.Install()
}

// finish sets what stands beside the service's command line.
func finish(m *mgr.Mgr, spec Spec, sid *windows.SID) error {
	s, err := m.OpenService(Name)
	if err != nil {
		return err
	}
	defer s.Close()
	extras(s, spec, sid)
	if spec.Packaged && resumes() {
		return s.Start()
	}
	return nil
}

func (s Spec) outcome(there *state, laid, password bool) string {
	switch {
	case laid:
		return fmt.Sprintf("bloxdrop is installed as a service and starts with the machine, as %s. A first config lies in %s: write into it which folders and which Bloxs, then `bloxdrop set-secret api_key`, `bloxdrop set-secret api_secret`, `bloxdrop check --as-service` and `bloxdrop start`",
			s.Account, s.Config)
	case there == nil:
		return fmt.Sprintf("bloxdrop is installed as a service and starts with the machine, as %s; `bloxdrop start` starts it now", s.Account)
	case password:
		return "bloxdrop is installed as a service already; the password of its account is taken over, and counts from the next start"
	case there.running:
		return "bloxdrop is installed as a service already, just so; it runs"
	}
	return "bloxdrop is installed as a service already, just so; `bloxdrop start` starts it now"
}

// A service that dies is started after 5, 30 and then always 60 seconds, and
// counted anew after a day without a death.
var recovery = []mgr.RecoveryAction{
	{Type: mgr.ServiceRestart, Delay: 5 * time.Second},
	{Type: mgr.ServiceRestart, Delay: 30 * time.Second},
	{Type: mgr.ServiceRestart, Delay: 60 * time.Second},
}

const aDay = 24 * 60 * 60

// extras are good to have. A refusal leaves a service that works, so it is said
// and no more.
func extras(s *mgr.Service, spec Spec, sid *windows.SID) {
	refused := func(what string, err error) {
		if err != nil {
			spec.Warn(fmt.Sprintf("%s: Windows says %q", what, err))
		}
	}
	delayed := windows.SERVICE_DELAYED_AUTO_START_INFO{IsDelayedAutoStartUp: 1}
	refused("the service starts with the machine, but not a little later than others",
		windows.ChangeServiceConfig2(s.Handle, windows.SERVICE_CONFIG_DELAYED_AUTO_START_INFO, (*byte)(unsafe.Pointer(&delayed))))
	refused("the service is not started anew when it dies; set that in services.msc, under Recovery", s.SetRecoveryActions(recovery, aDay))
	refused("the service is not started anew when it ends with an error; tick that in services.msc, under Recovery", s.SetRecoveryActionsOnNonCrashFailures(true))
	if !sameAccount(spec.Account, VirtualAccount) { // which has it from its group
		refused(fmt.Sprintf("%s was not given the right to log on as a service; do that in secpol.msc, under User Rights Assignment", spec.Account), mayBeService(sid))
	}
}

func setPassword(m *mgr.Mgr, spec Spec, password string) error {
	s, err := m.OpenService(Name)
	if err != nil {
		return err
	}
	defer s.Close()
	account, err := windows.UTF16PtrFromString(spec.Account)
	if err != nil {
		return err
	}
	secret, err := windows.UTF16PtrFromString(password)
	if err != nil {
		return errors.New("the password holds a character that no password can have")
	}
	const same = windows.SERVICE_NO_CHANGE
	return windows.ChangeServiceConfig(s.Handle, same, same, same, nil, nil, nil, nil, account, secret, nil)
}

// Uninstall takes the service out of the list; config and ledger stay.
func Uninstall(ctx context.Context) (string, error) {
	if _, err := Stop(ctx); err != nil {
		return "", err
	}
	m, err := mgr.Connect()
	if err != nil {
		return "", plain(err)
	}
	defer m.Disconnect()
	s, err := manager(Spec{}, "")
	if err == nil {
		err = s.Uninstall()
	}
	if there, lookErr := look(m); err != nil && lookErr == nil && there == nil {
		err = nil // what failed is the event log's entry, which is gone or harmless
	}
	if err != nil {
		return "", plain(err)
	}
	return "bloxdrop is no service any more; its config, its secrets and its ledger stay where they are", nil
}

// UninstallIfThere is Uninstall for the .msi: somebody may have done it by hand.
func UninstallIfThere(ctx context.Context) (string, error) {
	said, err := Uninstall(ctx)
	if errors.Is(err, errNotInstalled) {
		return "bloxdrop was no service", nil
	}
	return said, err
}

// state is how the service stands.
type state struct {
	line    []string // its command line, word by word
	account string
	running bool
}

// look finds the service; nil where there is none.
func look(m *mgr.Mgr) (*state, error) {
	name, err := windows.UTF16PtrFromString(Name)
	if err != nil {
		return nil, err
	}
	h, err := windows.OpenService(m.Handle, name, windows.SERVICE_QUERY_CONFIG|windows.SERVICE_QUERY_STATUS)
	if errors.Is(err, windows.ERROR_SERVICE_DOES_NOT_EXIST) {
		return nil, nil
	} else if err != nil {
		return nil, err
	}
	s := &mgr.Service{Name: Name, Handle: h}
	defer s.Close()
	there := &state{}
	if there.line, there.account, err = config(h); err != nil {
		return nil, err
	}
	status, err := s.Query()
	there.running = status.State != svc.Stopped
	return there, err
}

// config asks less than mgr.Service.Config, which wants to know things that not
// every Windows can tell.
func config(h windows.Handle) (line []string, account string, err error) {
	for size := uint32(8 << 10); ; {
		buf := make([]byte, size)
		c := (*windows.QUERY_SERVICE_CONFIG)(unsafe.Pointer(&buf[0]))
		err := windows.QueryServiceConfig(h, c, size, &size)
		if errors.Is(err, windows.ERROR_INSUFFICIENT_BUFFER) && int(size) > len(buf) {
			continue
		} else if err != nil {
			return nil, "", err
		}
		line, err := windows.DecomposeCommandLine(windows.UTF16PtrToString(c.BinaryPathName))
		return line, windows.UTF16PtrToString(c.ServiceStartName), err
	}
}

func (s *state) executable() string {
	if s == nil || len(s.line) == 0 {
		return ""
	}
	return s.line[0]
}

func (s *state) config() string {
	if s == nil || len(s.line) == 0 {
		return ""
	}
	return s.line[len(s.line)-1]
}

// takes refuses to make another service of the one that there is.
func (s *state) takes(wanted Spec) error {
	if s == nil {
		return nil
	}
	const remedy = "`bloxdrop uninstall` first, which keeps config, secrets and ledger"
	line := append([]string{wanted.Executable}, wanted.arguments()...)
	if !strings.EqualFold(strings.Join(s.line, "\x00"), strings.Join(line, "\x00")) {
		return fmt.Errorf("bloxdrop is installed already, as %s with the config %s: %s", s.executable(), s.config(), remedy)
	}
	if !sameAccount(s.account, wanted.Account) {
		return fmt.Errorf("bloxdrop is installed already, with the account %s: %s", s.account, remedy)
	}
	return nil
}
