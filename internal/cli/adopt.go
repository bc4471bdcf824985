package cli

import (
	"context"
	"errors"

	"github.com/spf13/cobra"

	"bloxdrop/internal/config"
	"bloxdrop/internal/control"
)

func (e *env) adopt() *cobra.Command {
	var existing string
	cmd := &cobra.Command{
		Use: "adopt ROOT --existing upload|skip", Short: "Say that a root which waits is the right one",
		Long: `Say that a root which is paused, or offline for want of its marker, is the right
one and this ledger's. bloxdrop status says why it waits. Look first: nothing of
it is sent before, and a file that is sent twice can't be taken back.
--existing upload sends what is there, unless this ledger has a receipt for it;
--existing skip sends nothing of what is there, only what comes from then on.
What has a receipt is never sent again either way.`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if existing != config.ExistingUpload && existing != config.ExistingSkip {
				return usage(errors.New("say --existing upload or --existing skip"))
			}
			paths, err := absolute(args)
			if err != nil {
				return err
			}
			return e.say(cmd, func(ctx context.Context, d control.Desk) (string, error) { return d.Adopt(ctx, paths[0], existing) })
		},
	}
	cmd.Flags().StringVar(&existing, "existing", "", "upload or skip what is there now")
	return cmd
}
