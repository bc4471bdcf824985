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
// folder: behind an apostrophe nothing is a formula, in any program. Nor is it
// where a cell is cut at a semicolon or a tab, as Excel does in the Netherlands:
// it opens the file by the separator of the country, and sees no quotes then.
func tame(cell string) string {
	cell = strings.ToValidUTF8(cell, "\ufffd")
	if first := strings.TrimLeftFunc(cell, unseen); first != cell && !strings.HasPrefix(cell, `"`) {
		cell = "'" + cell
	}
	var b strings.Builder
	for rest := cell; rest != ""; {
		cut := strings.IndexAny(rest, ",;\t\r\n") + 1
		if cut == 0 {
			cut = len(rest)
		}
		if formula(rest[:cut]) {
			b.WriteByte('\'')
		}
		b.WriteString(rest[:cut])
		rest = rest[cut:]
	}
	return b.String()
}

// formula says whether a program may take this for one. The wide forms of the
// four characters count as them in some.
func formula(cell string) bool {
	return strings.IndexAny(strings.TrimLeftFunc(cell, unseen), "=+-@＝＋－＠") == 0
}

// unseen is what a program may leave out before it looks for a formula.
func unseen(r rune) bool { return r == '"' || unicode.IsSpace(r) || !unicode.IsPrint(r) }
