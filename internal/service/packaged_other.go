//go:build !windows

package service

import "context"

// Pause is Stop: packages of this platform have means of their own.
func Pause(ctx context.Context) (string, error) { return Stop(ctx) }

// Resume is Start.
func Resume(ctx context.Context) (string, error) { return Start(ctx) }

// UninstallIfThere is Uninstall.
func UninstallIfThere(ctx context.Context) (string, error) { return Uninstall(ctx) }

// Requested is for Windows, where As asks the service itself.
func Requested() bool { return false }

// Answer is as Requested.
func Answer(context.Context, int, []byte) error { return nil }
