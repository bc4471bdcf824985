package layout

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// maxLength keeps the expressions small; a path can't be much longer.
const maxLength = 1024

// Error is a mistake in a pattern.
type Error struct {
	Pattern string
	Column  int    // where in the pattern, in characters from 1
	Problem string // what is wrong there
	Hint    string // what to write instead, or ""
}

// Error is one line that says it, and two that point at it.
func (e *Error) Error() string {
	text := fmt.Sprintf("column %d: %s", e.Column, e.Problem)
	if e.Hint != "" {
		text += "; " + e.Hint
	}
	// What can't be printed takes one column too, so that the mark stays right.
	shown := strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) {
			return '\uFFFD'
		}
		return r
	}, e.Pattern)
	return fmt.Sprintf("%s\n    %s\n    %s^", text, shown, strings.Repeat(" ", max(e.Column-1, 0)))
}

// Parse reads a pattern. The error is always an *Error.
func Parse(pattern string) (*Pattern, error) {
	pattern = norm.NFC.String(pattern)
	ps := &parser{text: []rune(pattern), out: &Pattern{text: pattern}}
	if !utf8.ValidString(pattern) {
		return nil, ps.fail(0, "the pattern is not valid UTF-8", "")
	}
	if len(ps.text) > maxLength {
		return nil, ps.fail(maxLength, fmt.Sprintf("the pattern is longer than %d characters", maxLength), "")
	}
	for start := 0; start <= len(ps.text); {
		end := start
		for end < len(ps.text) && ps.text[end] != '/' {
			end++
		}
		if err := ps.folder(start, end); err != nil {
			return nil, err
		}
		start = end + 1
	}
	if ps.out.kind == "" {
		return nil, ps.fail(0, "the pattern says nowhere who the person is", `put "{reference}" or "{externalIdentifier}" where the folder shows it`)
	}
	return ps.out, nil
}

// parser holds what is known of the whole pattern while it is read.
type parser struct {
	text []rune
	out  *Pattern
}

// piece is one thing in a folder's pattern.
type piece struct {
	at       int    // index of its first character
	value    string // a placeholder's word, or "" for literal text
	literal  string
	optional int // the number of the [ ] around it, 0 = none
}

func (ps *parser) fail(at int, problem, hint string) error {
	return &Error{Pattern: ps.out.text, Column: at + 1, Problem: problem, Hint: hint}
}

// folder reads text[start:end], the pattern of one folder.
func (ps *parser) folder(start, end int) error {
	for start < end && unicode.IsSpace(ps.text[start]) {
		start++
	}
	for end > start && unicode.IsSpace(ps.text[end-1]) {
		end--
	}
	text := string(ps.text[start:end])
	switch text {
	case "":
		return ps.fail(start, "a folder is missing here", `write no "/" at the start, at the end or twice in a row`)
	case ".", "..":
		return ps.fail(start, fmt.Sprintf("no folder is called %q", text), "begin with the first folder below the root")
	case "*":
		ps.out.folders = append(ps.out.folders, folder{text: text})
		return nil
	}
	pieces, err := ps.pieces(start, end)
	if err != nil {
		return err
	}
	if err := ps.check(pieces); err != nil {
		return err
	}
	ps.out.folders = append(ps.out.folders, compile(text, pieces))
	return nil
}

// pieces cuts text[start:end] into placeholders and literal text.
func (ps *parser) pieces(start, end int) ([]piece, error) {
	var pieces []piece
	optional, opened := 0, -1 // how many "[" came so far, and where the open one is
	for i := start; i < end; i++ {
		current := piece{at: i}
		if opened >= 0 {
			current.optional = optional
		}
		switch r := ps.text[i]; r {
		case '{':
			word, err := ps.placeholder(i, end)
			if err != nil {
				return nil, err
			}
			current.value = word
			pieces = append(pieces, current)
			i += len(word) + 1
		case '[':
			if opened >= 0 {
				return nil, ps.fail(i, `"[" stands inside another "["`, `close the first with "]" before`)
			}
			optional, opened = optional+1, i
		case ']':
			if opened < 0 {
				return nil, ps.fail(i, `"]" closes nothing`, `put "[" where the optional part begins, in the same folder`)
			}
			if len(pieces) == 0 || pieces[len(pieces)-1].optional != optional {
				return nil, ps.fail(opened, `"[]" is empty`, "put the optional part between them, or leave them out")
			}
			opened = -1
		default:
			if err := ps.literal(i); err != nil {
				return nil, err
			}
			current.literal = string(r)
			pieces = append(pieces, current)
		}
	}
	if opened >= 0 {
		return nil, ps.fail(opened, `this "[" is not closed`, `write "]" where the optional part ends, before the next "/"`)
	}
	return pieces, nil
}

// placeholder reads the word of the "{" at text[at].
func (ps *parser) placeholder(at, end int) (string, error) {
	length := slices.Index(ps.text[at:end], '}')
	if length < 0 {
		return "", ps.fail(at, `this "{" is not closed`, `write "}" after the word, before the next "/"`)
	}
	word := string(ps.text[at+1 : at+length])
	known := []string{Reference, ExternalIdentifier, placeholderName}
	if slices.Contains(known, word) {
		return word, nil
	}
	for _, k := range known {
		if strings.EqualFold(k, strings.TrimSpace(word)) {
			return "", ps.fail(at, fmt.Sprintf("{%s} is not known", word), fmt.Sprintf("write {%s}", k))
		}
	}
	return "", ps.fail(at, fmt.Sprintf("{%s} is not known", word), "known are {reference}, {externalIdentifier} and {name}")
}

// literal refuses characters that mean something else or that no folder has.
func (ps *parser) literal(at int) error {
	switch r := ps.text[at]; {
	case r == '*':
		return ps.fail(at, `"*" stands for one whole folder and must be alone between two "/"`, "for any text in a folder's name write {name}")
	case r == '}':
		return ps.fail(at, `"}" closes nothing`, "a folder's name that has a brace in it can't be described")
	case r == '\\':
		return ps.fail(at, `"\" stands here`, `between folders write "/", on Windows too`)
	case !unicode.IsPrint(r):
		return ps.fail(at, fmt.Sprintf("a character that can't be seen (%U)", r), "delete it")
	}
	return nil
}

// check holds the rules over the whole pattern, and that one folder's values can
// be told apart.
func (ps *parser) check(pieces []piece) error {
	certain := false
	for i, p := range pieces {
		certain = certain || p.optional == 0
		switch {
		case p.value == "":
			continue
		case p.value == placeholderName && ps.out.hasName:
			return ps.fail(p.at, "a second {name}", "keep only one")
		case p.value == placeholderName:
			ps.out.hasName = true
		case ps.out.kind != "":
			return ps.fail(p.at, "a second identifier", "keep only one {reference} or {externalIdentifier}: exactly one is sent to Bloxs")
		case p.optional != 0:
			return ps.fail(p.at, fmt.Sprintf("{%s} may be missing here", p.value), "put it outside the [ ]")
		default:
			ps.out.kind = p.value
		}
		if prev := lastValue(pieces[:i]); prev >= 0 && !separated(pieces, prev, i) {
			return ps.fail(p.at, fmt.Sprintf("nothing tells where {%s} ends and {%s} begins", pieces[prev].value, p.value),
				`put text between them, such as " - "`)
		}
	}
	if !certain {
		return ps.fail(pieces[0].at-1, "everything in this folder's name is optional", "take the [ ] away")
	}
	return nil
}

func lastValue(pieces []piece) int {
	for i, p := range slices.Backward(pieces) {
		if p.value != "" {
			return i
		}
	}
	return -1
}

// separated tells whether text stands between two values whenever both are there.
func separated(pieces []piece, a, b int) bool {
	return slices.ContainsFunc(pieces[a+1:b], func(p piece) bool {
		return p.optional == 0 || p.optional == pieces[a].optional || p.optional == pieces[b].optional
	})
}

// compile makes the expression and the example for one folder. Lazy quantifiers
// give the shortest match first; RE2 keeps hostile folder names cheap.
func compile(text string, pieces []piece) folder {
	var expr, example strings.Builder
	optional := 0
	for _, p := range pieces {
		if p.optional != optional {
			if optional != 0 {
				expr.WriteString(")?")
			}
			if p.optional != 0 {
				expr.WriteString("(?:")
			}
			optional = p.optional
		}
		switch p.value {
		case "":
			expr.WriteString(regexp.QuoteMeta(p.literal))
			example.WriteString(p.literal)
		case Reference:
			expr.WriteString(`(?P<reference>[^\s\v\x{85}\pZ]+?)`)
			example.WriteString("1234")
		case ExternalIdentifier:
			expr.WriteString(`(?P<externalIdentifier>.*?[^\s\v\x{85}\pZ].*?)`)
			example.WriteString("K-1234")
		case placeholderName:
			expr.WriteString(`(?P<name>.*?[^\s\v\x{85}\pZ].*?)`)
			example.WriteString("Jansen")
		}
	}
	if optional != 0 {
		expr.WriteString(")?")
	}
	return folder{text: text, expr: regexp.MustCompile(`(?s)\A` + expr.String() + `\z`), example: example.String()}
}
