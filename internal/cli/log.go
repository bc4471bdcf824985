package cli

import (
	"fmt"
	"io"
	"log/slog"
	"os"

	"github.com/DeRuina/timberjack"
	"github.com/lmittmann/tint"
	"github.com/mattn/go-colorable"
	"golang.org/x/term"

	"bloxdrop/internal/config"
)

// A log file is rotated at this size, and so many old ones are kept.
const (
	logMegabytes = 20
	logFiles     = 5
)

// newLog makes the log that the config asks for. It goes to w unless it is to
// go to a file; close it at the end.
func newLog(c config.Log, w io.Writer, getenv func(string) string) (*slog.Logger, func() error, error) {
	var level slog.Level
	if err := level.UnmarshalText([]byte(c.Level)); err != nil {
		return nil, nil, usage(err)
	}
	end := func() error { return nil }
	terminal, journal := isTerminal(w), isJournal(w)
	if c.File != "" {
		f := &timberjack.Logger{Filename: c.File, MaxSize: logMegabytes, MaxBackups: logFiles, FileMode: 0o600}
		if _, err := f.Write(nil); err != nil { // opens it
			return nil, nil, fmt.Errorf("log.file: %w", err)
		}
		w, terminal, journal, end = f, false, false, f.Close
	}
	var replace func([]string, slog.Attr) slog.Attr
	if journal {
		replace = timeless
	}
	handler := func(w io.Writer) slog.Handler {
		if c.Format == "json" || c.Format == "auto" && !terminal {
			return slog.NewJSONHandler(w, &slog.HandlerOptions{Level: level, ReplaceAttr: replace})
		}
		if f, ok := w.(*os.File); ok && terminal {
			w = colorable.NewColorable(f)
		}
		return tint.NewTextHandler(w, &tint.Options{Level: level, NoColor: !terminal || getenv("NO_COLOR") != "", ReplaceAttr: replace})
	}
	if journal {
		return slog.New(newByLevel(w, handler)), end, nil
	}
	return slog.New(handler(w)), end, nil
}

func isJournal(w io.Writer) bool {
	if p, ok := w.(*progress); ok {
		w = p.out
	}
	return inJournal(w)
}

func isTerminal(w any) bool {
	if p, ok := w.(*progress); ok {
		return p.terminal != nil
	}
	f, ok := w.(*os.File)
	return ok && term.IsTerminal(int(f.Fd()))
}
