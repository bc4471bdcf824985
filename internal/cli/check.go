package cli

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"time"

	"github.com/spf13/cobra"

	"bloxdrop/internal/check"
	"bloxdrop/internal/config"
	"bloxdrop/internal/control"
	"bloxdrop/internal/service"
)

func (e *env) check() *cobra.Command {
	var asService, sendAlert bool
	cmd := &cobra.Command{
		Use: "check", Short: "Look at all that can be known before the first file",
		Long: `Look at all that can be known before the first file: config, folders and rights,
what stands in the roots and what would happen to it, sign-in, clock, and the
persons whom folders name. It changes nothing and sends nothing, and works with
a running service and without. Persons are asked for at most a minute.

With --as-service all that is seen as the service sees it: with its account, its
secrets, and shut in as it is.

With --send-alert a test message goes to each of alerts.urls.

Exit code 0: no errors, perhaps warnings. 1: errors. 2: the config is not valid.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if asService && sendAlert {
				return usage(errors.New("--send-alert sends from here, not from the service; leave --as-service out"))
			}
			if asService {
				return e.checkAsService(cmd.Context())
			}
			return e.lookAtAll(cmd.Context(), sendAlert)
		},
	}
	cmd.Flags().BoolVar(&sendAlert, "send-alert", false, "send a test message to alerts.urls")
	cmd.Flags().BoolVar(&asService, "as-service", false, "as the service sees it")
	return cmd
}

func (e *env) checkAsService(ctx context.Context) error {
	s, err := e.spec()
	if err != nil {
		return err
	}
	code, err := service.As(ctx, s, e.out, e.err, "check")
	if err == nil && code != exitDone {
		return &exitError{code: code}
	}
	return err
}

// checkForOthers is a service's part of checkAsService, where the service itself
// is asked.
func (e *env) checkForOthers(ctx context.Context) error {
	if !service.Requested() {
		return nil
	}
	var text bytes.Buffer
	asked := &env{in: e.in, out: &text, err: &text, configPath: e.configPath}
	code := asked.exitCode(asked.lookAtAll(ctx, false))
	return service.Answer(ctx, code, text.Bytes())
}

func (e *env) lookAtAll(ctx context.Context, sendAlert bool) error {
	c, err := config.Draft(e.configPath, config.Env{Getenv: os.Getenv})
	if c == nil {
		return usage(err)
	}
	o := check.Options{
		Config: c, Invalid: err, Version: buildVersion(), SendAlert: sendAlert, Now: time.Now, Log: slog.New(slog.DiscardHandler),
	}
	if dir := c.Store.Dir; dir != "" {
		client, err := control.Dial(ctx, dir)
		if err == nil {
			defer client.Close()
			o.Desk = client
		} else if !errors.Is(err, control.ErrNobody) {
			fmt.Fprintf(e.err, "bloxdrop: whether a service runs can't be told: %s\n", shown(err.Error()))
		}
	}
	s, found := newScreen(e.out, os.Getenv), map[check.Level]int{}
	o.Say = func(f check.Finding) {
		found[f.Level]++
		_ = s.finding(f) // who doesn't read any more gets the exit code all the same
	}
	check.Run(ctx, o)
	if ctx.Err() != nil {
		return errors.New("check was stopped before it had looked at everything")
	}
	fmt.Fprintf(e.out, "%s, %s\n", howMany(found[check.Error], "error"), howMany(found[check.Warning], "warning"))
	switch {
	case o.Invalid != nil:
		return &exitError{code: exitUsage}
	case found[check.Error] > 0:
		return &exitError{code: exitFailed}
	}
	return nil
}

// finding is one line, where the terminal is wide enough.
func (s *screen) finding(f check.Finding) error {
	colour := map[check.Level]string{check.OK: good, check.Warning: mind, check.Error: wrong}[f.Level]
	text := f.About + ": " + f.Text
	if f.Remedy != "" {
		text += "; " + f.Remedy
	}
	name := fmt.Sprintf("%-7s", f.Level)
	return s.table([]row{{name, colour, []string{shown(text)}}})
}
