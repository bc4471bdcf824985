package config

import (
	"maps"
	"os"
	"reflect"
	"runtime"
	"slices"
	"testing"

	"github.com/pelletier/go-toml/v2"
)

const examplePath = "../../config.example.toml"

// TestExample holds config.example.toml, the struct and the defaults together.
func TestExample(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("its paths are Linux's")
	}
	none := env("BLOXDROP_API_KEY=k", "BLOXDROP_API_SECRET=s")
	c, err := Load(examplePath, none)
	if err != nil {
		t.Fatal(err)
	}
	if len(c.Warnings) > 0 {
		t.Errorf("warnings %q", c.Warnings)
	}

	want := defaults(none)
	watch := watchDefaults()
	// What has no default, and what Load finds out.
	want.Path, want.Bloxs.URL = examplePath, "https://yourcompany.bloxs.io"
	want.Bloxs.APIKey, want.Bloxs.APISecret = NewSecret("k"), NewSecret("s")
	watch.Path, watch.Existing, watch.Pattern = "/srv/scans", ExistingUpload, c.Watch[0].Pattern
	want.Watch = []Watch{watch}
	if !reflect.DeepEqual(c, want) {
		t.Errorf("the example differs from the defaults:\n got %+v\nwant %+v", c, want)
	}
}

func TestExampleHasEveryKey(t *testing.T) {
	text, err := os.ReadFile(examplePath)
	if err != nil {
		t.Fatal(err)
	}
	var doc map[string]any
	if err := toml.Unmarshal(text, &doc); err != nil {
		t.Fatal(err)
	}
	sameKeys(t, "", reflect.TypeFor[Config](), doc)
}

func sameKeys(t *testing.T, table string, want reflect.Type, got map[string]any) {
	keys := slices.Sorted(maps.Keys(got))
	wanted := slices.Sorted(slices.Values(keysOf(want)))
	if !slices.Equal(keys, wanted) {
		t.Errorf("[%s] has the keys\n%q, the struct\n%q", table, keys, wanted)
	}
	for i := range want.NumField() {
		field := want.Field(i)
		switch v := got[field.Tag.Get("toml")].(type) {
		case map[string]any:
			sameKeys(t, field.Tag.Get("toml"), field.Type, v)
		case []any:
			if field.Type == reflect.TypeFor[[]Watch]() {
				sameKeys(t, "watch", field.Type.Elem(), v[0].(map[string]any))
			}
		}
	}
}

// TestEveryFieldIsAKeyOrSkipped keeps a new field from being forgotten in fill.
func TestEveryFieldIsAKeyOrSkipped(t *testing.T) {
	for field := range reflect.TypeFor[Config]().Fields() {
		inner := field.Type
		if inner.Kind() == reflect.Slice {
			inner = inner.Elem()
		}
		if field.Tag.Get("toml") == "" {
			t.Errorf("%s has no key", field.Name)
		}
		if inner.Kind() != reflect.Struct {
			continue
		}
		for i := range inner.NumField() {
			if inner.Field(i).Tag.Get("toml") == "" {
				t.Errorf("%s.%s has no key", field.Name, inner.Field(i).Name)
			}
		}
	}
}
