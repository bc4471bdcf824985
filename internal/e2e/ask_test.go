package e2e

import (
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"bloxdrop/internal/control"
)

// said is what one command printed, and its exit code.
type said struct {
	out, err string
	code     int
}

// command runs the binary as it stands, without the office's --config.
func command(t testing.TB, args ...string) said {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), binary, args...)
	var out, errOut bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errOut
	err := cmd.Run()
	if glitch(err) {
		return command(t, args...)
	}
	if err != nil && cmd.ProcessState == nil {
		t.Fatal(err)
	}
	return said{out: out.String(), err: errOut.String(), code: cmd.ProcessState.ExitCode()}
}

// ask is command with the office's --config behind its arguments.
func (o *office) ask(args ...string) said {
	o.t.Helper()
	return command(o.t, append(args, "--config", o.config)...)
}

// explained checks that `explain` says all of these words about a path.
func (o *office) explained(path string, words ...string) {
	o.t.Helper()
	s := o.ask("explain", path)
	if s.code != 0 {
		o.t.Errorf("explain %s: exit code %d\n%s", path, s.code, s.err)
	}
	o.says(s.out, words...)
}

// says checks that a text has all of these words.
func (o *office) says(text string, words ...string) {
	o.t.Helper()
	for _, w := range words {
		if !strings.Contains(text, w) {
			o.t.Errorf("%q is not in:\n%s", w, text)
		}
	}
}

// entry is the item that `list --json` shows at a path below the root.
func (o *office) entry(rel string) control.Entry {
	o.t.Helper()
	path := filepath.Join(o.root, filepath.FromSlash(rel))
	list := o.list("")
	i := slices.IndexFunc(list, func(e control.Entry) bool { return slices.Contains(e.Paths, path) })
	if i < 0 {
		o.t.Fatalf("no item is at %s: %+v", rel, list)
	}
	return list[i]
}

// untilAt waits until the item at rel is in the state, for the reason.
func (o *office) untilAt(rel, state, reason string) control.Entry {
	o.t.Helper()
	path := filepath.Join(o.root, filepath.FromSlash(rel))
	var last []control.Entry
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); time.Sleep(50 * time.Millisecond) {
		last = o.list("")
		for _, e := range last {
			if slices.Contains(e.Paths, path) && e.State == state && e.Reason == reason {
				return e
			}
		}
	}
	o.t.Fatalf("%s is not %s %s: %+v\n%s", rel, state, reason, last, o.log)
	return control.Entry{}
}

// object is a JSON object with its fields as they were printed.
type object map[string]json.RawMessage

// shaped checks that an object has these fields, of these types, and no others
// but those that may be left out.
func shaped(t testing.TB, what string, o object, fields, optional map[string]string) {
	t.Helper()
	for name, kind := range fields {
		raw, ok := o[name]
		if !ok {
			t.Errorf("%s has no %q", what, name)
			continue
		}
		if got := kindOf(raw); got != kind {
			t.Errorf("%s: %q is %s, not %s: %s", what, name, got, kind, raw)
		}
	}
	for name, raw := range o {
		if kind, ok := optional[name]; ok && kindOf(raw) == kind {
			continue
		}
		if _, ok := fields[name]; !ok {
			t.Errorf("%s has %q, which nobody has agreed on", what, name)
		}
	}
}

func kindOf(raw json.RawMessage) string {
	switch c := raw[0]; {
	case c == '"':
		return "string"
	case c == '[':
		return "array"
	case c == '{':
		return "object"
	case c == 't', c == 'f':
		return "bool"
	case c == 'n':
		return "null"
	default:
		return "number"
	}
}

// nothing checks that no such path exists.
func (o *office) nothing(path string) {
	o.t.Helper()
	if _, err := os.Lstat(path); !os.IsNotExist(err) {
		o.t.Errorf("%s exists (%v)", path, err)
	}
}
