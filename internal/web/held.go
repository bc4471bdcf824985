package web

import (
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
	N      int
}

// part is the files of one cause for which one click is meant: those of one
// person, or refused in the same words.
type part struct {
	ID     string // of the HTML element
	Person string
	Folder string
	Says   string // what is wrong, in the office's language
	Detail string // what Bloxs, or the program, says of it
	Rows   []control.Row
}

// groups sorts held files by cause, and within a cause by what one click is for.
func groups(w *words.Words, rows []control.Row) (list []group) {
	for _, reason := range []string{"uncertain", "name-mismatch", "unknown-person", "rejected"} {
		g := group{Reason: reason, Title: w.Say("held." + reason), Remedy: w.Say("held." + reason + ".do")}
		at := map[string]int{}
		for _, r := range rows {
			if r.Reason != reason {
				continue
			}
			key := keyOfPart(r)
			i, known := at[key]
			if !known {
				i = len(g.Parts)
				at[key] = i
				g.Parts = append(g.Parts, newPart(w, r))
			}
			g.N++
			g.Parts[i].Rows = append(g.Parts[i].Rows, r)
		}
		if g.N > 0 {
			list = append(list, g)
		}
	}
	return list
}

func keyOfPart(r control.Row) string {
	switch r.Reason {
	case "uncertain":
		return r.Item
	case "rejected":
		return r.Detail
	}
	return r.Root + "\x00" + r.Person + "\x00" + r.Folder
}

func newPart(w *words.Words, r control.Row) part {
	p := part{ID: "held-" + r.Item, Person: r.Person, Folder: folderOf(r.Rel), Detail: r.Detail}
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
		p.Says = w.Say("held.rejected.says")
	}
	return p
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

func folderOf(rel string) string {
	if i := strings.LastIndexByte(rel, '/'); i >= 0 {
		return rel[:i]
	}
	return ""
}

func nameOf(rel string) string { return rel[strings.LastIndexByte(rel, '/')+1:] }
