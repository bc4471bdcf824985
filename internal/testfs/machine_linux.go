package testfs

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// Machine is a Debian machine with systemd, made by .ci/vm.
type Machine struct {
	Host string // by which the machine reaches our loopback

	t      testing.TB
	script string
	name   string
	image  string
}

// Boot starts a machine with a fresh disk; image is "plain", "samba"
// or "lean". It is
// gone after the test. The caller asks its environment first: a boot takes minutes.
func Boot(t testing.TB, image string) *Machine {
	t.Helper()
	m := &Machine{Host: "10.0.2.2", t: t, script: script(t), image: image,
		name: fmt.Sprintf("%s-%d", strings.NewReplacer("/", "-", " ", "-").Replace(t.Name()), os.Getpid())}
	t.Cleanup(func() {
		if t.Failed() {
			out, _ := exec.Command(m.script, "log", m.name).Output()
			t.Logf("the console of %s ends with\n%s", m.name, out[max(0, len(out)-4000):])
		}
		if out, err := exec.Command(m.script, "remove", m.name).CombinedOutput(); err != nil {
			t.Errorf("%v: %s", err, out)
		}
	})
	m.Start()
	return m
}

// script is .ci/vm of the tree that the test is in.
func script(t testing.TB) string {
	t.Helper()
	dir, err := os.Getwd()
	for err == nil {
		path := filepath.Join(dir, ".ci", "vm")
		if _, missing := os.Stat(path); missing == nil {
			return path
		}
		if dir == filepath.Dir(dir) {
			err = os.ErrNotExist
		}
		dir = filepath.Dir(dir)
	}
	t.Fatalf(".ci/vm: %v", err)
	return ""
}

// Start boots it again after Cut.
func (m *Machine) Start() { m.t.Helper(); m.must("start", m.name, m.image) }

// Cut cuts its power: what it had not flushed to its disk is gone, what it had is there.
func (m *Machine) Cut() { m.t.Helper(); m.must("cut", m.name) }

// Reboot reboots it, and waits until it is up.
func (m *Machine) Reboot() { m.t.Helper(); m.must("reboot", m.name) }

// Put copies files into a folder of it, or one to a path.
func (m *Machine) Put(to string, files ...string) {
	m.t.Helper()
	m.must(append(append([]string{"put", m.name}, files...), to)...)
}

// Get copies a file or folder out of it.
func (m *Machine) Get(from, to string) { m.t.Helper(); m.must("get", m.name, from, to) }

// Run runs a line of shell in it as root, with args quoted, and returns what it printed.
func (m *Machine) Run(line string, args ...string) string {
	m.t.Helper()
	return m.must(append([]string{"run", m.name, line}, args...)...)
}

// Try runs a line of shell as Run does, with this input, and may fail.
func (m *Machine) Try(ctx context.Context, input io.Reader, line string, args ...string) (string, error) {
	return m.call(ctx, input, append([]string{"run", m.name, line}, args...)...)
}

// Program makes an executable on this side that runs a program of the machine's.
func (m *Machine) Program(path string) string {
	m.t.Helper()
	here := filepath.Join(m.t.TempDir(), "in-"+filepath.Base(path))
	text := fmt.Sprintf("#!/bin/sh\nexec %q run %q %q \"$@\"\n", m.script, m.name, path)
	if err := os.WriteFile(here, []byte(text), 0o700); err != nil {
		m.t.Fatal(err)
	}
	return here
}

func (m *Machine) must(args ...string) string {
	m.t.Helper()
	out, err := m.call(m.t.Context(), nil, args...)
	if err != nil {
		m.t.Fatal(err)
	}
	return out
}

func (m *Machine) call(ctx context.Context, input io.Reader, args ...string) (string, error) {
	cmd := exec.CommandContext(ctx, m.script, args...)
	var stdout, stderr bytes.Buffer
	cmd.Stdin, cmd.Stdout, cmd.Stderr = input, &stdout, &stderr
	cmd.WaitDelay = 5 * time.Second
	if err := cmd.Run(); err != nil {
		return stdout.String(), fmt.Errorf(".ci/vm %s: %w: %s", strings.Join(args, " "), err, stderr.String())
	}
	return stdout.String(), nil
}
