package cli

import (
	"context"

	"github.com/dustin/go-humanize"
	"github.com/spf13/cobra"

	"bloxdrop/internal/config"
	"bloxdrop/store"
)

func (e *env) repair() *cobra.Command {
	return &cobra.Command{
		Use: "repair", Short: "Mend a damaged ledger and journal from what both still prove",
		Long: "Check ledger and journal, and mend what is damaged: one from the other, or, where\nneither can be trusted, both from what they still prove. The damaged files are\nset aside. Stop the service first. A recent backup may know more: see\n`bloxdrop restore`.",
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return e.alone(cmd.Context(), func(ctx context.Context, c *config.Config, opts store.Options) error {
				r, err := store.Repair(ctx, opts)
				if err != nil {
					return err
				}
				return e.reportRepaired(c, r)
			})
		},
	}
}

func (e *env) reportRepaired(c *config.Config, r store.Repaired) error {
	p := &printer{w: e.out}
	switch {
	case r.Sound:
		p.line("ledger and journal in %s are sound: there is nothing to repair, and nothing was changed", c.Store.Dir)
		return p.err
	case !r.Salvaged:
		p.line("one of the two files was damaged, and was made anew from the other: nothing is lost (%s)", states(r.Items))
		return p.err
	}
	p.line("ledger and journal were damaged both; what they still prove is put together: %s", states(r.Items))
	p.line("read: %s of the journal (%s of it can't be read); %s", howMany(r.Lines, "whole line"), humanize.Bytes(uint64(r.LostBytes)), ledgerFound(r))
	for _, kept := range r.Kept {
		p.line("what was there is kept as %s", kept)
	}
	if r.NewIdentity {
		p.line("also the ledger's ID is lost: roots take this one for another's, and files that only have a number here would go again")
	}
	for _, id := range r.Nameless {
		p.line("Bloxs has the file %d; whose and which it was is lost, but should it come again it is known", id)
	}
	p.line("")
	p.line("May be lost: the last steps before the damage. A file that Bloxs took then would be sent again. A recent backup")
	p.line("may know more: `bloxdrop restore FILE` puts it in place of this.")
	p.next(c)
	return p.err
}

func ledgerFound(r store.Repaired) string {
	if r.LedgerSound {
		return "the ledger is sound, but may lack the last steps"
	}
	return howMany(r.Records, "record") + " of items in what is left of the ledger"
}
