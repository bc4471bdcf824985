package cli

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"strings"
	"time"

	"bloxdrop/internal/control"
)

// watchEvery is how often `status --watch` asks anew.
const watchEvery = 2 * time.Second

// watch shows the status again and again until somebody ends it: in place on a
// terminal, elsewhere one below the other. Only the first answer has to come;
// a service that is started anew meanwhile is waited for.
func (e *env) watch(ctx context.Context) error {
	tick := time.NewTicker(watchEvery)
	defer tick.Stop()
	for began := false; ; began = true {
		s := newScreen(e.out, os.Getenv) // the window may have another size by now
		text, err := e.statusText(ctx, s)
		if ctx.Err() != nil {
			return nil
		}
		if err != nil && !began {
			return err
		}
		if err != nil {
			text = "bloxdrop: " + shown(err.Error()) + "\n"
		}
		if err := s.redraw(now().Local().Format(time.TimeOnly)+", every "+watchEvery.String()+"; Ctrl-C ends this\n\n"+text, !began); err != nil {
			return err
		}
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
	}
}

// statusText is what `status` prints on such a screen.
func (e *env) statusText(ctx context.Context, s *screen) (string, error) {
	var text bytes.Buffer
	err := e.withDesk(ctx, func(ctx context.Context, d control.Desk) error {
		st, err := d.Status(ctx)
		if err != nil {
			return err
		}
		page := *s
		page.out = &text
		return printStatus(&page, st)
	})
	return text.String(), err
}

// redraw puts a text in the place of the last one, as much of it as the
// terminal has lines. Each line clears what the former one left behind, so
// that nothing flickers.
func (s *screen) redraw(text string, first bool) error {
	if s.width == 0 {
		_, err := fmt.Fprint(s.out, text, "\n")
		return err
	}
	lines := strings.Split(strings.TrimSuffix(text, "\n"), "\n")
	if s.height > 1 && len(lines) >= s.height {
		lines = append(lines[:s.height-2], "...")
	}
	begin := "\x1b[H"
	if first {
		begin = "\x1b[2J" + begin
	}
	_, err := fmt.Fprint(s.out, begin, strings.Join(lines, "\x1b[K\n"), "\x1b[K\n\x1b[J")
	return err
}
