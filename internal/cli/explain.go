package cli

import (
	"context"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"bloxdrop/internal/control"
	"bloxdrop/store"
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
				printExplanation(e.out, ex)
				return nil
			})
		},
	}
}

func printExplanation(out io.Writer, ex control.Explanation) {
	line := func(format string, args ...any) { fmt.Fprintln(out, shown(fmt.Sprintf(format, args...))) }
	line("%s", ex.Path)
	line("  %s: %s", ex.State, ex.Reason)
	if it := ex.Item; it != nil {
		line("  person %s, item %s, tried %s", it.Person, it.Item, times(it.Attempts))
		for _, p := range it.Paths {
			if store.Fold(p) != store.Fold(ex.Path) {
				line("  also at %s", p)
			}
		}
	}
	if ex.Remedy != "" {
		line("  to do: %s", ex.Remedy)
	}
}
