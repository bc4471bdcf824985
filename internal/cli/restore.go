package cli

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"bloxdrop/internal/app"
	"bloxdrop/internal/config"
	"bloxdrop/internal/control"
	"bloxdrop/store"
)

func (e *env) restore() *cobra.Command {
	return &cobra.Command{
		Use: "restore FILE", Short: "Put ledger and journal of a backup in place of those in store.dir",
		Long: "Put ledger and journal of a backup in place of those in store.dir, which are\nset aside. Stop the service first. What was sent since the backup was made is\nunknown then, so each root waits for `bloxdrop adopt` before anything is sent.",
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return e.alone(cmd.Context(), func(ctx context.Context, c *config.Config, opts store.Options) error {
				r, err := store.Restore(ctx, opts, args[0])
				if err != nil {
					return err
				}
				return e.reportRestored(c, r)
			})
		},
	}
}

// alone runs do on the store's files, with no service running.
func (e *env) alone(ctx context.Context, do func(ctx context.Context, c *config.Config, opts store.Options) error) error {
	c, log, err := e.asking()
	if err != nil {
		return err
	}
	client, err := control.Dial(ctx, c.Store.Dir)
	if err == nil {
		client.Close()
		return fmt.Errorf("bloxdrop is running with the store %s: stop it first", c.Store.Dir)
	}
	if !errors.Is(err, control.ErrNobody) {
		return err
	}
	opts := store.Options{Dir: c.Store.Dir, Now: time.Now, Log: log, DeepCheck: checkElsewhere}
	err = do(ctx, c, opts)
	if errors.Is(err, store.ErrLocked) {
		return fmt.Errorf("%w: stop the service first, or wait for the end of the command that uses it", err)
	}
	return err
}

func (e *env) reportRestored(c *config.Config, r store.Restored) error {
	p := &printer{w: e.out}
	p.line("restored %s into %s", holds(r.Backup), c.Store.Dir)
	p.line("made %s on %s (%s) by bloxdrop %s", r.MadeAt.Local().Format(time.DateTime), r.Host, r.Dir, r.MadeBy)
	for _, kept := range r.Kept {
		p.line("what was there is kept as %s", kept)
	}
	if r.Lacks > 0 {
		p.line("the ledger that was there knew %s more, which this one doesn't", howMany(int(r.Lacks), "step"))
	}
	p.next(c)
	p.line("A root that nothing has happened in since the backup goes on by itself.")
	return p.err
}

// next says what follows from a doubt.
func (p *printer) next(c *config.Config) {
	p.line("")
	p.line("What has a receipt in it is never sent again. What it lacks it can't know: nothing is sent from a root")
	p.line("until you have said, after the start, what is to become of the files in it that have no receipt:")
	for _, w := range c.Watch {
		p.line("  bloxdrop adopt %s --existing upload     sends them", app.ShellQuoted(w.Path))
		p.line("  bloxdrop adopt %s --existing skip       leaves them; new files are sent", app.ShellQuoted(w.Path))
	}
}
