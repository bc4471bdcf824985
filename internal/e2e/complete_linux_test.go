package e2e

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"bloxdrop/internal/app"
	"bloxdrop/internal/bloxs/bloxstest"
)

const bashCompletion = "/usr/share/bash-completion/bash_completion"

// TestCompletionInBash presses Tab in a real bash.
func TestCompletionInBash(t *testing.T) {
	t.Parallel()
	bash, err := exec.LookPath("bash")
	if _, missing := os.Stat(bashCompletion); err != nil || missing != nil {
		if os.Getenv("CI") == "true" {
			t.Fatal("bash and its package bash-completion are needed here")
		}
		t.Skip("no bash with the package bash-completion")
	}
	o := newOffice(t, bloxstest.Options{})
	o.must(os.Symlink(binary, filepath.Join(o.dir, "bloxdrop")))
	tab := func(typed ...string) []string {
		t.Helper()
		words := "bloxdrop --config " + o.config
		for _, w := range typed {
			words += fmt.Sprintf(" %q", w)
		}
		script := fmt.Sprintf(`source %q; source <(bloxdrop completion bash) || exit 1
			COMP_WORDS=(%s); COMP_CWORD=%d; COMP_LINE="${COMP_WORDS[*]}"; COMP_POINT=${#COMP_LINE}; COMP_TYPE=9; COMP_KEY=9
			__start_bloxdrop 2>/dev/null; printf '%%s\n' "${COMPREPLY[@]}"`, bashCompletion, words, len(typed)+2)
		cmd := exec.CommandContext(t.Context(), bash, "--norc", "-c", script)
		cmd.Dir = o.dir
		cmd.Env = append(os.Environ(), "PATH="+o.dir+":"+os.Getenv("PATH"))
		out, err := cmd.CombinedOutput()
		if err != nil {
			t.Fatalf("%v: %v\n%s", typed, err, out)
		}
		return strings.Fields(string(out))
	}
	states := app.States()
	slices.Sort(states)
	for _, c := range []struct{ typed, want []string }{
		{[]string{"ch"}, []string{"check"}},
		{[]string{"list", "--state", ""}, states},
		{[]string{"list", "--state", "s"}, []string{"sending", "sent", "settling", "skipped"}},
		{[]string{"list", "--state=un"}, []string{"unmatched"}},
		{[]string{"status", ""}, nil},
		{[]string{"adopt", ""}, []string{o.root}},
		{[]string{"adopt", o.root, "--existing", ""}, []string{"skip", "upload"}},
		{[]string{"status", "--js"}, []string{"--json"}},
	} {
		got := tab(c.typed...)
		slices.Sort(got)
		if !slices.Equal(got, c.want) {
			t.Errorf("%q and Tab: %q, want %q", c.typed, got, c.want)
		}
	}
}
