package cli

import (
	"context"
	"errors"
	"strings"

	"github.com/spf13/cobra"

	"bloxdrop/internal/control"
)

func (e *env) retry() *cobra.Command {
	var all bool
	cmd := &cobra.Command{
		Use: "retry PATH... | --all", Short: "Try held and waiting files again now",
		Long: "Try held and waiting files again now, and end the pauses denied, limited and\nmisconfigured. An uncertain upload is never touched: see `bloxdrop resolve`.",
		RunE: func(cmd *cobra.Command, args []string) error {
			if all == (len(args) > 0) {
				return usage(errors.New("say either which paths, or --all"))
			}
			paths, err := absolute(args)
			if err != nil {
				return err
			}
			return e.say(cmd, func(ctx context.Context, d control.Desk) (string, error) { return d.Retry(ctx, paths, all) })
		},
	}
	cmd.Flags().BoolVar(&all, "all", false, "everything that is held or waits")
	return cmd
}

func (e *env) resolve() *cobra.Command {
	var r control.Resolution
	var resend bool
	cmd := &cobra.Command{
		Use: "resolve PATH|ITEM --sent [--file-id N] | --resend", Short: "Say what became of an uncertain upload",
		Long: "Say what became of an uncertain upload, after a look into Bloxs: --sent, it is\nthere; --resend, it is not, and is to be sent again.",
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			switch {
			case r.Sent == resend:
				return usage(errors.New("say either --sent or --resend"))
			case cmd.Flags().Changed("file-id") && (resend || r.FileID <= 0):
				return usage(errors.New("--file-id is the positive number that Bloxs shows, and goes with --sent"))
			}
			r.Target = args[0]
			if !isItem(r.Target) {
				paths, err := absolute(args)
				if err != nil {
					return err
				}
				r.Target = paths[0]
			}
			return e.say(cmd, func(ctx context.Context, d control.Desk) (string, error) { return d.Resolve(ctx, r) })
		},
	}
	cmd.Flags().BoolVar(&r.Sent, "sent", false, "it is in Bloxs")
	cmd.Flags().Int64Var(&r.FileID, "file-id", 0, "its file ID there, if known")
	cmd.Flags().BoolVar(&resend, "resend", false, "it is not in Bloxs: send it again")
	return cmd
}

// isItem tells an item's ID, or its beginning, from a path.
func isItem(s string) bool {
	return len(s) >= 8 && len(s) <= 24 && strings.Trim(strings.ToLower(s), "0123456789abcdef") == ""
}

func (e *env) confirm() *cobra.Command {
	return &cobra.Command{
		Use: "confirm PATH", Short: "Say that a folder's name is right for its person",
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			paths, err := absolute(args)
			if err != nil {
				return err
			}
			return e.say(cmd, func(ctx context.Context, d control.Desk) (string, error) { return d.Confirm(ctx, paths[0]) })
		},
	}
}

func (e *env) send() *cobra.Command {
	var again bool
	cmd := &cobra.Command{
		Use: "send PATH [--again]", Short: "Send what was skipped, or one sent file a second time",
		Long: "Send what was there at the first start and was skipped: one file, or all below a\nfolder. With --again: upload one file that is in Bloxs already a second time.",
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			paths, err := absolute(args)
			if err != nil {
				return err
			}
			return e.say(cmd, func(ctx context.Context, d control.Desk) (string, error) { return d.Send(ctx, paths[0], again) })
		},
	}
	cmd.Flags().BoolVar(&again, "again", false, "a sent file, a second time: this can't be taken back")
	return cmd
}

func (e *env) pause() *cobra.Command {
	return &cobra.Command{
		Use: "pause", Short: "Send nothing until resume, also over restarts", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return e.say(cmd, func(ctx context.Context, d control.Desk) (string, error) { return d.Pause(ctx) })
		},
	}
}

func (e *env) resume() *cobra.Command {
	return &cobra.Command{
		Use: "resume", Short: "End a pause, and try again at once", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return e.say(cmd, func(ctx context.Context, d control.Desk) (string, error) { return d.Resume(ctx) })
		},
	}
}
