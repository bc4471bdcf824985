package cli

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"text/tabwriter"
	"time"

	"github.com/dustin/go-humanize"
	"github.com/spf13/cobra"

	"bloxdrop/internal/control"
)

func (e *env) status() *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use: "status", Short: "Say how everything stands", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return e.withDesk(cmd.Context(), func(ctx context.Context, d control.Desk) error {
				st, err := d.Status(ctx)
				if err != nil {
					return err
				}
				if asJSON {
					out := json.NewEncoder(e.out)
					out.SetIndent("", "  ")
					return out.Encode(st)
				}
				return printStatus(e.out, st)
			})
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "for programs")
	return cmd
}

// printStatus is read in five seconds: what is wrong first, then the numbers.
func printStatus(out io.Writer, st control.Status) error {
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintf(w, "bloxdrop\t%s\n", st.State)
	for _, p := range st.Pauses {
		fmt.Fprintf(w, "paused\t%s: %s\n", p.Cause, shown(p.Remedy))
	}
	for _, n := range st.Notes {
		fmt.Fprintf(w, "note\t%s\n", shown(n))
	}
	count := func(name string, n int, what string) {
		if n > 0 {
			fmt.Fprintf(w, "%s\t%s\t%s\n", name, humanize.Comma(int64(n)), what)
		}
	}
	fmt.Fprintf(w, "sent\t%s\n", humanize.Comma(int64(st.Sent)))
	waiting := "for their turn or their next try"
	if st.OldestWaitingSeconds > 0 {
		waiting += ", the oldest for " + (time.Duration(st.OldestWaitingSeconds) * time.Second).String()
	}
	count("waiting", st.Waiting, waiting)
	count("sending", st.Sending, "on their way")
	count("held", st.Held, "need somebody: bloxdrop list --state held")
	count("skipped", st.Skipped, "there before the first start")
	count("withdrawn", st.Withdrawn, "taken out before they were sent")
	fmt.Fprintf(w, "files\t%s\tthere now\n", humanize.Comma(int64(st.Files)))
	count("  settling", st.Settling, "still changing, empty or just found")
	count("  unmatched", st.Unmatched, "in no person's folder: bloxdrop list --state unmatched")
	count("  ignored", st.Ignored, "by a pattern")
	count("  duplicate", st.Duplicate, "further places of the same content")
	for _, r := range st.Roots {
		fmt.Fprintf(w, "root\t%s\t%s\n", shown(r.Path), shown(rootLine(r, st.State)))
	}
	return w.Flush()
}

func rootLine(r control.Root, state string) string {
	if !r.Online {
		return "OFFLINE: " + r.Offline
	}
	line := humanize.Comma(int64(r.Files)) + " files"
	if at, err := time.Parse(time.RFC3339, r.LastRescan); err == nil {
		line += ", rescanned at " + at.Local().Format(time.TimeOnly)
	}
	if r.Unreadable > 0 {
		line += fmt.Sprintf(", %d FOLDERS CAN'T BE READ (see the log): bloxdrop needs the right to", r.Unreadable)
	}
	if !r.Events && state != control.Stopped {
		line += ", found by rescans only"
	}
	return line
}
