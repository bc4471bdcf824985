//go:build linux

package service

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"bloxdrop/internal/wholefile"
)

const (
	unitName   = Name + ".service"
	sysctlAt   = "/etc/sysctl.d/60-bloxdrop.conf"
	unitAt     = "/etc/systemd/system/" + unitName
	sysusersAt = "/etc/sysusers.d/bloxdrop.conf"
)

// Install does what the packages do: the unit, its account, the number of
// watches, and that it starts with the machine.
func Install(ctx context.Context, s Spec) (string, error) {
	if err := allowed(ctx, "install"); err != nil {
		return "", err
	}
	if err := s.check(); err != nil {
		return "", err
	}
	if err := reachable(s); err != nil {
		return "", err
	}
	there, err := unit(ctx)
	if err != nil {
		return "", err
	}
	if err := there.takes(s); err != nil {
		return "", err
	}
	if there.packaged() {
		if _, err := systemctl(ctx, "enable", unitName); err != nil {
			return "", err
		}
		return "bloxdrop is installed as a service, by a package, and starts with the machine; " + there.now(), nil
	}
	changed, err := put(unitAt, unitFor(s))
	if err != nil {
		return "", err
	}
	if err := prepare(ctx, s.Warn); err != nil {
		return "", err
	}
	if _, err := systemctl(ctx, "enable", unitName); err != nil {
		return "", err
	}
	switch {
	case there.at == "":
		return "bloxdrop is installed as a service and starts with the machine; " + there.now(), nil
	case !changed:
		return "bloxdrop is installed as a service already, just so; " + there.now(), nil
	case there.active:
		return "bloxdrop is installed already, and its unit is brought up to date; it runs: `bloxdrop restart` lets it take that up", nil
	}
	return "bloxdrop is installed already, and its unit is brought up to date; " + there.now(), nil
}

// prepare makes the account, lets more folders be watched, and has systemd
// read its units again.
func prepare(ctx context.Context, warn func(string)) error {
	if _, err := put(sysusersAt, sysusers()); err != nil {
		return err
	}
	if _, err := run(ctx, "systemd-sysusers", sysusersAt); err != nil {
		return fmt.Errorf("the account bloxdrop can't be made: %w", err)
	}
	if _, err := put(sysctlAt, sysctl()); err != nil {
		return err
	}
	// All that is said of these limits, so that a higher one of somebody else's stays.
	if _, err := run(ctx, "/usr/lib/systemd/systemd-sysctl", "--prefix=/fs/inotify"); err != nil {
		warn(fmt.Sprintf("the number of folders that may be watched can't be raised, so in large trees files are found by rescans only: %v", err))
	}
	_, err := systemctl(ctx, "daemon-reload")
	return err
}

// Uninstall undoes Install. Config, ledger and account stay, and so do secrets.
func Uninstall(ctx context.Context) (string, error) {
	if err := allowed(ctx, "uninstall"); err != nil {
		return "", err
	}
	there, err := installed(ctx)
	if err != nil {
		return "", err
	}
	if there.packaged() {
		return "", fmt.Errorf("the service belongs to a package (%s): remove that one, with `apt remove bloxdrop` or `dnf remove bloxdrop`; the ledger stays", there.at)
	}
	if _, err := systemctl(ctx, "disable", "--now", unitName); err != nil {
		return "", err
	}
	for _, path := range []string{unitAt, sysctlAt, sysusersAt} {
		if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return "", err
		}
	}
	if _, err := systemctl(ctx, "daemon-reload"); err != nil {
		return "", err
	}
	return "bloxdrop is no service any more; its config, its secrets, its ledger and the account bloxdrop stay", nil
}

// Start starts it and waits until it answers.
func Start(ctx context.Context) (string, error) {
	return does(ctx, "start", func(there state) string {
		if there.active {
			return "bloxdrop runs already"
		}
		return "bloxdrop is started; `bloxdrop status` says how it goes"
	})
}

// Stop stops it and waits for its end.
func Stop(ctx context.Context) (string, error) {
	return does(ctx, "stop", func(there state) string {
		if !there.active {
			return "bloxdrop was not running"
		}
		return "bloxdrop is stopped; it starts again with the machine, unless `systemctl disable bloxdrop` says otherwise"
	})
}

// Restart stops and starts it.
func Restart(ctx context.Context) (string, error) {
	return does(ctx, "restart", func(state) string { return "bloxdrop is started anew; `bloxdrop status` says how it goes" })
}

func does(ctx context.Context, what string, said func(before state) string) (string, error) {
	if err := allowed(ctx, what); err != nil {
		return "", err
	}
	there, err := installed(ctx)
	if err != nil {
		return "", err
	}
	if _, err := systemctl(ctx, what, unitName); err != nil {
		return "", fmt.Errorf("systemd could not %s it (%w)%s", what, err, lastWords(ctx))
	}
	return said(there), nil
}

// lastWords is what the service itself said last.
func lastWords(ctx context.Context) string {
	out, err := run(ctx, "journalctl", "-q", "_SYSTEMD_UNIT="+unitName, "-n", "3", "-o", "cat")
	if out = strings.TrimSpace(out); err != nil || out == "" {
		return "; `journalctl -u bloxdrop` says more"
	}
	return "; it said last:\n  " + strings.ReplaceAll(out, "\n", "\n  ")
}

// allowed tells in one sentence why nothing can be done here.
func allowed(ctx context.Context, what string) error {
	if _, err := os.Stat("/run/systemd/system"); err != nil {
		return errors.New("this machine was not started by systemd, so there is no service to look after: let something else keep `bloxdrop run` running")
	}
	if os.Geteuid() != 0 {
		return fmt.Errorf("only root may do that: `sudo bloxdrop %s`", what)
	}
	return ctx.Err()
}

// put writes a file of the system's, and tells whether it was another before.
func put(path, text string) (changed bool, err error) {
	old, err := os.ReadFile(path)
	if err == nil && string(old) == text {
		return false, nil
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return false, err
	}
	return true, wholefile.WriteFor(path, []byte(text), func(temp string) error { return os.Chmod(temp, 0o644) })
}

func systemctl(ctx context.Context, args ...string) (string, error) {
	return run(ctx, "systemctl", append([]string{"--no-pager", "--no-ask-password"}, args...)...)
}

// run gives what a command printed, or an error with what it complained of.
func run(ctx context.Context, name string, args ...string) (string, error) {
	cmd := exec.CommandContext(ctx, name, args...)
	var out, complaint bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &complaint
	cmd.Env = append(os.Environ(), "LC_ALL=C.UTF-8")
	if err := cmd.Run(); err != nil {
		said := strings.Join(strings.Fields(complaint.String()), " ")
		if said == "" {
			said = err.Error()
		}
		return out.String(), fmt.Errorf("%s: %s", name, said)
	}
	return out.String(), nil
}
