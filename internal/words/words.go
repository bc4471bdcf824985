// Package words is the one catalogue of what bloxdrop says to an office, on its
// page and in the share, in each language that notices.language takes.
//
// It promises that every text is there in every language, and that numbers,
// times and sizes are written as people there write them. What is for the
// administrator alone (commands, log, errors) is English and not in here.
//
// It must never decide anything, nor hold a name of a person or a file.
package words

import (
	"maps"
	"strings"
	"sync"

	"golang.org/x/text/language"
	"golang.org/x/text/message"
)

// English and Dutch are the languages, as notices.language has them.
const (
	English = "en"
	Dutch   = "nl"
)

// text is a text in English and in Dutch. Where the first number among its
// arguments makes a difference, "|" stands between the form for one and the
// form for all others.
type text [2]string

// catalogue brings its parts together; a key stands in one of them only.
var catalogue = sync.OnceValue(func() map[string]text {
	all := map[string]text{}
	for _, part := range []map[string]text{times(), page(), remedies(), alerts(), notices()} {
		maps.Copy(all, part)
	}
	return all
})

// Words speaks one language.
type Words struct {
	language string
	at       int // of its form in a text
	printer  *message.Printer
}

// In speaks the language; English where there is no such catalogue.
func In(lang string) *Words {
	if lang == Dutch {
		return &Words{language: Dutch, at: 1, printer: message.NewPrinter(language.Dutch)}
	}
	return &Words{language: English, printer: message.NewPrinter(language.BritishEnglish)}
}

// Language is "en" or "nl", as HTML's lang attribute takes it.
func (w *Words) Language() string { return w.language }

// Say gives the text with that key. Its arguments are put in as fmt does;
// numbers are grouped as the language does it, so what is a name and no number,
// such as a file ID, is given as a string.
func (w *Words) Say(key string, args ...any) string {
	t, ok := catalogue()[key]
	if !ok {
		return "[" + key + "]" // a test finds it
	}
	form := t[w.at]
	if one, other, both := strings.Cut(form, "|"); both {
		form = other
		if first(args) == 1 {
			form = one
		}
	}
	if len(args) == 0 {
		return form
	}
	return w.printer.Sprintf(form, args...)
}

// first is the first number among args.
func first(args []any) int64 {
	for _, a := range args {
		switch n := a.(type) {
		case int:
			return int64(n)
		case int64:
			return n
		}
	}
	return 0
}

// Number groups a number's digits.
func (w *Words) Number(n int) string { return w.printer.Sprintf("%d", n) }
