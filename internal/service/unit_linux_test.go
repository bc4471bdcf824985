//go:build linux

package service

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
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

// TestReachable: what a service would not find is refused while somebody looks.
func TestReachable(t *testing.T) {
	for name, c := range map[string]struct {
		spec Spec
		want string
	}{
		"good":                   {Spec{Executable: "/usr/local/bin/bloxdrop", Config: "/etc/passwd"}, ""},
		"a program at home":      {Spec{Executable: "/home/anna/bloxdrop", Config: "/etc/passwd"}, "should not run a program in /home/"},
		"a program of odd name":  {Spec{Executable: "/opt/blox drop/bloxdrop", Config: "/etc/passwd"}, "runs no program with such a name"},
		"a config of a moment":   {Spec{Executable: "/usr/bin/bloxdrop", Config: "/tmp/config.toml"}, "can't read a config in /tmp/"},
		"a config of root's own": {Spec{Executable: "/usr/bin/bloxdrop", Config: "/root/config.toml"}, "put it into /etc/bloxdrop"},
		"no config":              {Spec{Executable: "/usr/bin/bloxdrop", Config: "/etc/no such config"}, "write it first"},
	} {
		err := reachable(c.spec)
		if c.want == "" && err != nil || c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestReads: a check as the service looks at the service's config, or at none.
func TestReads(t *testing.T) {
	odd := "/etc/blox drop/50% of $it.toml"
	unit := func(config string) string { return unitFor(Spec{Executable: packaged.Executable, Config: config}) }
	dropIn := "\n# /etc/systemd/system/bloxdrop.service.d/override.conf\n[Service]\nExecStart=\nExecStart=/usr/bin/bloxdrop run --service --config '/etc/my own.toml'\n"
	for _, c := range []struct {
		unit, asked string
		ok          bool
	}{
		{unit(packaged.Config), packaged.Config, true},
		{unit(odd), odd, true},
		{unit("/etc/bloxdrop/other.toml"), packaged.Config, false},
		{unit(odd), packaged.Config, false},
		{unit(packaged.Config) + dropIn, "/etc/my own.toml", true},
		{unit(packaged.Config) + dropIn, packaged.Config, false},
	} {
		if err := reads(c.unit, c.asked); (err == nil) != c.ok {
			t.Errorf("%q, and %s is asked for: %v", execOf(c.unit), c.asked, err)
		}
	}
}

// TestRunLine: what is run as the service gets its arguments as they are.
func TestRunLine(t *testing.T) {
	got := strings.Join(runLine(install.Unit, Spec{Executable: "/usr/bin/bloxdrop", Config: "/etc/50% of $HOME.toml"}, []string{"check"}), "\n")
	if !strings.HasSuffix(got, "\n--property=LimitCORE=0\n--\n/usr/bin/bloxdrop\ncheck\n--config\n/etc/50% of $$HOME.toml") {
		t.Error(got)
	}
}

// TestOwner: a secret stays whose it was, and no link leads to somebody else's file.
func TestOwner(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("only root gives files away")
	}
	dir := t.TempDir()
	file, other, link := filepath.Join(dir, "file"), filepath.Join(dir, "other"), filepath.Join(dir, "link")
	for path, uid := range map[string]int{file: 4321, other: 1234} {
		if err := errors.Join(os.WriteFile(path, nil, 0o600), os.Chown(path, uid, uid)); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Symlink(other, link); err != nil {
		t.Fatal(err)
	}
	uid := func(path string) int {
		var st syscall.Stat_t
		if err := syscall.Stat(path, &st); err != nil {
			t.Fatal(err)
		}
		return int(st.Uid)
	}
	if o := OwnerOf(file); o.uid != 4321 || !o.given {
		t.Errorf("%+v", o)
	}
	if o := OwnerOf(link); o.uid == 1234 {
		t.Errorf("a link makes the secret that of the file it leads to: %+v", o)
	}
	if err := OwnerOf(file).Guard(link); err != nil || uid(other) != 1234 {
		t.Errorf("a link gives somebody else's file away: %v, %d", err, uid(other))
	}
}
