package cli

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"bloxdrop/internal/control"
)

func (e *env) forget() *cobra.Command {
	var person string
	cmd := &cobra.Command{
		Use: "forget --person P", Short: "Take a person's names and paths out of ledger and journal",
		Long: "Take everything by which a person could be recognized out of ledger and journal:\npaths, names, fingerprints, what Bloxs said. Of what was sent a salted digest\nstays, so that it is never sent again. It can't be undone, and is refused while\nfiles of that person are in a root, wait or are held.",
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if person == "" {
				return usage(errors.New("say which person: --person, with the identifier in the folder's name"))
			}
			return e.withDesk(cmd.Context(), func(ctx context.Context, d control.Desk) error {
				text, err := d.Forget(ctx, person)
				if err != nil {
					return err
				}
				for line := range strings.SplitSeq(text, "\n") {
					if _, err := fmt.Fprintln(e.out, shown(line)); err != nil {
						return err
					}
				}
				return nil
			})
		},
	}
	cmd.Flags().StringVar(&person, "person", "", "the identifier in the folder's name, such as 1234")
	return cmd
}
