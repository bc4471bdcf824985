package e2e

import (
	"context"
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

// shell finds one, or skips.
func shell(t *testing.T, name string) string {
	t.Helper()
	path, err := exec.LookPath(name)
	if err != nil {
		missing(t, err)
	}
	return path
}

// TestCompletionInFish asks a real fish what Tab would show.
func TestCompletionInFish(t *testing.T) {
	t.Parallel()
	fish := shell(t, "fish")
	o := newOffice(t, bloxstest.Options{})
	o.must(os.Symlink(binary, filepath.Join(o.dir, "bloxdrop")))
	for typed, want := range map[string][]string{
		"che":            {"check"},
		"list --state s": {"sending", "sent", "settling", "skipped"},
		"adopt ":         {o.root},
		"status --js":    {"--json"},
	} {
		cmd := exec.CommandContext(t.Context(), fish, "--no-config", "-c", `bloxdrop completion fish | source; complete -C $argv[1]`, "bloxdrop --config "+o.config+" "+typed)
		cmd.Env = append(os.Environ(), "PATH="+o.dir+":"+os.Getenv("PATH"), "HOME="+o.dir)
		out, err := cmd.CombinedOutput()
		var got []string
		for line := range strings.Lines(string(out)) {
			name, _, _ := strings.Cut(strings.TrimSpace(line), "\t")
			got = append(got, name)
		}
		slices.Sort(got)
		if err != nil || !slices.Equal(got, want) {
			t.Errorf("%q and Tab: %v, %q, want %q", typed, err, out, want)
		}
	}
}

// zshTypes starts a zsh on a terminal, types, presses Tab, and waits for what
// ought to come.
const zshTypes = `zmodload zsh/zpty
zpty -b z zsh -f -i
zpty -w z "PS1=; stty columns 500; fpath=(${(q)1} \$fpath); autoload -Uz compinit; compinit -u -D; bindkey '^I' complete-word; echo REA''DY"
zpty -r z out '*READY*' || exit 1
zpty -n -w z "bloxdrop $2"$'\t'
zpty -r z out "*$3*" || exit 1
zpty -n -w z $'\x15'
zpty -w z exit
zpty -d z`

// TestCompletionInZsh presses Tab in a real zsh.
func TestCompletionInZsh(t *testing.T) {
	t.Parallel()
	zsh := shell(t, "zsh")
	o := newOffice(t, bloxstest.Options{})
	o.must(os.Symlink(binary, filepath.Join(o.dir, "bloxdrop")))
	functions := filepath.Join(o.dir, "functions")
	o.must(os.Mkdir(functions, 0o755))
	o.must(os.WriteFile(filepath.Join(functions, "_bloxdrop"), []byte(o.run("completion", "zsh")), 0o644))
	for typed, want := range map[string]string{
		"chec":             "bloxdrop check",
		"list --state unm": "bloxdrop list --state unmatched",
	} {
		ctx, cancel := context.WithTimeout(t.Context(), patience)
		cmd := exec.CommandContext(ctx, zsh, "-f", "-c", zshTypes, "zsh", functions, typed, want)
		cmd.Env = append(os.Environ(), "PATH="+o.dir+":"+os.Getenv("PATH"), "HOME="+o.dir, "TERM=dumb")
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Errorf("%q and Tab does not give %q: %v\n%s", typed, want, err, out)
		}
		cancel()
	}
}
