package cli

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"time"

	"github.com/spf13/cobra"

	"bloxdrop/internal/app"
	"bloxdrop/internal/config"
	"bloxdrop/internal/control"
	"bloxdrop/store"
)

func (e *env) run() *cobra.Command {
	var once bool
	cmd := &cobra.Command{
		Use: "run", Short: "Watch the roots and send what is dropped there",
		Long: "Watch the roots and send what is dropped there, until it is stopped.\nWith --once: send what is there now, and end (exit code 3: something is left).",
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return e.serve(cmd.Context(), once) },
	}
	cmd.Flags().BoolVar(&once, "once", false, "send what is there now, and end")
	return cmd
}

func (e *env) serve(ctx context.Context, once bool) error {
	c, err := e.load()
	if err != nil {
		return err
	}
	log, endLog, err := newLog(c.Log, e.err, os.Getenv)
	if err != nil {
		return err
	}
	for _, w := range c.Warnings {
		log.Warn("the config is valid but unwise", "warning", w)
	}
	a, err := openAlone(ctx, c, log)
	switch {
	case err != nil && ctx.Err() != nil && !once:
		return endLog() // stopped before it had begun
	case err != nil:
		return errors.Join(err, endLog())
	}
	if once {
		err = e.once(ctx, a)
	} else {
		err = untilStopped(ctx, a)
	}
	var moved *store.MovedError
	if errors.As(err, &moved) {
		err = usage(fmt.Errorf("%s: %w", c.Path, err))
	}
	return errors.Join(err, a.Close(), endLog())
}

// openAlone refuses to run beside a service, and waits for a command that has
// the ledger open for a moment.
func openAlone(ctx context.Context, c *config.Config, log *slog.Logger) (*app.App, error) {
	for deadline := time.Now().Add(startingFor); ; {
		a, err := app.Open(ctx, appOptions(c, log))
		if !errors.Is(err, store.ErrLocked) {
			return a, err
		}
		client, dialErr := control.Dial(ctx, c.Store.Dir)
		if dialErr == nil {
			client.Close()
		}
		if dialErr == nil || time.Now().After(deadline) {
			return nil, fmt.Errorf("bloxdrop is running already with the store %s: stop it first, or look at `bloxdrop status`", c.Store.Dir)
		}
	}
}

func untilStopped(ctx context.Context, a *app.App) error {
	// The parts are stopped by Close, which gives answers their time.
	if err := a.Start(context.WithoutCancel(ctx)); err != nil {
		return err
	}
	<-ctx.Done()
	return nil
}

// once ends with exit code 3 where anything is left, and says what.
func (e *env) once(ctx context.Context, a *app.App) error {
	if err := a.Once(ctx); err != nil {
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
		left = left || !r.Online
	}
	if err := printStatus(e.out, st); err != nil {
		return err
	}
	if left {
		return &exitError{code: exitLeft}
	}
	return nil
}

var _ control.Desk = (*app.App)(nil)
