//go:build linux

package service

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"slices"
	"strings"

	"bloxdrop/install"
)

// As runs bloxdrop with these arguments as the service would: under its
// account, with its secrets, and shut in as it is. It tells the exit code.
func As(ctx context.Context, s Spec, out, complaints io.Writer, args ...string) (code int, err error) {
	if err := allowed(ctx, strings.Join(args, " ")+" --as-service"); err != nil {
		return 0, err
	}
	text := install.Unit
	there, err := unit(ctx)
	if err != nil {
		return 0, err
	}
	if there.at != "" {
		if text, err = systemctl(ctx, "cat", unitName); err == nil {
			err = reads(text, s.Config)
		}
		if err != nil {
			return 0, err
		}
	} else if _, err := run(ctx, "id", Name); err != nil {
		return 0, fmt.Errorf("there is no account %s to run as yet: `bloxdrop install` makes it", Name)
	}
	cmd := exec.CommandContext(ctx, "systemd-run", runLine(text, s, args)...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, out, complaints
	err = cmd.Run()
	if exit, ok := errors.AsType[*exec.ExitError](err); ok && exit.Exited() {
		return exit.ExitCode(), nil
	}
	return 0, err
}

// runLine lets systemd-run run a command shut in as a unit is.
func runLine(unit string, s Spec, args []string) []string {
	line := []string{"--pipe", "--wait", "--collect", "--quiet", "--service-type=exec", fmt.Sprintf("--unit=%s-as-service-%d", Name, os.Getpid())}
	for _, p := range properties(unit) {
		line = append(line, "--property="+p)
	}
	line = append(line, "--", s.Executable)
	for _, word := range append(slices.Clone(args), "--config", s.Config) {
		line = append(line, strings.ReplaceAll(word, "$", "$$")) // else systemd puts variables in
	}
	return line
}

// properties are those lines of a unit's [Service] that say how its process is
// shut in, and not how it is started, watched and ended.
func properties(unit string) (list []string) {
	passed := []string{"Type", "NotifyAccess", "Restart", "RestartSec", "WatchdogSec"}
	section := ""
	for line := range strings.Lines(strings.ReplaceAll(unit, "\\\n", " ")) {
		line = strings.TrimSpace(line)
		key, _, isKey := strings.Cut(line, "=")
		switch {
		case strings.HasPrefix(line, "["):
			section = line
		case line == "", line[0] == '#', line[0] == ';', section != "[Service]", !isKey:
		case slices.Contains(passed, key), strings.HasPrefix(key, "Exec"), strings.HasPrefix(key, "Timeout"):
		default:
			list = append(list, line)
		}
	}
	return list
}
