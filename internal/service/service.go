// Package service is bloxdrop as a service of its platform: it installs and
// removes it, starts and stops it, runs it under the service manager, and tells
// that one how it goes.
//
// It promises that whether bloxdrop runs as a service is said by a flag that
// the unit or the entry in Windows' list of services carries, and never
// guessed; that a service whose work ends by itself ends its process with an
// error, so that the platform starts it anew; and that what can't be done is
// said in one sentence with what to do instead.
//
// It must never touch config, ledger or roots: removing the service leaves all
// of them as they are. (On Windows Install makes the folder of config and ledger,
// says who may use it, and lays a first config down where there is none.)
package service

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
)

// Name is the service's, on every platform.
const Name = "bloxdrop"

// Flag is what the service's command line has behind `run`, and nobody else's.
const Flag = "service"

// Spec is what is installed.
type Spec struct {
	Executable string // absolute
	Config     string // absolute

	// On Windows alone:
	Account  string                               // "": that of the service that there is, or else VirtualAccount
	Password func(account string) (string, error) // asked for where an Account needs one
	Packaged bool                                 // by the .msi: what was installed stays as it is, and what Pause stopped is started
	Warn     func(string)                         // hears of what is missing and doesn't keep the service from working
}

// VirtualAccount is made by Windows for this service alone. It may do nothing
// but what it is given, has no password, and is this computer to others.
const VirtualAccount = `NT SERVICE\` + Name

// check finds what every platform would stumble over.
func (s Spec) check() error {
	if !filepath.IsAbs(s.Executable) || !filepath.IsAbs(s.Config) {
		return fmt.Errorf("a service has no folder of its own to start from, so its paths must be absolute: %s, %s", s.Executable, s.Config)
	}
	return nil
}

// arguments are those of the service's command line.
func (s Spec) arguments() []string { return []string{"run", "--" + Flag, "--config", s.Config} }

// What Install, Uninstall, Start, Stop and Restart may end with, besides what
// the platform itself says.
var (
	errNotInstalled = errors.New("bloxdrop is not installed as a service here: `bloxdrop install` does that")
	errNoWork       = errors.New("bloxdrop's work ended by itself")
)

// Work is what a service does until ctx ends. It must end within five seconds then.
type Work func(ctx context.Context) error

// whole gives a Work that ends with an error wherever nobody has stopped it.
func (w Work) whole(ctx context.Context) error {
	err := w(ctx)
	if err == nil && ctx.Err() == nil {
		err = errNoWork
	}
	return err
}
