package cli

import (
	"bytes"
	"context"
	"encoding/csv"
	"strings"
	"testing"

	"bloxdrop/internal/control"
)

// listed is a desk with one entry.
type listed struct {
	control.Desk
	entry control.Entry
}

func (l listed) List(_ context.Context, _ control.Selection, each func(control.Entry) error) error {
	return each(l.entry)
}

func csvOf(t *testing.T, e control.Entry) [][]string {
	t.Helper()
	var out bytes.Buffer
	if err := listCSV(t.Context(), &out, listed{entry: e}, control.Selection{}); err != nil {
		t.Fatal(err)
	}
	text, marked := strings.CutPrefix(out.String(), "\ufeff")
	rows, err := csv.NewReader(strings.NewReader(text)).ReadAll()
	if err != nil || !marked || len(rows) != 2 || len(rows[0]) != len(rows[1]) {
		t.Fatalf("%q: %v", out.String(), err)
	}
	return rows
}

func TestCSV(t *testing.T) {
	rows := csvOf(t, control.Entry{
		State: "sent", Relation: "persons", Person: "=1+1", Path: `/scans/a;b,"c"` + "\nd.pdf", Paths: []string{"/scans/x", "/scans/y"},
		Detail: "@SUM(1)", FileID: 7, Attempts: 1, Size: 12, Item: "00ff",
	})
	got := map[string]string{}
	for i, name := range rows[0] {
		got[name] = rows[1][i]
	}
	for name, want := range map[string]string{
		"state": "sent", "person": "'=1+1", "path": `/scans/a;b,"c"` + "\nd.pdf", "paths": "/scans/x\n/scans/y", "detail": "'@SUM(1)",
		"file_id": "7", "attempts": "1", "size": "12", "next_try": "", "item": "00ff",
	} {
		if got[name] != want {
			t.Errorf("%s is %q, want %q", name, got[name], want)
		}
	}
}

// A program may cut cells at another separator, and then sees no quotes.
func TestCSVCutOtherwise(t *testing.T) {
	for cell, want := range map[string]string{
		"/scans/a;=1+1;b.pdf":        "/scans/a;'=1+1;b.pdf",
		"/scans/a\t@SUM(1).pdf":      "/scans/a\t'@SUM(1).pdf",
		"/scans/a\n=1.pdf":           "/scans/a\n'=1.pdf",
		"/scans/a\n\r\n+1.pdf":       "/scans/a\n\r\n'+1.pdf",
		"/scans/a;\t=1.pdf":          "/scans/a;\t'=1.pdf",
		"/scans/a, -1.pdf":           "/scans/a,' -1.pdf",
		`/scans/a;"=1+1".pdf`:        `/scans/a;'"=1+1".pdf`,
		"/scans/a; = 1.pdf":          "/scans/a;' = 1.pdf",
		"/scans/1001 - Jansen/a=b-c": "/scans/1001 - Jansen/a=b-c",
		`"quoted" by Bloxs; no sum`:  `"quoted" by Bloxs; no sum`,
		" begins with a space":       "' begins with a space",
		"2026-11-24T04:22:03Z":       "2026-11-24T04:22:03Z",
	} {
		if got := tame(cell); got != want {
			t.Errorf("%q becomes %q, want %q", cell, got, want)
		}
	}
}

// FuzzCSV holds that no cell is a formula, however it is cut, and that nothing
// else is changed.
func FuzzCSV(f *testing.F) {
	for _, s := range []string{"=1", "+1", "-1", "@a", " =1", "\t=1", "\r=1", "\n=1", "＝1", "\u200b=1", "\xff=1", "a=1", "", "'=1", "/scans/a", "a;=1", `a;"=1`, "a,\t\n+1", "a\n\r\n+"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		cell := csvOf(t, control.Entry{Detail: s})[1][6]
		for part := range strings.FieldsFuncSeq(cell, func(r rune) bool { return strings.ContainsRune(",;\t\r\n", r) }) {
			if part = strings.TrimLeft(part, "\" \u200b"); strings.ContainsAny(part[:min(len(part), 1)], "=+-@") || strings.HasPrefix(part, "＝") {
				t.Errorf("%q becomes %q", s, cell)
			}
		}
		if strings.ContainsAny(cell[:min(len(cell), 1)], "\t\r\n ") {
			t.Errorf("%q becomes %q", s, cell)
		}
		plain := strings.ReplaceAll(strings.ToValidUTF8(s, "\ufffd"), "\r\n", "\n")
		if strings.ReplaceAll(cell, "'", "") != strings.ReplaceAll(plain, "'", "") {
			t.Errorf("%q becomes %q", s, cell)
		}
	})
}
