package config

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// Problem is one thing that is wrong with the config.
type Problem struct {
	File         string
	Line, Column int    // both from 1, in characters; 0 where the file as a whole lacks something
	Key          string // such as watch[2].settle, counted from 1; or ""
	Text         string // what is wrong, and the remedy
}

func (p Problem) String() string {
	text := p.Text
	if p.Key != "" {
		text = p.Key + ": " + text
	}
	if p.Line == 0 {
		return fmt.Sprintf("%s: %s", p.File, text)
	}
	return fmt.Sprintf("%s:%d:%d: %s", p.File, p.Line, p.Column, text)
}

// Error is every problem that Load found, in the order of the file.
type Error struct {
	Problems []Problem
}

func (e *Error) Error() string {
	lines := make([]string, len(e.Problems))
	for i, p := range e.Problems {
		lines[i] = p.String()
	}
	return strings.Join(lines, "\n")
}

// checker collects what is found while the parts of the config are checked.
type checker struct {
	file     string
	at       map[string]position // where each key stands
	problems []Problem
	warnings []string
	asking   bool // see Env
	hidden   bool // a secret is there, and not for this account
}

// problem notes what is wrong with a key. A key that isn't in the file is
// reported where its table begins.
func (c *checker) problem(key, format string, args ...any) {
	c.problemAt(c.find(key).value, key, format, args...)
}

func (c *checker) problemAt(at place, key, format string, args ...any) {
	c.problems = append(c.problems, Problem{
		File: c.file, Line: at.line, Column: at.column, Key: key, Text: fmt.Sprintf(format, args...),
	})
}

func (c *checker) warn(key, format string, args ...any) {
	p := Problem{File: c.file, Key: key, Text: fmt.Sprintf(format, args...)}
	p.Line, p.Column = c.find(key).value.line, c.find(key).value.column
	c.warnings = append(c.warnings, p.String())
}

// find returns where the key stands, or else its nearest table.
func (c *checker) find(key string) position {
	for key != "" {
		if at, ok := c.at[key]; ok {
			return at
		}
		key = key[:max(strings.LastIndexAny(key, ".["), 0)]
	}
	return position{}
}

// missing notes that a table lacks a key.
func (c *checker) missing(table, key, format string, args ...any) {
	path := join(table, key)
	if !c.bad(path) {
		c.problemAt(c.find(path).value, "", "%s has no %q; %s", table, key, fmt.Sprintf(format, args...))
	}
}

// bad tells whether something is known to be wrong with one of the keys or with
// a table around it, so that what follows from that isn't reported too.
func (c *checker) bad(keys ...string) bool {
	return slices.ContainsFunc(c.problems, func(p Problem) bool {
		return p.Key != "" && slices.ContainsFunc(keys, func(key string) bool {
			rest, found := strings.CutPrefix(key, p.Key)
			return found && (rest == "" || rest[0] == '.' || rest[0] == '[')
		})
	})
}

func (c *checker) err() error {
	if len(c.problems) == 0 {
		return nil
	}
	slices.SortStableFunc(c.problems, func(a, b Problem) int {
		return cmp.Or(cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column))
	})
	return &Error{Problems: slices.Compact(c.problems)}
}
