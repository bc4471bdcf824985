//go:build !windows

package service

import "log/slog"

// Loud is the log as it is: systemd's journal has all that a service says.
func Loud(log *slog.Logger) *slog.Logger { return log }
