package web

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"

	"bloxdrop/internal/control"
	"bloxdrop/internal/words"
)

// group is the held files with one cause.
type group struct {
	Reason string
	Title  string
	Remedy string
	Parts  []part
	Others []part // that are shown when somebody asks for them
	N      int    // files in all
	Left   int    // of them: that no part shows
}

// part is the files of one cause for which one click is meant: those of one
// person, or refused in the same words.
type part struct {
	ID     string // of the HTML element
	Reason string
	Says   string // what is wrong, in the office's language
	Detail string // what Bloxs said of it
	Rows   []control.Row
}

// groups sorts held files by cause, and within a cause by what one click is for.
func groups(w *words.Words, held control.Held) (list []group) {
	for _, reason := range []string{"uncertain", "name-mismatch", "unknown-person", "rejected"} {
		parts, files := partsOf(w, held.Rows, reason)
		if len(parts) == 0 {
			continue
		}
		n := min(len(parts), partsShown)
		list = append(list, group{
			Reason: reason, Title: w.Say("held." + reason), Remedy: w.Say("held." + reason + ".do"),
			Parts: parts[:n], Others: parts[n:], N: held.Counts[reason], Left: held.Counts[reason] - files,
		})
	}
	return list
}

func partsOf(w *words.Words, rows []control.Row, reason string) (parts []part, files int) {
	at := map[string]int{}
	for _, r := range rows {
		if r.Reason != reason {
			continue
		}
		files++
		key := keyOfPart(r)
		i, known := at[key]
		if !known {
			i = len(parts)
			at[key] = i
			parts = append(parts, newPart(w, r))
		}
		parts[i].Rows = append(parts[i].Rows, r)
	}
	return parts, files
}

// Again tells whether another try of all of them may help.
func (g group) Again() bool {
	return len(g.Parts) > 1 && (g.Reason == "unknown-person" || g.Reason == "rejected")
}

func keyOfPart(r control.Row) string {
	switch r.Reason {
	case "uncertain":
		return r.Item
	case "rejected":
		return refusal(r)
	}
	return r.Root + "\x00" + r.Person + "\x00" + r.Folder
}

func newPart(w *words.Words, r control.Row) part {
	p := part{ID: "held-" + r.Item, Reason: r.Reason}
	switch r.Reason {
	case "unknown-person":
		p.Says = w.Say("held.unknown-person.says", clean(r.Person))
	case "name-mismatch":
		if len(r.Names) == 0 {
			p.Says = w.Say("held.name-mismatch.nobody", clean(r.Folder), clean(r.Person))
		} else {
			p.Says = w.Say("held.name-mismatch.says", clean(r.Folder), clean(r.Person), clean(nameAmong(r.Names)))
		}
	case "uncertain":
		p.Says = w.Say("held.uncertain.says", clean(r.Person))
	case "rejected":
		p.Says, p.Detail = w.Say("held.rejected.says"), refusal(r)
	}
	return p
}

// refusal is Bloxs's words without the number of that one answer, which the
// file's own page shows.
func refusal(r control.Row) string {
	return strings.TrimSuffix(r.Detail, " (traceId "+r.TraceID+")")
}

// nameAmong picks of all texts that Bloxs has of somebody those that may be a name.
func nameAmong(texts []string) string {
	var names []string
	for _, t := range texts {
		if strings.ContainsAny(t, "@:/_") || strings.ContainsAny(t, "0123456789") || len(names) == 3 {
			continue
		}
		names = append(names, t)
	}
	if len(names) == 0 {
		return texts[0]
	}
	return strings.Join(names, " ")
}

// seenOf stands for what a page shows of a held file: whose it is, why it is
// held, since when, and where it stands.
func seenOf(r control.Row) string {
	sum := sha256.Sum256(fmt.Appendf(nil, "%q %q %q %d %d %q %q %q", r.Item, r.State, r.Reason, r.Since.UnixNano(), r.Attempts, r.Path, r.Folder, r.Names))
	return hex.EncodeToString(sum[:8])
}

func folderOf(rel string) string {
	if i := strings.LastIndexByte(rel, '/'); i >= 0 {
		return rel[:i]
	}
	return ""
}

func nameOf(rel string) string { return rel[strings.LastIndexByte(rel, '/')+1:] }
