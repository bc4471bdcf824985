package cli

import (
	"context"
	"encoding/json"
	"errors"
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
	var which control.Selection
	var asJSON, asCSV bool
	cmd := &cobra.Command{
		Use: "list", Short: "List items, or files that are none", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			switch {
			case which.State != "" && !slices.Contains(app.States(), which.State):
				return usage(fmt.Errorf("%q is no state; there are %s", which.State, strings.Join(app.States(), ", ")))
			case which.Person != "" && (which.State == "unmatched" || which.State == "ignored"):
				return usage(fmt.Errorf("files that are %s are nobody's: leave --person out", which.State))
			case asJSON && asCSV:
				return usage(errors.New("say either --json or --csv"))
			}
			return e.withDesk(cmd.Context(), func(ctx context.Context, d control.Desk) error {
				switch {
				case asJSON:
					return listJSON(ctx, e.out, d, which)
				case asCSV:
					return listCSV(ctx, e.out, d, which)
				}
				return d.List(ctx, which, func(en control.Entry) error {
					_, err := fmt.Fprintln(e.out, entryLine(en))
					return err
				})
			})
		},
	}
	cmd.Flags().StringVar(&which.Person, "person", "", "only this person's, by the identifier in the folder's name")
	cmd.Flags().StringVar(&which.State, "state", "", "only these: "+strings.Join(app.States(), ", "))
	cmd.Flags().BoolVar(&asJSON, "json", false, "for programs")
	cmd.Flags().BoolVar(&asCSV, "csv", false, "for a spreadsheet")
	return cmd
}

// listJSON writes an array item by item, so that a million need no memory.
func listJSON(ctx context.Context, out io.Writer, d control.Desk, which control.Selection) error {
	before := "[\n"
	err := d.List(ctx, which, func(en control.Entry) error {
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
	if path == "" {
		path = "(forgotten)"
	}
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
	case en.Reason != en.Detail && en.Reason != "":
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
