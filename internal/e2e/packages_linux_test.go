package e2e

import (
	"bytes"
	"debug/elf"
	"debug/pe"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// TestPackages builds all that is given to others, twice: it is all there, the
// same to the byte, and not too large; what is signed can be verified; and .deb
// and .rpm go from their installation to their removal in roots of their own.
func TestPackages(t *testing.T) {
	if os.Getenv("BLOXDROP_PACKAGES") == "" {
		t.Skip("BLOXDROP_PACKAGES=1 asks for it; it takes a minute or two, and wants zip, wixl, msitools, faketime, rpm, openssl and osslsigncode")
	}
	certificate := signs(t)
	former := packages(t, "0.0.9")
	t.Setenv("BLOXDROP_SIGN_PFX", "")
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
	t.Run("deb", func(t *testing.T) { installDEB(t, former, once) })
	t.Run("rpm", func(t *testing.T) { installRPM(t, former, once) })
	t.Run("msi", func(t *testing.T) { tables(t, filepath.Join(former, "bloxdrop_0.0.9_windows_amd64.msi")) })
	t.Run("signed", func(t *testing.T) { signed(t, certificate, former) })
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
	for _, document := range []string{"bloxdrop_0.1.0_linux_amd64/bloxdrop.rules.yml", "bloxdrop_0.1.0_linux_arm64/config.example.toml", "bloxdrop.rules.yml", "rollout.ps1", "docs/windows.md"} {
		if _, err := os.Stat(filepath.Join(dir, document)); err != nil {
			t.Error(err)
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

// signs makes a certificate, with which build.sh signs from now on.
func signs(t *testing.T) (certificate string) {
	t.Helper()
	dir := t.TempDir()
	at := func(name string) string { return filepath.Join(dir, name) }
	if err := os.WriteFile(at("password"), []byte("pass word"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, args := range [][]string{
		{"req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", at("key.pem"), "-out", at("cert.pem"), "-days", "2", "-subj", "/CN=bloxdrop test", "-addext", "extendedKeyUsage=codeSigning", "-addext", "keyUsage=digitalSignature"},
		{"pkcs12", "-export", "-inkey", at("key.pem"), "-in", at("cert.pem"), "-out", at("cert.pfx"), "-passout", "file:" + at("password")},
	} {
		if out, err := exec.Command("openssl", args...).CombinedOutput(); err != nil {
			missing(t, fmt.Errorf("openssl: %w: %s", err, out))
		}
	}
	t.Setenv("BLOXDROP_SIGN_PFX", at("cert.pfx"))
	t.Setenv("BLOXDROP_SIGN_PASSFILE", at("password"))
	return at("cert.pem")
}

// signed: program and .msi are signed, and any change shows. (There is no time
// stamp server here.)
func signed(t *testing.T, certificate, dist string) {
	verify := func(file string) (string, error) {
		out, err := exec.Command("osslsigncode", "verify", "-CAfile", certificate, "-in", file).CombinedOutput()
		return string(out), err
	}
	dir := t.TempDir()
	if out, err := exec.Command("unzip", "-q", filepath.Join(dist, "bloxdrop_0.0.9_windows_amd64.zip"), "bloxdrop.exe", "-d", dir).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	for _, file := range []string{filepath.Join(dir, "bloxdrop.exe"), filepath.Join(dist, "bloxdrop_0.0.9_windows_amd64.msi")} {
		if out, err := verify(file); err != nil || !strings.Contains(out, "Signature verification: ok") || !strings.Contains(out, "Text description: bloxdrop") {
			t.Errorf("%s: %v\n%s", file, err, out)
		}
		content, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		content[len(content)/2] ^= 1
		changed := filepath.Join(dir, "changed"+filepath.Ext(file))
		if err := os.WriteFile(changed, content, 0o600); err != nil {
			t.Fatal(err)
		}
		if out, err := verify(changed); err == nil {
			t.Errorf("%s was changed, and nobody notices:\n%s", file, out)
		}
	}
}

// tables looks at what an .msi says of upgrades and repairs, which only a real
// Windows does.
func tables(t *testing.T, msi string) {
	for table, want := range map[string]string{
		"Upgrade":                "\t0.0.9\t\t513\t\tWIX_UPGRADE_DETECTED",                        // the same number, too: 0.0.9-rc.1
		"CustomAction":           "ResumeService\t3410\tExe\tstart --packaged",                    // if it is undone
		"InstallExecuteSequence": "InstallService\tNOT (REMOVE~=\"ALL\") AND NOT REINSTALL\t4010", // a repair is anybody's to ask for
	} {
		out, err := exec.Command("msiinfo", "export", msi, table).CombinedOutput()
		if err != nil || !strings.Contains(string(out), want) {
			t.Errorf("%s: %v\n%s", table, err, out)
		}
	}
}
