//go:build windows

package service

import (
	"bytes"
	"context"
	"log/slog"
	"strings"

	"golang.org/x/sys/windows/svc/eventlog"
)

// The numbers of the events, as in kardianos' logger.
const (
	eventWarning = 2
	eventError   = 3

	longestEvent = 30_000 // Windows takes 31,839 characters
)

// Loud gives a log whose warnings and errors stand in Windows' event log as
// well: a service has no terminal, and perhaps no log file.
func Loud(log *slog.Logger) *slog.Logger {
	out, err := eventlog.Open(Name)
	if err != nil {
		log.Warn("Windows' event log can't be written", "err", err)
		return log
	}
	same := func(h slog.Handler) slog.Handler { return h }
	return slog.New(slog.NewMultiHandler(log.Handler(), events{out, same}))
}

// events writes warnings and errors as events.
type events struct {
	out  *eventlog.Log
	with func(slog.Handler) slog.Handler // puts attributes and groups around a handler
}

func (e events) Enabled(_ context.Context, l slog.Level) bool { return l >= slog.LevelWarn }

func (e events) WithAttrs(attrs []slog.Attr) slog.Handler {
	return events{e.out, func(h slog.Handler) slog.Handler { return e.with(h).WithAttrs(attrs) }}
}

func (e events) WithGroup(name string) slog.Handler {
	return events{e.out, func(h slog.Handler) slog.Handler { return e.with(h).WithGroup(name) }}
}

func (e events) Handle(ctx context.Context, r slog.Record) error {
	var text bytes.Buffer
	h := slog.NewTextHandler(&text, &slog.HandlerOptions{ReplaceAttr: func(groups []string, a slog.Attr) slog.Attr {
		if len(groups) == 0 && (a.Key == slog.TimeKey || a.Key == slog.LevelKey) {
			return slog.Attr{} // an event has its own
		}
		return a
	}})
	if err := e.with(h).Handle(ctx, r); err != nil {
		return err
	}
	return report(e.out, r.Level, text.String())
}

func report(out *eventlog.Log, level slog.Level, text string) error {
	text = strings.ReplaceAll(text, "\x00", "")
	if len(text) > longestEvent {
		text = strings.ToValidUTF8(text[:longestEvent], "") + "..."
	}
	if level >= slog.LevelError {
		return out.Error(eventError, text)
	}
	return out.Warning(eventWarning, text)
}

// lastWord says in the event log why the process ends: perhaps there was never
// another log, where the config is wrong.
func lastWord(err error) {
	out, openErr := eventlog.Open(Name)
	if openErr != nil {
		return // there is nowhere left to say it
	}
	defer out.Close()
	_ = report(out, slog.LevelError, "bloxdrop ends: "+err.Error())
}
