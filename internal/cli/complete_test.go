package cli

import (
	"os"
	"path/filepath"
	"slices"
	"testing"
)

// TestCompleteRoots names the roots of a config, also of one that is not valid yet.
func TestCompleteRoots(t *testing.T) {
	root, config := t.TempDir(), filepath.Join(t.TempDir(), "config.toml")
	text := "[[watch]]\npath = '" + root + "'\nexisting = \"perhaps\"\n"
	if err := os.WriteFile(config, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	e := &env{configPath: config}
	if roots, _ := e.completeRoots(nil, nil, ""); !slices.Equal(roots, []string{root}) {
		t.Errorf("it names %q", roots)
	}
	if roots, _ := e.completeRoots(nil, []string{root}, ""); roots != nil {
		t.Errorf("behind a root it names %q", roots)
	}
	e.configPath += ".none"
	if roots, _ := e.completeRoots(nil, nil, ""); roots != nil {
		t.Errorf("without a config it names %q", roots)
	}
}
