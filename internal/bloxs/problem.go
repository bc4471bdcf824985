package bloxs

import (
	"encoding/json"
	"maps"
	"mime"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Bounds for what is kept of Bloxs's words.
const (
	maxText   = 500  // characters of what is shown
	maxWords  = 4096 // of one text that is kept: a secret in it must not be cut before it is hidden
	maxErrors = 20   // keys, and texts under a key
)

// Problem is what Bloxs says of a request that it refused.
type Problem struct {
	Title   string
	TraceID string
	Errors  map[string][]string // by property
}

// Text joins Bloxs's words to one sentence of at most 500 characters, on one
// line and without markup.
func (p Problem) Text() string {
	var parts []string
	for _, key := range slices.Sorted(maps.Keys(p.Errors)) {
		text := strings.Join(p.Errors[key], " ")
		if key != "" {
			text = key + ": " + text
		}
		parts = append(parts, text)
	}
	text := strings.Join(parts, "; ")
	switch {
	case p.Title != "" && text != "":
		text = strings.TrimRight(p.Title, ".:") + ": " + text
	case text == "":
		text = p.Title
	}
	trace := ""
	if p.TraceID != "" {
		trace = " (traceId " + clean(p.TraceID, 100) + ")"
	}
	text = clean(text, maxText-utf8.RuneCountInString(trace))
	return strings.TrimSpace(text + trace)
}

// NamesPerson tells whether a refusal is about the person rather than the
// file: an error under the identifier's name, or one that repeats the
// identifier and speaks of a person.
func (p Problem) NamesPerson(kind, id string) bool {
	for key, texts := range p.Errors {
		last := key[strings.LastIndexByte(key, '.')+1:] // "$.reference", "query.reference"
		if strings.EqualFold(last, kind) {
			return true
		}
		for _, text := range texts {
			if textNamesPerson(text, id) {
				return true
			}
		}
	}
	return textNamesPerson(p.Title, id)
}

func textNamesPerson(text, id string) bool {
	if id == "" || !containsWord(text, id) {
		return false
	}
	lower := strings.ToLower(text)
	for _, word := range []string{"reference", "externalidentifier", "external identifier", "person", "organisation", "relation"} {
		if strings.Contains(lower, word) {
			return true
		}
	}
	return false
}

// containsWord finds id standing by itself, so that person 12 is not seen in
// "at most 128 MB".
func containsWord(text, id string) bool {
	for rest, before := text, rune(' '); ; {
		i := strings.Index(rest, id)
		if i < 0 {
			return false
		}
		if i > 0 {
			before, _ = utf8.DecodeLastRuneInString(rest[:i])
		}
		after, _ := utf8.DecodeRuneInString(rest[i+len(id):])
		if !isWordRune(before) && !isWordRune(after) {
			return true
		}
		before, _ = utf8.DecodeLastRuneInString(rest[:i+len(id)])
		rest = rest[i+len(id):]
	}
}

func isWordRune(r rune) bool {
	return r != utf8.RuneError && (unicode.IsLetter(r) || unicode.IsDigit(r))
}

// parseProblem reads the words of an answer. The flag says that the body is a
// problem object; a bare text such as "No file was uploaded." comes back as a
// title without it. Web pages yield nothing.
func parseProblem(contentType string, body []byte) (Problem, bool) {
	if isHTML(contentType, body) || len(body) > maxAnswer {
		return Problem{}, false
	}
	var fields struct {
		Type, Title, TraceID any
		Status               any
		Errors               any
	}
	var text string
	switch {
	case json.Unmarshal(body, &fields) == nil:
		p := Problem{Title: word(fields.Title), TraceID: word(fields.TraceID), Errors: parseErrors(fields.Errors)}
		_, hasStatus := fields.Status.(float64)
		// Gateways answer with objects of their own ({"message": ...});
		// theirs must not pass for Bloxs's word that a person is unknown.
		ours := p.Title != "" || p.TraceID != "" || len(p.Errors) > 0 || (hasStatus && word(fields.Type) != "")
		return p, ours
	case json.Unmarshal(body, &text) == nil:
		return Problem{Title: clean(text, maxText)}, false
	case json.Valid(body):
		return Problem{}, false // a number, an array, null
	}
	if mediaType, _, _ := mime.ParseMediaType(contentType); strings.HasPrefix(mediaType, "text/") && utf8.Valid(body) {
		return Problem{Title: clean(string(body), maxText)}, false
	}
	return Problem{}, false
}

// parseErrors takes {property: [text]}, and what other ASP.NET services send
// in its place: {property: text}, [text] and text.
func parseErrors(v any) map[string][]string {
	found := map[string][]string{}
	switch v := v.(type) {
	case map[string]any:
		for _, key := range slices.Sorted(maps.Keys(v)) {
			if texts := words(v[key]); len(texts) > 0 && len(found) < maxErrors {
				found[clean(key, 100)] = texts
			}
		}
	default:
		if texts := words(v); len(texts) > 0 {
			found[""] = texts
		}
	}
	if len(found) == 0 {
		return nil
	}
	return found
}

func words(v any) []string {
	if s := word(v); s != "" {
		return []string{s}
	}
	var texts []string
	list, _ := v.([]any)
	for _, one := range list {
		if s := word(one); s != "" && len(texts) < maxErrors {
			texts = append(texts, s)
		}
	}
	return texts
}

func word(v any) string {
	s, _ := v.(string)
	return clean(s, maxWords)
}

// mapText returns the problem with f applied to all of its texts.
func (p Problem) mapText(f func(string) string) Problem {
	q := Problem{Title: f(p.Title), TraceID: f(p.TraceID)}
	for key, texts := range p.Errors {
		if q.Errors == nil {
			q.Errors = make(map[string][]string, len(p.Errors))
		}
		for _, text := range texts {
			q.Errors[f(key)] = append(q.Errors[f(key)], f(text))
		}
	}
	return q
}

// clean makes outside text fit for a log line, a notice and a terminal: one
// line, no control characters or markup, at most limit characters.
func clean(s string, limit int) string {
	s = withoutTags(strings.ToValidUTF8(s, "\ufffd"))
	s = strings.Join(strings.FieldsFunc(s, func(r rune) bool {
		return unicode.IsSpace(r) || unicode.IsControl(r) || unicode.Is(unicode.Cf, r)
	}), " ")
	if utf8.RuneCountInString(s) <= limit {
		return s
	}
	runes := []rune(s)
	return strings.TrimSpace(string(runes[:max(limit-1, 0)])) + "…"
}

func withoutTags(s string) string {
	var b strings.Builder
	for {
		i := strings.IndexByte(s, '<')
		if i < 0 || i+1 == len(s) {
			b.WriteString(s)
			return b.String()
		}
		b.WriteString(s[:i])
		next := s[i+1]
		isTag := next == '/' || next == '!' || next >= 'a' && next <= 'z' || next >= 'A' && next <= 'Z'
		if !isTag {
			b.WriteByte('<')
			s = s[i+1:]
			continue
		}
		b.WriteByte(' ')
		end := strings.IndexByte(s[i:], '>')
		if end < 0 {
			return b.String()
		}
		s = s[i+end+1:]
	}
}
