package cli

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"sync"
	"time"

	"github.com/spf13/cobra"

	"bloxdrop/internal/app"
	"bloxdrop/internal/await"
	"bloxdrop/internal/config"
	"bloxdrop/internal/control"
	"bloxdrop/internal/service"
	"bloxdrop/store"
)

func (e *env) run() *cobra.Command {
	var once, asService bool
	cmd := &cobra.Command{
		Use: "run", Short: "Watch the roots and send what is dropped there",
		Long: "Watch the roots and send what is dropped there, until it is stopped.\nWith --once: send what is there now, and end (exit code 3: something is left).",
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if asService && once {
				return usage(errors.New("--once ends by itself, and a service must not"))
			}
			if asService {
				return e.runAsService(cmd.Context())
			}
			return e.serve(cmd.Context(), once, false)
		},
	}
	cmd.Flags().BoolVar(&once, "once", false, "send what is there now, and end")
	cmd.Flags().BoolVar(&asService, service.Flag, false, "under a service manager, which says so itself")
	_ = cmd.Flags().MarkHidden(service.Flag)
	return cmd
}

// runAsService does nothing before the service manager has been answered.
func (e *env) runAsService(ctx context.Context) error {
	work := func(ctx context.Context) error {
		if err := e.checkForOthers(ctx); err != nil || ctx.Err() != nil {
			return err
		}
		return e.serve(ctx, false, true)
	}
	return service.Run(ctx, work, func(err error) { os.Exit(e.exitCode(err)) })
}

func (e *env) serve(ctx context.Context, once, asService bool) error {
	c, err := e.load()
	if err != nil {
		return err
	}
	shows := newProgress(e.err, time.Now)
	log, endLog, err := newLog(c.Log, shows, os.Getenv)
	if err != nil {
		return err
	}
	var voice service.Voice
	if asService {
		log = service.Loud(log)
		voice = service.NewVoice(log)
	}
	for _, w := range c.Warnings {
		log.Warn("the config is valid but unwise", "warning", w)
	}
	if once {
		err = e.serveOnce(ctx, c, log, shows)
	} else {
		err = serveOn(ctx, c, log, voice)
	}
	return errors.Join(err, endLog())
}

// serveOn runs until it is stopped. A ledger that turns out to be damaged is
// closed and opened again, which mends it or pauses.
func serveOn(ctx context.Context, c *config.Config, log *slog.Logger, voice service.Voice) error {
	for ctx.Err() == nil {
		a, err := openAlone(ctx, c, log)
		if err == nil {
			// The parts are stopped by Close, which gives answers their time.
			err = a.Start(context.WithoutCancel(ctx))
		} else if ctx.Err() != nil {
			return nil // stopped before it had begun
		}
		if err != nil {
			return errors.Join(err, closed(a))
		}
		if err := attend(ctx, a, voice, log); err != nil {
			return err // without a Close: what does not move can't be stopped either
		}
		if ctx.Err() != nil {
			voice.Stopping()
		} else {
			log.Error("the ledger is damaged: it is closed and opened anew", "dir", c.Store.Dir)
		}
		err = closed(a)
		if errors.Is(err, errNoEnd) {
			return err
		}
		if err != nil {
			log.Error("the stop was not clean; the next start checks everything", "err", err)
		}
	}
	return nil
}

// closeWithin is a little more than App.Close promises.
const closeWithin = 5 * time.Second

var errNoEnd = fmt.Errorf("the stop has not ended within %s, so the process ends as it is; the next start checks everything", closeWithin)

// closed closes the app. A disk that hangs keeps no process from ending.
func closed(a *app.App) error {
	if a == nil {
		return nil
	}
	var err error
	var end sync.WaitGroup
	end.Go(func() { err = a.Close() })
	if !await.Within(&end, closeWithin) {
		return errNoEnd
	}
	return err
}

func (e *env) serveOnce(ctx context.Context, c *config.Config, log *slog.Logger, shows *progress) error {
	a, err := openAlone(ctx, c, log)
	if err != nil {
		return err
	}
	end := shows.follow(a.Progress, c.Bloxs.RequestsPerMinute, log)
	return errors.Join(e.once(ctx, a, end), a.Close())
}

// openAlone refuses to run beside a service, and waits for a command that has
// the ledger open: it ends, even if somebody reads its list page by page.
func openAlone(ctx context.Context, c *config.Config, log *slog.Logger) (*app.App, error) {
	for said := false; ; said = true {
		a, err := app.Open(ctx, appOptions(c, log))
		if !errors.Is(err, store.ErrLocked) {
			return a, err
		}
		client, err := control.Dial(ctx, c.Store.Dir)
		if err == nil {
			client.Close()
			return nil, fmt.Errorf("bloxdrop is running already with the store %s: stop it first, or look at `bloxdrop status`", c.Store.Dir)
		}
		if !said {
			log.Warn("another bloxdrop has the store open, perhaps a command; waiting for its end", "dir", c.Store.Dir)
		}
	}
}

// once ends with exit code 3 where anything is left, and says what.
func (e *env) once(ctx context.Context, a *app.App, end func()) error {
	err := a.Once(ctx)
	end()
	if err != nil {
		if ctx.Err() == nil {
			return err
		}
		fmt.Fprintln(e.err, "bloxdrop: stopped before all was tried")
		return &exitError{code: exitLeft}
	}
	st, err := a.Status(ctx)
	if err != nil {
		return err
	}
	left := st.Settling > 0 || st.Waiting > 0 || st.Sending > 0 || st.Held > 0
	for _, r := range st.Roots {
		left = left || !r.Online || r.Paused || r.Unreadable > 0
	}
	if st.State == control.Running {
		st.State = control.Stopped // as it is when this is read
	}
	if err := printStatus(newScreen(e.out, os.Getenv), st); err != nil {
		return err
	}
	if left {
		return &exitError{code: exitLeft}
	}
	return nil
}

var _ control.Desk = (*app.App)(nil)
