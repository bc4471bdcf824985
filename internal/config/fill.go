package config

import (
	"encoding"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
)

// fill puts what the file says into the config. go-toml could decode into the
// struct by itself, strictly too, but it stops at the first value of a wrong
// type; an administrator wants to hear of all of them at once.
func (c *checker) fill(config *Config, doc map[string]any) {
	c.table(reflect.ValueOf(config).Elem(), "", doc)
}

// table fills a struct from a TOML table.
func (c *checker) table(to reflect.Value, path string, from map[string]any) {
	for _, key := range slices.Sorted(maps.Keys(from)) {
		field, known := fieldOf(to, key)
		if !known {
			c.unknown(to, path, key)
			continue
		}
		c.value(field, join(path, key), from[key])
	}
}

// bareNumber is what a type says of a number where it wants a text.
type bareNumber interface{ bareNumber(number string) error }

// value fills one field from a TOML value of any type.
func (c *checker) value(to reflect.Value, path string, from any) {
	if t, isText := to.Addr().Interface().(encoding.TextUnmarshaler); isText {
		if err := setText(t, from); err != nil {
			c.problem(path, "%v", err)
		}
		return
	}
	switch from := from.(type) {
	case string:
		if to.Kind() == reflect.String {
			to.SetString(from)
			return
		}
	case int64:
		if to.Kind() == reflect.Int {
			if to.OverflowInt(from) {
				c.problem(path, "%d is too large", from)
				return
			}
			to.SetInt(from)
			return
		}
	case bool:
		if to.Kind() == reflect.Bool {
			to.SetBool(from)
			return
		}
	case map[string]any:
		if to.Kind() == reflect.Struct {
			c.table(to, path, from)
			return
		}
	case []any:
		if to.Kind() == reflect.Slice {
			c.list(to, path, from)
			return
		}
	}
	c.problem(path, "%s stands here; write %s", describe(from), wanted(to.Type(), path))
}

// setText fills a field that reads itself from a text.
func setText(to encoding.TextUnmarshaler, from any) error {
	switch from := from.(type) {
	case string:
		return to.UnmarshalText([]byte(from))
	case int64, float64:
		if b, ok := to.(bareNumber); ok {
			return b.bareNumber(fmt.Sprint(from))
		}
	}
	return fmt.Errorf("%s stands here; write a text in quotes", describe(from))
}

// list replaces a slice; each new [[watch]] starts from its defaults.
func (c *checker) list(to reflect.Value, path string, from []any) {
	list := reflect.MakeSlice(to.Type(), len(from), len(from))
	for i, v := range from {
		if watch, ok := list.Index(i).Addr().Interface().(*Watch); ok {
			*watch = watchDefaults()
		}
		c.value(list.Index(i), fmt.Sprintf("%s[%d]", path, i+1), v)
	}
	to.Set(list)
}

func (c *checker) unknown(to reflect.Value, table, key string) {
	path := join(table, key)
	remedy := "known here are: " + strings.Join(keysOf(to.Type()), ", ")
	if homes := homesOf(key); len(homes) > 0 {
		remedy = fmt.Sprintf("it belongs in %s", strings.Join(homes, " or "))
	}
	c.problemAt(c.find(path).key, path, "there is no such key; %s", remedy)
}

// fieldOf returns the field for a key.
func fieldOf(v reflect.Value, key string) (reflect.Value, bool) {
	for i := range v.NumField() {
		if key != "-" && v.Type().Field(i).Tag.Get("toml") == key {
			return v.Field(i), true
		}
	}
	return reflect.Value{}, false
}

// keysOf lists a struct's keys.
func keysOf(t reflect.Type) []string {
	var keys []string
	for i := range t.NumField() {
		if key := t.Field(i).Tag.Get("toml"); key != "-" {
			keys = append(keys, key)
		}
	}
	return keys
}

// homesOf names the tables that have such a key.
func homesOf(key string) []string {
	var homes []string
	for i := range reflect.TypeFor[Config]().NumField() {
		field := reflect.TypeFor[Config]().Field(i)
		header, t := "["+field.Tag.Get("toml")+"]", field.Type
		if t == reflect.TypeFor[[]Watch]() {
			header, t = "["+header+"]", t.Elem()
		}
		if t.Kind() == reflect.Struct && slices.Contains(keysOf(t), key) {
			homes = append(homes, header)
		}
	}
	return homes
}

func describe(v any) string {
	switch v := v.(type) {
	case string:
		return "a text in quotes"
	case int64, float64:
		return fmt.Sprintf("the number %v", v)
	case bool:
		return fmt.Sprint(v)
	case map[string]any:
		return "a table"
	case []any:
		return "a list"
	default:
		return "a date or time"
	}
}

// wanted says what a key of this type takes.
func wanted(t reflect.Type, path string) string {
	switch {
	case t.Kind() == reflect.Int:
		return "a whole number without quotes"
	case t.Kind() == reflect.Bool:
		return "true or false, without quotes"
	case t == reflect.TypeFor[[]Watch]():
		return "[[watch]], with two brackets on each side, above each root's keys"
	case t.Kind() == reflect.Slice:
		return `a list of texts, such as ["one", "two"]`
	case t.Kind() == reflect.Struct:
		return fmt.Sprintf("[%s] on a line of its own, and its keys below", path)
	default:
		return "a text in quotes"
	}
}
