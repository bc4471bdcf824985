package cli

import (
	"context"
	"encoding/csv"
	"io"
	"strconv"
	"strings"
	"unicode"

	"bloxdrop/internal/control"
)

// listCSV is for a spreadsheet: with a byte order mark, without which Excel
// reads UTF-8 as the letters of another code page. Programs have --json.
func listCSV(ctx context.Context, out io.Writer, d control.Desk, which control.Selection) error {
	if _, err := io.WriteString(out, "\ufeff"); err != nil {
		return err
	}
	w := csv.NewWriter(out)
	write := func(cells ...string) error {
		for i, cell := range cells {
			cells[i] = tame(cell)
		}
		return w.Write(cells)
	}
	err := write("state", "relation", "person", "path", "paths", "reason", "detail", "file_id", "sent_at", "first_seen", "size", "attempts", "next_try", "item", "sha256", "trace_id")
	if err != nil {
		return err
	}
	err = d.List(ctx, which, func(e control.Entry) error {
		return write(e.State, e.Relation, e.Person, e.Path, strings.Join(e.Paths, "\n"), e.Reason, e.Detail, number(e.FileID), e.SentAt, e.FirstSeen,
			number(e.Size), number(int64(e.Attempts)), e.NextTry, e.Item, e.SHA256, e.TraceID)
	})
	if err != nil {
		return err
	}
	w.Flush()
	return w.Error()
}

func number(n int64) string {
	if n == 0 {
		return ""
	}
	return strconv.FormatInt(n, 10)
}

// tame keeps a spreadsheet from running what somebody named a file or a
// folder: behind an apostrophe nothing is a formula, in any program. The wide
// forms of the four characters count as them in some.
func tame(cell string) string {
	cell = strings.ToValidUTF8(cell, "\ufffd")
	first := strings.TrimLeftFunc(cell, func(r rune) bool { return unicode.IsSpace(r) || !unicode.IsPrint(r) })
	if first != cell || strings.IndexAny(first, "=+-@＝＋－＠") == 0 {
		return "'" + cell
	}
	return cell
}
