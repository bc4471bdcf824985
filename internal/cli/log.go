package cli

import (
	"io"
	"log/slog"
	"os"

	"github.com/lmittmann/tint"
	"github.com/mattn/go-colorable"
	"golang.org/x/term"

	"bloxdrop/internal/config"
)

// newLog makes the log that the config asks for. It goes to w unless it is to
// go to a file; close it at the end.
func newLog(c config.Log, w io.Writer, getenv func(string) string) (*slog.Logger, func() error, error) {
	var level slog.Level
	if err := level.UnmarshalText([]byte(c.Level)); err != nil {
		return nil, nil, usage(err)
	}
	end := func() error { return nil }
	terminal := isTerminal(w)
	if c.File != "" {
		f, err := os.OpenFile(c.File, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
		if err != nil {
			return nil, nil, err
		}
		w, terminal, end = f, false, f.Close
	}
	if c.Format == "json" || c.Format == "auto" && !terminal {
		return slog.New(slog.NewJSONHandler(w, &slog.HandlerOptions{Level: level})), end, nil
	}
	if f, ok := w.(*os.File); ok && terminal {
		w = colorable.NewColorable(f)
	}
	return slog.New(tint.NewTextHandler(w, &tint.Options{Level: level, NoColor: !terminal || getenv("NO_COLOR") != ""})), end, nil
}

func isTerminal(w any) bool {
	f, ok := w.(*os.File)
	return ok && term.IsTerminal(int(f.Fd()))
}
