package cli

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"bloxdrop/internal/app"
	"bloxdrop/internal/control"
)

func (e *env) list() *cobra.Command {
	var state string
	var asJSON bool
	cmd := &cobra.Command{
		Use: "list", Short: "List items, or files that are none", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if state != "" && !slices.Contains(app.States(), state) {
				return usage(fmt.Errorf("%q is no state; there are %s", state, strings.Join(app.States(), ", ")))
			}
			return e.withDesk(cmd.Context(), func(ctx context.Context, d control.Desk) error {
				if asJSON {
					return listJSON(ctx, e.out, d, state)
				}
				return d.List(ctx, state, func(en control.Entry) error {
					_, err := fmt.Fprintln(e.out, entryLine(en))
					return err
				})
			})
		},
	}
	cmd.Flags().StringVar(&state, "state", "", "only these: "+strings.Join(app.States(), ", "))
	cmd.Flags().BoolVar(&asJSON, "json", false, "for programs")
	return cmd
}

// listJSON writes an array item by item, so that a million need no memory.
func listJSON(ctx context.Context, out io.Writer, d control.Desk, state string) error {
	before := "[\n"
	err := d.List(ctx, state, func(en control.Entry) error {
		b, err := json.Marshal(en)
		if err != nil {
			return err
		}
		_, err = fmt.Fprintf(out, "%s%s", before, b)
		before = ",\n"
		return err
	})
	if err != nil {
		return err
	}
	if before == "[\n" {
		before = "["
	}
	_, err = fmt.Fprint(out, strings.TrimSuffix(before, ",\n"), "]\n")
	return err
}

// entryLine is one line a file: state, person, path, and what matters most.
// The path is quoted where it could mislead a terminal.
func entryLine(en control.Entry) string {
	path := en.Path
	if q := strconv.Quote(path); q != `"`+path+`"` {
		path = q
	}
	parts := []string{en.State}
	if en.Person != "" {
		parts = append(parts, en.Person)
	}
	parts = append(parts, path)
	switch {
	case en.FileID != 0:
		parts = append(parts, fmt.Sprintf("file ID %d", en.FileID))
	case en.Reason != "":
		parts = append(parts, en.Reason+": "+en.Detail)
	case en.Detail != "":
		parts = append(parts, en.Detail)
	}
	if en.NextTry != "" && en.Attempts > 0 {
		parts = append(parts, "next try "+en.NextTry)
	}
	if en.Item != "" && en.Reason == "uncertain" {
		parts = append(parts, "item "+en.Item)
	}
	return shown(strings.Join(parts, "  "))
}
