package cli

import (
	"context"
	"io"
	"log/slog"
	"os"
	"strings"

	"github.com/coreos/go-systemd/v22/journal"
)

// inJournal tells whether what is written to w goes to systemd's journal. That
// one takes a line's level from its head, and has a time of its own.
func inJournal(w io.Writer) bool {
	is, err := journal.StderrIsJournalStream()
	return w == os.Stderr && is && err == nil
}

// The heads of lines, as sd-daemon(3) has them.
const (
	headError   = "<3>"
	headWarning = "<4>"
	headInfo    = "<6>"
	headDebug   = "<7>"
)

// byLevel is a handler for each level, since only its own writer knows the head.
type byLevel struct{ debug, info, warning, err slog.Handler }

func newByLevel(w io.Writer, to func(io.Writer) slog.Handler) byLevel {
	return byLevel{to(headed{w, headDebug}), to(headed{w, headInfo}), to(headed{w, headWarning}), to(headed{w, headError})}
}

func (b byLevel) of(l slog.Level) slog.Handler {
	switch {
	case l < slog.LevelInfo:
		return b.debug
	case l < slog.LevelWarn:
		return b.info
	case l < slog.LevelError:
		return b.warning
	}
	return b.err
}

func (b byLevel) Enabled(ctx context.Context, l slog.Level) bool { return b.of(l).Enabled(ctx, l) }

func (b byLevel) Handle(ctx context.Context, r slog.Record) error {
	return b.of(r.Level).Handle(ctx, r)
}

func (b byLevel) WithAttrs(attrs []slog.Attr) slog.Handler {
	return byLevel{b.debug.WithAttrs(attrs), b.info.WithAttrs(attrs), b.warning.WithAttrs(attrs), b.err.WithAttrs(attrs)}
}

func (b byLevel) WithGroup(name string) slog.Handler {
	return byLevel{b.debug.WithGroup(name), b.info.WithGroup(name), b.warning.WithGroup(name), b.err.WithGroup(name)}
}

// headed writes each line with its head, by one Write.
type headed struct {
	w    io.Writer
	head string
}

func (h headed) Write(line []byte) (int, error) {
	if _, err := io.WriteString(h.w, h.head+string(line)); err != nil {
		return 0, err
	}
	return len(line), nil
}

// timeless leaves out the time, which the journal has.
func timeless(groups []string, a slog.Attr) slog.Attr {
	if len(groups) == 0 && a.Key == slog.TimeKey {
		return slog.Attr{}
	}
	return a
}

// asErrors is text of which the journal keeps each line as an error.
func asErrors(text string) string {
	return headError + strings.ReplaceAll(strings.TrimSuffix(text, "\n"), "\n", "\n"+headError) + "\n"
}
