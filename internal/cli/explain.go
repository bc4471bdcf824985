package cli

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"bloxdrop/internal/control"
)

func (e *env) explain() *cobra.Command {
	return &cobra.Command{
		Use: "explain PATH", Short: "Say what a file or folder is to bloxdrop, why, and what to do", Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			paths, err := absolute(args)
			if err != nil {
				return err
			}
			return e.withDesk(cmd.Context(), func(ctx context.Context, d control.Desk) error {
				ex, err := d.Explain(ctx, paths[0])
				if err != nil {
					return err
				}
				fmt.Fprintf(e.out, "%s\n  %s: %s\n", ex.Path, ex.State, ex.Reason)
				if ex.Item != nil {
					fmt.Fprintf(e.out, "  person %s, item %s, %d attempts\n", ex.Item.Person, ex.Item.Item, ex.Item.Attempts)
					for _, p := range ex.Item.Paths {
						if p != ex.Path {
							fmt.Fprintf(e.out, "  also at %s\n", p)
						}
					}
				}
				if ex.Remedy != "" {
					fmt.Fprintf(e.out, "  to do: %s\n", ex.Remedy)
				}
				return nil
			})
		},
	}
}
