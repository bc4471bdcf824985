package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/dustin/go-humanize"
	"github.com/spf13/cobra"

	"bloxdrop/internal/control"
)

func (e *env) status() *cobra.Command {
	var asJSON, watch bool
	cmd := &cobra.Command{
		Use: "status", Short: "Say how everything stands", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			switch {
			case watch && asJSON:
				return usage(errors.New("--watch is for people, --json for programs: ask again with one of them"))
			case watch:
				return e.watch(cmd.Context())
			}
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
				return printStatus(newScreen(e.out, os.Getenv), st)
			})
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "for programs")
	cmd.Flags().BoolVar(&watch, "watch", false, "show it again and again, until Ctrl-C")
	return cmd
}

// printStatus is read in five seconds: what is wrong first, then the numbers.
func printStatus(s *screen, st control.Status) error {
	state := map[string]string{control.Running: good, control.Paused: wrong}[st.State]
	rows := []row{{"bloxdrop", "", []string{s.paint(state, st.State)}}}
	add := func(name, colour string, texts ...string) {
		rows = append(rows, row{name, colour, texts})
	}
	count := func(name, colour string, n int, what string) {
		if n > 0 {
			add(name, colour, humanize.Comma(int64(n)), what)
		}
	}
	for _, p := range st.Pauses {
		add("paused", wrong, p.Cause+": "+shown(p.Remedy))
	}
	for _, n := range st.Notes {
		add("note", mind, shown(n))
	}
	add("sent", "", humanize.Comma(int64(st.Sent)))
	waiting := "for their turn or their next try"
	if st.OldestWaitingSeconds > 0 {
		waiting += ", the oldest for " + (time.Duration(st.OldestWaitingSeconds) * time.Second).String()
	}
	count("waiting", "", st.Waiting, waiting)
	count("sending", "", st.Sending, "on their way")
	count("held", mind, st.Held, "need somebody: bloxdrop list --state held")
	count("skipped", "", st.Skipped, "there before the first start")
	count("withdrawn", "", st.Withdrawn, "taken out before they were sent")
	add("files", "", humanize.Comma(int64(st.Files)), "there now")
	settling, colour := "still changing, empty or just found", ""
	if st.SettlingLong > 0 {
		settling, colour = fmt.Sprintf("%s for over an hour: bloxdrop list --state settling", humanize.Comma(int64(st.SettlingLong))), mind
	}
	count("  settling", colour, st.Settling, settling)
	count("  unmatched", mind, st.Unmatched, "in no person's folder: bloxdrop list --state unmatched")
	count("  ignored", "", st.Ignored, "never sent: bloxdrop list --state ignored")
	count("  duplicate", "", st.Duplicate, "further places of the same content")
	for _, r := range st.Roots {
		colour := ""
		if !r.Online || r.Paused || r.Unreadable > 0 {
			colour = wrong
		}
		add("root", colour, shown(r.Path+": "+rootLine(r, st.State)))
	}
	return s.table(rows)
}

func rootLine(r control.Root, state string) string {
	if !r.Online {
		return "OFFLINE: " + r.Offline
	}
	if r.Paused {
		return "PAUSED until it is adopted, see above"
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
