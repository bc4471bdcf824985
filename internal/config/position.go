package config

import (
	"bytes"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/pelletier/go-toml/v2/unstable"
)

// place is a line and a column, both from 1, in characters.
type place struct{ line, column int }

// position is where a key and its value stand. They are the same for a table.
type position struct{ key, value place }

// placeOf counts the lines and characters before data[offset].
func placeOf(data []byte, offset int) place {
	before := data[:offset]
	start := bytes.LastIndexByte(before, '\n') + 1
	return place{line: 1 + bytes.Count(before, []byte("\n")), column: 1 + utf8.RuneCount(before[start:])}
}

// positions finds every key of a sound TOML document. Array elements are
// counted from 1: watch[1].ignore[2].
func positions(data []byte) map[string]position {
	w := walker{data: data, at: map[string]position{}, tables: map[string]int{}}
	w.parser.Reset(data)
	table := ""
	for w.parser.NextExpression() {
		switch e := w.parser.Expression(); e.Kind {
		case unstable.Table:
			table = w.table(e)
		case unstable.ArrayTable:
			w.element(e)
			table = w.table(e)
		case unstable.KeyValue:
			w.keyValue(table, e)
		}
	}
	return w.at
}

type walker struct {
	parser unstable.Parser
	data   []byte
	at     map[string]position
	tables map[string]int // how many elements each array of tables has so far
}

// element counts one more [[table]].
func (w *walker) element(e *unstable.Node) {
	var words []string
	for keys := e.Key(); keys.Next(); {
		words = append(words, string(keys.Node().Data))
	}
	path := ""
	for i, word := range words {
		path = join(path, word)
		if i == len(words)-1 {
			w.tables[path]++
		}
		path = w.numbered(path)
	}
}

// table returns the path of a [table] or [[table]], and notes its place.
func (w *walker) table(e *unstable.Node) string {
	path, start := "", -1
	for keys := e.Key(); keys.Next(); {
		node := keys.Node()
		if start < 0 {
			start = bytes.LastIndexByte(w.data[:node.Raw.Offset], '\n') + 1
		}
		path = w.numbered(join(path, string(node.Data)))
	}
	line := w.data[start:]
	at := placeOf(w.data, start+len(line)-len(bytes.TrimLeft(line, " \t"))) // the "["
	w.note(path, position{key: at, value: at})
	return path
}

func (w *walker) numbered(path string) string {
	if n := w.tables[path]; n > 0 {
		return fmt.Sprintf("%s[%d]", path, n)
	}
	return path
}

// keyValue notes a key, the tables that a dotted key implies, and what its value holds.
func (w *walker) keyValue(table string, e *unstable.Node) {
	path, at := table, place{}
	for keys := e.Key(); keys.Next(); {
		node := keys.Node()
		at = placeOf(w.data, int(node.Raw.Offset))
		path = join(path, string(node.Data))
		w.note(path, position{key: at, value: at})
	}
	w.value(path, at, e.Value())
}

func (w *walker) value(path string, key place, v *unstable.Node) {
	pos := position{key: key, value: key}
	if v.Raw.Length > 0 {
		pos.value = placeOf(w.data, int(v.Raw.Offset))
	}
	w.at[path] = pos
	switch v.Kind {
	case unstable.InlineTable:
		for children := v.Children(); children.Next(); {
			w.keyValue(path, children.Node())
		}
	case unstable.Array:
		i := 0
		for children := v.Children(); children.Next(); {
			i++
			w.value(fmt.Sprintf("%s[%d]", path, i), pos.value, children.Node())
		}
	}
}

// note keeps the first place of a table that is written in several parts.
func (w *walker) note(path string, at position) {
	if _, known := w.at[path]; !known {
		w.at[path] = at
	}
}

func join(table, key string) string {
	return strings.TrimPrefix(table+"."+key, ".")
}
