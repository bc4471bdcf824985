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
	state := map[string]string{control.Running: good, control.Paused: wrong, control.Stopped: mind}[st.State]
	rows, damaged := []row{{"bloxdrop", "", []string{s.paint(state, st.State)}}}, false
	if st.State == control.Stopped {
		rows = append(rows, row{"note", mind, []string{"nothing is sent until it runs: `bloxdrop start` starts the service"}})
	}
	for _, p := range st.Pauses {
		rows = append(rows, row{"paused", wrong, []string{p.Cause + ": " + shown(p.Remedy)}})
		damaged = damaged || p.Cause == "damaged"
	}
	for _, n := range st.Notes {
		rows = append(rows, row{"note", mind, []string{shown(n)}})
	}
	if !damaged { // what is not known is no nought
		rows = append(rows, countRows(st)...)
		rows = append(rows, rootRows(st)...)
	}
	return s.table(rows)
}

func countRows(st control.Status) (rows []row) {
	add := func(name, colour string, n int, what ...string) {
		rows = append(rows, row{name, colour, append([]string{humanize.Comma(int64(n))}, what...)})
	}
	some := func(name, colour string, n int, what string) {
		if n > 0 {
			add(name, colour, n, what)
		}
	}
	waiting := "for their turn or their next try"
	if st.OldestWaitingSeconds > 0 {
		waiting += ", the oldest for " + (time.Duration(st.OldestWaitingSeconds) * time.Second).String()
	}
	settling, colour := "still changing, empty or just found", ""
	if st.SettlingLong > 0 {
		settling, colour = humanize.Comma(int64(st.SettlingLong))+" for over an hour: bloxdrop list --state settling", mind
	}
	add("sent", "", st.Sent)
	some("waiting", "", st.Waiting, waiting)
	some("sending", "", st.Sending, "on their way")
	some("held", mind, st.Held, "need somebody: bloxdrop list --state held")
	some("skipped", "", st.Skipped, "there before the first start")
	some("withdrawn", "", st.Withdrawn, "taken out before they were sent")
	add("files", "", st.Files, "there now")
	some("  settling", colour, st.Settling, settling)
	some("  unmatched", mind, st.Unmatched, "in no person's folder: bloxdrop list --state unmatched")
	some("  ignored", "", st.Ignored, "never sent: bloxdrop list --state ignored")
	some("  duplicate", "", st.Duplicate, "further places of the same content")
	return rows
}

const rootsShown = 8

// rootRows shows each root; of many, those that are not in order.
func rootRows(st control.Status) (rows []row) {
	fine, longestAgo := 0, ""
	for _, r := range st.Roots {
		colour := ""
		if !r.Online || r.Paused || r.Unreadable > 0 {
			colour = wrong
		}
		if colour == "" && len(st.Roots) > rootsShown {
			fine++
			if longestAgo == "" || r.LastRescan < longestAgo {
				longestAgo = r.LastRescan
			}
			continue
		}
		rows = append(rows, row{"root", colour, []string{shown(r.Path + ": " + rootLine(r, st.State))}})
	}
	if fine > 0 {
		says := howMany(fine, "root") + " in order"
		if at, err := time.Parse(time.RFC3339, longestAgo); err == nil {
			says += ", rescanned at " + at.Local().Format(time.TimeOnly) + " or later"
		}
		rows = append(rows, row{"roots", "", []string{says}})
	}
	return rows
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
