//go:build !windows && !linux

package service

import (
	"context"
	"errors"
)

var errNoManager = errors.New("bloxdrop can be made a service on Linux with systemd and on Windows; here, let something else keep `bloxdrop run` running")

// Install can't be done here, nor can the others.
func Install(context.Context, Spec) (string, error) { return "", errNoManager }

// Uninstall is as Install.
func Uninstall(context.Context) (string, error) { return "", errNoManager }

// Start is as Install.
func Start(context.Context) (string, error) { return "", errNoManager }

// Stop is as Install.
func Stop(context.Context) (string, error) { return "", errNoManager }

// Restart is as Install.
func Restart(context.Context) (string, error) { return "", errNoManager }
