package app

import (
	"context"
	"log/slog"
	"slices"
	"strings"
	"sync"

	"bloxdrop/internal/control"
)

// recent keeps the last warnings and errors of the log, for the page.
type recent struct {
	slog.Handler
	attrs []slog.Attr
	kept  *kept
}

type kept struct {
	mu  sync.Mutex
	all []control.Warning
}

const keptAtMost = 50

func newRecent(next slog.Handler) *recent { return &recent{Handler: next, kept: &kept{}} }

// Handle hands the record on.
func (r *recent) Handle(ctx context.Context, rec slog.Record) error {
	if rec.Level >= slog.LevelWarn {
		var parts []string
		add := func(a slog.Attr) bool {
			if text := a.Value.Resolve().String(); text != "" {
				parts = append(parts, a.Key+": "+text)
			}
			return true
		}
		for _, a := range r.attrs {
			add(a)
		}
		rec.Attrs(add)
		r.kept.add(control.Warning{At: rec.Time, Error: rec.Level >= slog.LevelError, Text: rec.Message, Detail: strings.Join(parts, ", ")})
	}
	return r.Handler.Handle(ctx, rec)
}

// WithAttrs keeps them for the page, too.
func (r *recent) WithAttrs(attrs []slog.Attr) slog.Handler {
	return &recent{Handler: r.Handler.WithAttrs(attrs), attrs: append(slices.Clip(r.attrs), attrs...), kept: r.kept}
}

// WithGroup is not used by anybody here.
func (r *recent) WithGroup(name string) slog.Handler {
	return &recent{Handler: r.Handler.WithGroup(name), attrs: r.attrs, kept: r.kept}
}

func (k *kept) add(w control.Warning) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.all = append(k.all, w); len(k.all) > keptAtMost {
		k.all = slices.Delete(k.all, 0, 1)
	}
}

// forgetWarnings is for when somebody is forgotten, whom they may name.
func (a *App) forgetWarnings() {
	if a.recent == nil {
		return
	}
	a.recent.kept.mu.Lock()
	defer a.recent.kept.mu.Unlock()
	a.recent.kept.all = nil
}

// Warnings are the last of this run, the newest first.
func (a *App) Warnings() []control.Warning {
	if a.recent == nil {
		return nil
	}
	a.recent.kept.mu.Lock()
	defer a.recent.kept.mu.Unlock()
	all := slices.Clone(a.recent.kept.all)
	slices.Reverse(all)
	return all
}
