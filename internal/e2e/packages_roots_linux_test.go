package e2e

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// overlay gives a root that begins as a copy of this one, and a folder beside it.
func overlay(t *testing.T) (root, work string) {
	t.Helper()
	work = t.TempDir()
	mount := func(source, target, fstype, data string) {
		t.Helper()
		if err := syscall.Mount(source, target, fstype, 0, data); err != nil {
			missing(t, err)
		}
		t.Cleanup(func() { _ = syscall.Unmount(target, syscall.MNT_DETACH) })
	}
	mount("tmpfs", work, "tmpfs", "")
	root = filepath.Join(work, "root")
	for _, dir := range []string{"upper", "work", "root"} {
		if err := os.Mkdir(filepath.Join(work, dir), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	mount("overlay", root, "overlay", "lowerdir=/,upperdir="+work+"/upper,workdir="+work+"/work")
	return root, work
}

// installRPM installs, upgrades and removes it in a root that begins as a copy
// of this one.
func installRPM(t *testing.T, former string, current map[string][]byte) {
	root, work := overlay(t)
	rpm := func(args ...string) string {
		t.Helper()
		cmd := exec.Command("rpm", append([]string{"--root", root, "--nodeps"}, args...)...)
		if cmd.Err != nil {
			missing(t, cmd.Err)
		}
		out, err := cmd.CombinedOutput()
		if err != nil {
			t.Fatalf("rpm %q: %v: %s", args, err, out)
		}
		return string(out)
	}
	read := func(path string) string {
		t.Helper()
		b, err := os.ReadFile(filepath.Join(root, path))
		if err != nil {
			t.Error(err)
		}
		return string(b)
	}
	const config, ledger = "etc/bloxdrop/config.toml", "var/lib/bloxdrop/ledger.db"
	if said := rpm("-i", filepath.Join(former, "bloxdrop_0.0.9_linux_amd64.rpm")); !strings.Contains(said, "bloxdrop check --as-service") {
		t.Errorf("it says %q", said)
	}
	readable := func() {
		t.Helper()
		for path, want := range map[string]uint32{config: 0o640, filepath.Dir(config): 0o750} {
			var st syscall.Stat_t
			if err := syscall.Stat(filepath.Join(root, path), &st); err != nil || st.Mode&0o777 != want || st.Uid != 0 || st.Gid == 0 {
				t.Errorf("/%s has mode %o and group %d: %v", path, st.Mode, st.Gid, err)
			}
		}
	}
	readable()
	if !strings.Contains(read("etc/passwd"), "\nbloxdrop:") {
		t.Error("there is no account")
	}
	rpm("-U", "--force", filepath.Join(former, "bloxdrop_0.0.9_linux_amd64.rpm")) // over a config in which nobody has written
	readable()
	for path, text := range map[string]string{config: read(config) + "# mine\n", ledger: "remembered"} {
		path = filepath.Join(root, path)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o640); err != nil {
			t.Fatal(err)
		}
	}
	newer := filepath.Join(work, "newer.rpm")
	if err := os.WriteFile(newer, current["bloxdrop_0.1.0_linux_amd64.rpm"], 0o600); err != nil {
		t.Fatal(err)
	}
	rpm("-U", newer)
	readable()
	if text := read(config); !strings.HasSuffix(text, "# mine\n") {
		t.Errorf("the upgrade has written over the config: %s", text)
	}
	out, err := exec.Command("chroot", root, "/usr/bin/bloxdrop", "version").CombinedOutput()
	if err != nil || !strings.Contains(string(out), "0.1.0") {
		t.Errorf("%v: %s", err, out)
	}
	if _, err := os.Stat(filepath.Join(root, "usr/share/doc/bloxdrop/bloxdrop.rules.yml")); err != nil {
		t.Error(err)
	}
	if said := rpm("-e", "bloxdrop"); !strings.Contains(said, "stays in /var/lib/bloxdrop") {
		t.Errorf("it says %q", said)
	}
	if read(ledger) != "remembered" || !strings.HasSuffix(read(config+".rpmsave"), "# mine\n") {
		t.Error("the removal took ledger or config along")
	}
	if _, err := os.Stat(filepath.Join(root, "usr/bin/bloxdrop")); err == nil {
		t.Error("the removal left the program")
	}
}

// debian is a root with dpkg and a systemctl that only notes what it is told.
type debian struct {
	t    *testing.T
	root string
}

const fakeSystemctl = `#!/bin/sh
case "$*" in
"is-active bloxdrop.service") cat /run/state ;;
*" is-enabled "*) [ -e /run/enabled ] ;;
*) echo "$*" >>/run/told ;;
esac
`

func (d debian) write(path, text string) {
	d.t.Helper()
	path = filepath.Join(d.root, path)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		d.t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o755); err != nil {
		d.t.Fatal(err)
	}
}

func (d debian) there(path string) bool {
	_, err := os.Lstat(filepath.Join(d.root, path))
	return err == nil
}

// dpkg gives what it says, and what systemd was told meanwhile.
func (d debian) dpkg(fails bool, args ...string) (said, told string) {
	d.t.Helper()
	d.write("run/told", "")
	out, err := exec.Command("chroot", append([]string{d.root, "dpkg", "--force-depends", "--force-unsafe-io", "--no-triggers"}, args...)...).CombinedOutput()
	if (err != nil) != fails {
		d.t.Fatalf("dpkg %q: %v: %s", args, err, out)
	}
	notes, err := os.ReadFile(filepath.Join(d.root, "run/told"))
	if err != nil {
		d.t.Fatal(err)
	}
	return string(out), strings.ReplaceAll(string(notes), "\n", "; ")
}

// installDEB lets the package's scripts meet what TestInstall has no time for.
func installDEB(t *testing.T, former string, current map[string][]byte) {
	root, _ := overlay(t)
	d := debian{t, root}
	d.write("usr/bin/systemctl", fakeSystemctl)
	d.write("run/systemd/system/.keep", "")
	d.write("run/state", "inactive\n")
	was, err := os.ReadFile(filepath.Join(former, "bloxdrop_0.0.9_linux_amd64.deb"))
	if err != nil {
		t.Fatal(err)
	}
	is := current["bloxdrop_0.1.0_linux_amd64.deb"]
	d.write("former.deb", string(was))
	d.write("current.deb", string(is))
	d.write("broken.deb", string(is[:len(is)-1<<20]))

	said, told := d.dpkg(false, "-i", "/former.deb")
	if !strings.Contains(said, "bloxdrop check --as-service") || told != "daemon-reload; " {
		t.Errorf("installed: %q; systemd was told %q", said, told)
	}
	if !d.there("usr/share/doc/bloxdrop/bloxdrop.rules.yml") {
		t.Error("there are no alert rules")
	}
	d.write("run/state", "active\n")
	if _, told := d.dpkg(true, "-i", "/broken.deb"); told != "stop bloxdrop.service; daemon-reload; start bloxdrop.service; " {
		t.Errorf("a package that can't be unpacked: systemd was told %q", told)
	}
	if said, told := d.dpkg(false, "-i", "/current.deb"); told != "stop bloxdrop.service; daemon-reload; daemon-reload; start bloxdrop.service; " || strings.Contains(said, "does nothing yet") {
		t.Errorf("upgraded: %q; systemd was told %q", said, told)
	}
	d.write("run/state", "inactive\n")
	d.write("etc/systemd/system/bloxdrop.service", "[Unit]")
	if said, told := d.dpkg(false, "-i", "/current.deb"); !strings.Contains(said, "not by this package's unit") || strings.Contains(told, " start") {
		t.Errorf("beside a unit of `bloxdrop install`: %q; systemd was told %q", said, told)
	}
	for _, file := range []string{"var/lib/bloxdrop/journal.jsonl", "etc/credstore/bloxdrop.api_key", "etc/credstore/bloxdrop.api_key.new", "etc/bloxdrop/smb"} {
		d.write(file, "x")
	}
	if said, told := d.dpkg(false, "-r", "bloxdrop"); !strings.Contains(said, "stays in /var/lib/bloxdrop") || !strings.HasPrefix(told, "disable --now bloxdrop.service; ") {
		t.Errorf("removed: %q; systemd was told %q", said, told)
	}
	if said, _ := d.dpkg(false, "-i", "/current.deb"); !strings.Contains(said, "systemctl enable --now bloxdrop") {
		t.Errorf("installed once more: %q", said)
	}
	if said, _ := d.dpkg(false, "-P", "bloxdrop"); !strings.Contains(said, "which files were sent is forgotten") || !strings.Contains(said, "files that you put there") {
		t.Errorf("purged: %q", said)
	}
	if d.there("var/lib/bloxdrop") || d.there("etc/credstore/bloxdrop.api_key") || d.there("etc/credstore/bloxdrop.api_key.new") || !d.there("etc/bloxdrop/smb") {
		t.Error("the purge has left ledger or secrets, or taken what is not ours")
	}
	d.purgesNoMore(root)
}

// purgesNoMore: a purge does not say that it forgets what it leaves.
func (d debian) purgesNoMore(root string) {
	d.dpkg(false, "-i", "/current.deb")
	d.write("var/lib/bloxdrop/.cache", "a store.dir elsewhere leaves systemd's folder without a ledger")
	if said, _ := d.dpkg(false, "-P", "bloxdrop"); strings.Contains(said, "forgotten") || !strings.Contains(said, "It held no ledger") {
		d.t.Errorf("purged, with the ledger elsewhere: %q", said)
	}
	d.dpkg(false, "-i", "/current.deb")
	d.write("data/journal.jsonl", "x")
	if err := os.Symlink("/data", filepath.Join(root, "var/lib/bloxdrop")); err != nil {
		d.t.Fatal(err)
	}
	if said, _ := d.dpkg(false, "-P", "bloxdrop"); strings.Contains(said, "forgotten.") || !strings.Contains(said, "leads to /data, which stays") || !d.there("data/journal.jsonl") {
		d.t.Errorf("purged, with a link to the ledger: %q", said)
	}
	d.dpkg(false, "-i", "/current.deb")
	d.write("var/lib/bloxdrop/journal.jsonl", "x")
	disk := filepath.Join(root, "var/lib/bloxdrop")
	if err := syscall.Mount("tmpfs", disk, "tmpfs", 0, ""); err != nil {
		d.t.Fatal(err)
	}
	d.t.Cleanup(func() { _ = syscall.Unmount(disk, syscall.MNT_DETACH) })
	d.write("var/lib/bloxdrop/journal.jsonl", "x")
	if said, _ := d.dpkg(false, "-P", "bloxdrop"); !strings.Contains(said, "which files were sent is forgotten") || d.there("var/lib/bloxdrop/journal.jsonl") {
		d.t.Errorf("purged, with a disk of the ledger's own: %q", said)
	}
}
