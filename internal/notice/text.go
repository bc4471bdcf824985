package notice

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"bloxdrop/watcher"
)

const (
	width    = 76       // of lines, as Notepad shows them without wrapping
	longID   = 40       // runes of an identifier in a name
	longPath = 200      // runes of a path
	longWhy  = 300      // runes of what Bloxs says
	bom      = "\ufeff" // by it Notepad sees that the text is UTF-8
)

// name is the notice's file name.
func (r *root) name(f *folder) string {
	for _, c := range causes() {
		if f.matters[c] == nil {
			continue
		}
		var args []any
		if c == unknown || c == mismatch {
			args = append(args, forName(f.id))
		}
		return watcher.NoticeStart + r.Words.Say("notice.name."+string(c), args...) + watcher.NoticeEnd
	}
	return ""
}

// forName leaves out what some system does not take in a name.
func forName(id string) string {
	id = strings.Map(func(c rune) rune {
		if strings.ContainsRune(`<>:"/\|?*`, c) || !unicode.IsPrint(c) || c == utf8.RuneError {
			return '_'
		}
		return c
	}, id)
	return cut(id, longID)
}

func cut(s string, runes int) string {
	if r := []rune(s); len(r) > runes {
		return string(r[:runes-1]) + "…"
	}
	return s
}

// cutStart keeps the end, which names a file.
func cutStart(s string, runes int) string {
	if r := []rune(s); len(r) > runes {
		return "…" + string(r[len(r)-runes+1:])
	}
	return s
}

// text is what the notice says. By its first line it is known again.
func (r *root) text(f *folder) string {
	var b paper
	b.line(watcher.NoticeMark)
	b.gap()
	again := false
	for _, c := range causes() {
		m := f.matters[c]
		if m == nil {
			continue
		}
		again = again || c.mayBeMended()
		b.say(r.says(f, c, m))
		for _, file := range m.named {
			b.file(file)
		}
		if more := m.files - len(m.named); more > 0 {
			b.line("  " + r.Words.Say("notice.more", more))
		}
		b.gap()
		b.say(r.toDo(c, m))
		if c == unmatched {
			b.line("  " + r.Layout.Example())
		}
		if c == unmatched && f.rel != "" {
			b.say(r.Words.Say("notice.unmatched.name"))
		}
		b.gap()
	}
	if again {
		b.say(r.Words.Say("notice.again"))
		b.gap()
	}
	b.say(r.Words.Say("notice.ask", r.contact()))
	b.gap()
	b.say(r.Words.Say("notice.goes"))
	return bom + b.String()
}

func (r *root) contact() string {
	if r.Contact == "" {
		return r.Words.Say("notice.somebody")
	}
	return r.Contact
}

func (r *root) says(f *folder, c cause, m *matter) string {
	key := "notice." + string(c) + ".says"
	switch c {
	case unknown:
		return r.Words.Say(key, m.files, visible(f.id))
	case mismatch:
		return r.Words.Say(key, m.files, visible(f.id), visible(f.title))
	}
	return r.Words.Say(key, m.files)
}

func (r *root) toDo(c cause, m *matter) string {
	key := "notice." + string(c) + ".do"
	switch {
	case c == unknown:
		return r.Words.Say(key, r.Words.Say("notice."+r.Relation))
	case c == mismatch, c == uncertain:
		return r.Words.Say(key, r.contact())
	case c == large && m.least <= r.MaxSize: // Bloxs takes less than that
		return r.Words.Say("notice.large.less")
	case c == large:
		return r.Words.Say(key, r.Words.Size(r.MaxSize))
	}
	return r.Words.Say(key)
}

// visible shows what can't be seen, since names are anybody's to choose.
func visible(s string) string {
	return strings.Map(func(c rune) rune {
		if !unicode.IsPrint(c) {
			return '\ufffd'
		}
		return c
	}, s)
}

// paper takes a text in lines that end as on Windows.
type paper struct{ strings.Builder }

func (p *paper) line(s string) {
	p.WriteString(s)
	p.WriteString("\r\n")
}

func (p *paper) gap() { p.line("") }

// say breaks a text into lines.
func (p *paper) say(text string) { p.wrap("", text) }

func (p *paper) wrap(indent, text string) {
	at := indent
	for _, word := range strings.Fields(text) {
		if at != indent && utf8.RuneCountInString(at)+1+utf8.RuneCountInString(word) > width {
			p.line(at)
			at = indent
		}
		if at != indent {
			at += " "
		}
		at += word
	}
	p.line(at)
}

// file names one, on a line of its own, however long that gets.
func (p *paper) file(f file) {
	p.line("  " + visible(cutStart(f.name, longPath)))
	if why := strings.TrimSpace(visible(f.why)); why != "" {
		p.wrap("      ", cut(why, longWhy))
	}
}
