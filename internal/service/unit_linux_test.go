//go:build linux

package service

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"bloxdrop/install"
)

var packaged = Spec{Executable: "/usr/bin/bloxdrop", Config: "/etc/bloxdrop/config.toml"}

// TestOneUnit: what Install writes is what the packages have, byte for byte.
func TestOneUnit(t *testing.T) {
	if got := unitFor(packaged); got != install.Unit {
		t.Errorf("another unit:\n%s", got)
	}
}

// TestUnitVerifies lets systemd read the unit as Install writes it, with a
// config whose path is hard to write down.
func TestUnitVerifies(t *testing.T) {
	if _, err := exec.LookPath("systemd-analyze"); err != nil {
		if os.Getenv("CI") != "" {
			t.Fatal(err)
		}
		t.Skip(err)
	}
	dir := t.TempDir()
	program := filepath.Join(dir, "bloxdrop")
	if err := os.WriteFile(program, []byte("#!/bin/true\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	unit := filepath.Join(dir, unitName)
	text := unitFor(Spec{Executable: program, Config: `/etc/50% of $it "or" 'so'; \x/con fig.toml`})
	if err := os.WriteFile(unit, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("systemd-analyze", "verify", "--man=no", unit)
	if out, err := cmd.CombinedOutput(); err != nil || len(out) > 0 {
		t.Errorf("systemd-analyze verify: %v\n%s", err, out)
	}
}

// TestUnitIsHardened holds the unit to the figure.
func TestUnitIsHardened(t *testing.T) {
	if _, err := exec.LookPath("systemd-analyze"); err != nil {
		if os.Getenv("CI") != "" {
			t.Fatal(err)
		}
		t.Skip(err)
	}
	cmd := exec.Command("systemd-analyze", "security", "--offline=true", "--threshold=20", "--no-pager", filepath.Join("..", "..", "install", unitName))
	out, err := cmd.CombinedOutput()
	lines := strings.Split(strings.TrimSpace(string(out)), "\n")
	t.Log(lines[len(lines)-1])
	if err != nil {
		t.Errorf("%v\n%s", err, out)
	}
}

// TestWhichServiceIsThere: Install makes no second service, and no other one.
func TestWhichServiceIsThere(t *testing.T) {
	for name, c := range map[string]struct {
		there state
		want  string
	}{
		"none":                        {state{}, ""},
		"just so":                     {state{at: unitAt, exec: commandLine(packaged)}, ""},
		"with another config":         {state{at: unitAt, exec: commandLine(Spec{Executable: packaged.Executable, Config: "/other.toml"})}, "`bloxdrop uninstall` first"},
		"a package's":                 {state{at: "/lib/systemd/system/bloxdrop.service", exec: commandLine(packaged)}, ""},
		"a package's, another config": {state{at: "/lib/systemd/system/bloxdrop.service", exec: commandLine(Spec{Executable: packaged.Executable, Config: "/other.toml"})}, "by a package already"},
	} {
		err := c.there.takes(packaged)
		if c.want == "" && err != nil || c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestProperties are those that a check has in common with the service.
func TestProperties(t *testing.T) {
	got := strings.Join(properties(install.Unit+"\n# a drop-in\n[Service]\nReadWritePaths=/data \\\n  /more\n[Install]\nAlias=x\n"), "\n")
	for _, want := range []string{"User=bloxdrop", "LoadCredential=api_key:bloxdrop.api_key", "ProtectSystem=strict", "CapabilityBoundingSet=", "SystemCallFilter=~@privileged @resources", "ReadWritePaths=/data    /more"} {
		if !strings.Contains("\n"+got+"\n", "\n"+want+"\n") {
			t.Errorf("%q is missing in\n%s", want, got)
		}
	}
	for _, no := range []string{"\nExec", "\nType=", "Watchdog", "Alias", "Description", "#"} {
		if strings.Contains(got, no) {
			t.Errorf("%q is in\n%s", no, got)
		}
	}
}
