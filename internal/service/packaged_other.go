//go:build !windows

package service

import "context"

// Pause is Stop: packages of this platform have means of their own.
func Pause(ctx context.Context) (string, error) { return Stop(ctx) }

// UninstallIfThere is Uninstall.
func UninstallIfThere(ctx context.Context) (string, error) { return Uninstall(ctx) }
