package e2e

import (
	"bytes"
	"debug/elf"
	"debug/pe"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
)

// TestPackages builds all that is given to others, twice: it is all there, the
// same to the byte, and not too large; and the .rpm goes from its installation
// to its removal in a root of its own.
func TestPackages(t *testing.T) {
	if os.Getenv("BLOXDROP_PACKAGES") == "" {
		t.Skip("BLOXDROP_PACKAGES=1 asks for it; it takes a minute or two, and wants zip, wixl, msitools, faketime and rpm")
	}
	former := packages(t, "0.0.9")
	once, again := contents(t, packages(t, "0.1.0")), contents(t, packages(t, "0.1.0"))
	var names []string
	for _, suffix := range []string{"linux_amd64.deb", "linux_amd64.rpm", "linux_amd64.tar.gz", "linux_arm64.deb", "linux_arm64.rpm", "linux_arm64.tar.gz", "windows_amd64.msi", "windows_amd64.zip"} {
		names = append(names, "bloxdrop_0.1.0_"+suffix)
	}
	if got := slices.Sorted(maps.Keys(once)); !slices.Equal(got, append([]string{"SHA256SUMS"}, names...)) {
		t.Errorf("there are %q", got)
	}
	for name, content := range once {
		if !bytes.Equal(content, again[name]) {
			t.Errorf("%s is another the second time", name)
		}
	}
	t.Run("rpm", func(t *testing.T) { installRPM(t, former, once) })
	t.Run("executables", func(t *testing.T) { executables(t, once) })
}

func contents(t *testing.T, dir string) map[string][]byte {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	all := map[string][]byte{}
	for _, e := range entries {
		if all[e.Name()], err = os.ReadFile(filepath.Join(dir, e.Name())); err != nil {
			t.Fatal(err)
		}
	}
	return all
}

// executables looks into the archives: each program is for its machine, under
// 25 MB, and the one for Windows says what it is.
func executables(t *testing.T, dist map[string][]byte) {
	dir := t.TempDir()
	for name, unpack := range map[string][]string{
		"bloxdrop_0.1.0_linux_amd64.tar.gz": {"tar", "xzf"}, "bloxdrop_0.1.0_linux_arm64.tar.gz": {"tar", "xzf"}, "bloxdrop_0.1.0_windows_amd64.zip": {"unzip", "-q"},
	} {
		if err := os.WriteFile(filepath.Join(dir, name), dist[name], 0o600); err != nil {
			t.Fatal(err)
		}
		cmd := exec.Command(unpack[0], append(unpack[1:], name)...)
		cmd.Dir = dir
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("%v: %s", err, out)
		}
	}
	for name, machine := range map[string]elf.Machine{"bloxdrop_0.1.0_linux_amd64/bloxdrop": elf.EM_X86_64, "bloxdrop_0.1.0_linux_arm64/bloxdrop": elf.EM_AARCH64} {
		f, err := elf.Open(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		if f.Machine != machine || f.Section(".interp") != nil {
			t.Errorf("%s is for %v, or wants libraries", name, f.Machine)
		}
		f.Close()
		small(t, filepath.Join(dir, name))
	}
	program := filepath.Join(dir, "bloxdrop.exe")
	small(t, program)
	f, err := pe.Open(program)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	section := f.Section(".rsrc")
	if section == nil {
		t.Fatal("bloxdrop.exe has no resources")
	}
	resources, err := section.Data()
	if err != nil {
		t.Fatal(err)
	}
	wide := func(s string) []byte { return []byte(strings.Join(strings.Split(s, ""), "\x00")) }
	for what, want := range map[string][]byte{"version": wide("FileVersion"), "number": wide("0.1.0"), "manifest": []byte("longPathAware"), "icon": []byte("PNG\r\n")} {
		if !bytes.Contains(resources, want) {
			t.Errorf("bloxdrop.exe has no %s", what)
		}
	}
}

func small(t *testing.T, path string) {
	t.Helper()
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("%s: %d bytes", filepath.Base(filepath.Dir(path))+"/"+filepath.Base(path), info.Size())
	if info.Size() >= 25_000_000 {
		t.Errorf("%s has %d bytes", path, info.Size())
	}
}

// installRPM installs, upgrades and removes it in a root that begins as a copy
// of this one.
func installRPM(t *testing.T, former string, current map[string][]byte) {
	work := t.TempDir()
	mount := func(source, target, fstype, data string) {
		t.Helper()
		if err := syscall.Mount(source, target, fstype, 0, data); err != nil {
			needs(t, err)
		}
		t.Cleanup(func() { _ = syscall.Unmount(target, syscall.MNT_DETACH) })
	}
	mount("tmpfs", work, "tmpfs", "")
	root := filepath.Join(work, "root")
	for _, dir := range []string{"upper", "work", "root"} {
		if err := os.Mkdir(filepath.Join(work, dir), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	mount("overlay", root, "overlay", "lowerdir=/,upperdir="+work+"/upper,workdir="+work+"/work")
	rpm := func(args ...string) string {
		t.Helper()
		cmd := exec.Command("rpm", append([]string{"--root", root, "--nodeps"}, args...)...)
		if cmd.Err != nil {
			needs(t, cmd.Err)
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
	var st syscall.Stat_t
	if err := syscall.Stat(filepath.Join(root, config), &st); err != nil || st.Mode&0o777 != 0o640 || st.Uid != 0 || st.Gid == 0 {
		t.Errorf("the config has mode %o and group %d: %v", st.Mode, st.Gid, err)
	}
	if !strings.Contains(read("etc/passwd"), "\nbloxdrop:") {
		t.Error("there is no account")
	}
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
	if text := read(config); !strings.HasSuffix(text, "# mine\n") {
		t.Errorf("the upgrade has written over the config: %s", text)
	}
	out, err := exec.Command("chroot", root, "/usr/bin/bloxdrop", "version").CombinedOutput()
	if err != nil || !strings.Contains(string(out), "0.1.0") {
		t.Errorf("%v: %s", err, out)
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
