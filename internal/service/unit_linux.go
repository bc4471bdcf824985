//go:build linux

package service

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"bloxdrop/install"
)

const execStart = "ExecStart="

func sysusers() string { return install.Sysusers }
func sysctl() string   { return install.Sysctl }

// unitFor is the packages' unit with another command line.
func unitFor(s Spec) string {
	lines := strings.SplitAfter(install.Unit, "\n")
	for i, line := range lines {
		if strings.HasPrefix(line, execStart) {
			lines[i] = commandLine(s) + "\n"
		}
	}
	return strings.Join(lines, "")
}

func commandLine(s Spec) string {
	words := []string{quoted(s.Executable)}
	for _, a := range s.arguments() {
		words = append(words, quoted(a))
	}
	return execStart + strings.Join(words, " ")
}

// quoted writes a word so that systemd reads it as it is.
func quoted(word string) string {
	word = strings.NewReplacer(`\`, `\\`, `"`, `\"`, "%", "%%", "$", "$$", "\n", `\n`, "\t", `\t`).Replace(word)
	if word == "" || strings.ContainsAny(word, " '\"\\;") {
		return `"` + word + `"`
	}
	return word
}

// reachable refuses places that the unit keeps from the service, or that go
// away under it.
func reachable(s Spec) error {
	for _, dir := range []string{"/home/", "/root/", "/tmp/", "/var/tmp/", "/run/", "/dev/shm/"} {
		if strings.HasPrefix(s.Executable, dir) {
			return fmt.Errorf("a service should not run a program in %s: `install -m 755 %s /usr/local/bin/`, then `/usr/local/bin/bloxdrop install`", dir, s.Executable)
		}
	}
	if strings.ContainsFunc(s.Executable, odd) {
		return fmt.Errorf("systemd runs no program with such a name: %q; `install -m 755 FILE /usr/local/bin/bloxdrop`, then `/usr/local/bin/bloxdrop install`", s.Executable)
	}
	for _, dir := range []string{"/root/", "/tmp/", "/var/tmp/", "/run/", "/dev/shm/"} {
		if strings.HasPrefix(s.Config, dir) {
			return fmt.Errorf("the service can't read a config in %s: put it into /etc/bloxdrop", dir)
		}
	}
	if _, err := os.Stat(s.Config); err != nil {
		return fmt.Errorf("the config can't be read: %w; write it first, or name another with --config", err)
	}
	return nil
}

// odd tells of what systemd does not take in the path of a program, or not as it is.
func odd(r rune) bool {
	return !(r >= '0' && r <= '9' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || strings.ContainsRune("/._+-", r))
}

// state is how the service stands.
type state struct {
	at     string // of the unit; "": there is none
	exec   string // its command line
	active bool
}

func unit(ctx context.Context) (s state, err error) {
	out, err := systemctl(ctx, "show", "--property=FragmentPath,ActiveState,LoadState", unitName)
	if err != nil {
		return s, err
	}
	told := map[string]string{}
	for line := range strings.Lines(out) {
		key, value, _ := strings.Cut(strings.TrimSpace(line), "=")
		told[key] = value
	}
	if told["LoadState"] == "masked" {
		return s, errors.New("the service bloxdrop is masked, so it can't be started: `systemctl unmask bloxdrop`")
	}
	s.at = told["FragmentPath"]
	s.active = told["ActiveState"] == "active" || told["ActiveState"] == "activating" || told["ActiveState"] == "reloading"
	if s.at == "" {
		return s, nil
	}
	text, err := os.ReadFile(s.at)
	if err != nil {
		return s, err
	}
	s.exec = execOf(string(text))
	return s, nil
}

// execOf is the command line of a unit, the last where others follow from drop-ins.
func execOf(unit string) (exec string) {
	for line := range strings.Lines(unit) {
		if line = strings.TrimSpace(line); strings.HasPrefix(line, execStart) && line != execStart {
			exec = line
		}
	}
	return exec
}

func installed(ctx context.Context) (state, error) {
	s, err := unit(ctx)
	if err == nil && s.at == "" {
		err = errNotInstalled
	}
	return s, err
}

// packaged tells of a unit that is not Install's.
func (s state) packaged() bool { return s.at != "" && filepath.Clean(s.at) != unitAt }

// takes refuses to make another service of the one that there is.
func (s state) takes(wanted Spec) error {
	if s.at == "" || s.exec == commandLine(wanted) {
		return nil
	}
	if s.packaged() {
		return fmt.Errorf("bloxdrop is installed by a package already, as %q: use that one, with its config, or remove it first", strings.TrimPrefix(s.exec, execStart))
	}
	return fmt.Errorf("bloxdrop is installed already, as %q: `bloxdrop uninstall` first, which keeps config and ledger", strings.TrimPrefix(s.exec, execStart))
}

// reads refuses to look at another config than the service's.
func reads(unit, config string) error {
	exec := strings.TrimPrefix(execOf(unit), execStart)
	if strings.Contains(exec, quoted(config)) || strings.Contains(exec, config) {
		return nil
	}
	return fmt.Errorf("the service has another config: it runs %q; name that one with --config", exec)
}

func (s state) now() string {
	if s.active {
		return "it runs"
	}
	return "`bloxdrop start` starts it now"
}
