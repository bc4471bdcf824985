package cli

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"

	"bloxdrop/internal/app"
	"bloxdrop/internal/config"
	"bloxdrop/internal/control"
	"bloxdrop/store"
)

const startingFor = 10 * time.Second // how long a command waits for a service that is just starting

// withDesk loads the config and lets do ask the running service, or the ledger
// itself where none runs.
func (e *env) withDesk(ctx context.Context, do func(ctx context.Context, d control.Desk) error) error {
	c, log, err := e.asking()
	if err != nil {
		return err
	}
	deadline := time.Now().Add(startingFor)
	for {
		client, err := control.Dial(ctx, c.Store.Dir)
		if err == nil {
			defer client.Close()
			return do(ctx, client)
		}
		if !errors.Is(err, control.ErrNobody) {
			return err
		}
		a, err := app.Look(ctx, appOptions(c, log))
		if err == nil {
			return errors.Join(do(ctx, a), a.Close())
		}
		if !errors.Is(err, store.ErrLocked) || time.Now().After(deadline) {
			return err
		}
	}
}

// asking is what a command needs that sends nothing; it logs warnings alone.
func (e *env) asking() (*config.Config, *slog.Logger, error) {
	c, err := e.loadToAsk()
	if err != nil {
		return nil, nil, err
	}
	log, _, err := newLog(config.Log{Level: "warn", Format: "text"}, e.err, os.Getenv) // no file that had to be closed
	return c, log, err
}

func appOptions(c *config.Config, log *slog.Logger) app.Options {
	return app.Options{
		Config: c, Version: buildVersion(), DeepCheck: checkElsewhere,
		Now: now, Random: rand.Float64, Log: log,
	}
}

const checkLedgerName = "check-ledger"

// checkFor bounds the deep check: a sound ledger of a gigabyte is read in less.
const checkFor = 10 * time.Minute

// checkElsewhere runs the deep check in a process of its own, since a damaged
// ledger can end the process that reads it, or keep it for ever. The other one
// ends when its standard input does, however this one ends.
func checkElsewhere(ctx context.Context, path string) error {
	self, err := os.Executable()
	if err != nil {
		return err
	}
	bounded, cancel := context.WithTimeout(ctx, checkFor)
	defer cancel()
	cmd := exec.CommandContext(bounded, self, checkLedgerName, path)
	alive, err := cmd.StdinPipe()
	if err != nil {
		return err
	}
	defer alive.Close()
	out, err := cmd.CombinedOutput()
	var ended *exec.ExitError
	switch {
	case ctx.Err() != nil:
		return context.Cause(ctx)
	case !errors.As(err, &ended):
		return err
	case ended.ExitCode() == exitFailed: // it could not even look
		return fmt.Errorf("%.300s", firstLine(out))
	case ended.ExitCode() == -1 && bounded.Err() == nil: // for want of memory, say: that tells nothing of the ledger
		return fmt.Errorf("the check was ended from outside (%w)", err)
	}
	// By its own word, by a fault, or by the bound.
	return fmt.Errorf("%w: %w: %.300s", store.ErrDamaged, err, firstLine(out))
}

// firstLine leaves out what Go's runtime says of a fault below it.
func firstLine(out []byte) []byte {
	line, _, _ := bytes.Cut(bytes.TrimSpace(out), []byte("\n"))
	return line
}

func (e *env) checkLedger() *cobra.Command {
	return &cobra.Command{
		Use: checkLedgerName + " PATH", Hidden: true, Args: cobra.ExactArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			go func() {
				_, _ = io.Copy(io.Discard, e.in)
				os.Exit(exitFailed) // nobody waits for the answer any more
			}()
			err := store.CheckLedger(args[0])
			if errors.Is(err, store.ErrDamaged) {
				return &exitError{code: exitDamaged, err: err}
			}
			return err
		},
	}
}

// absolute makes the paths that a person types what the service knows them as.
func absolute(paths []string) ([]string, error) {
	out := make([]string, len(paths))
	for i, p := range paths {
		if p == "" {
			return nil, usage(errors.New("a path is empty"))
		}
		full, err := filepath.Abs(p)
		if err != nil {
			return nil, err
		}
		out[i] = full
	}
	return out, nil
}

// say runs something on the desk and prints what it says.
func (e *env) say(cmd *cobra.Command, do func(ctx context.Context, d control.Desk) (string, error)) error {
	return e.withDesk(cmd.Context(), func(ctx context.Context, d control.Desk) error {
		text, err := do(ctx, d)
		if err != nil {
			return err
		}
		_, err = fmt.Fprintln(e.out, shown(text))
		return err
	})
}
