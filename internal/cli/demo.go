package cli

import (
	"errors"

	"github.com/spf13/cobra"
)

func (e *env) demo() *cobra.Command {
	var dir string
	cmd := &cobra.Command{
		Use: "demo", Short: "Show it at work with a simulated Bloxs on this machine", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return errors.New("not yet") },
	}
	cmd.Flags().StringVar(&dir, "dir", "", "the folder to use; default: a new temporary one")
	return cmd
}
