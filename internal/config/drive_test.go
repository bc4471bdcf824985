package config

import "testing"

// TestMappedDrive: no network drive can be had in a test, so Windows's answer
// is played.
func TestMappedDrive(t *testing.T) {
	remote := func(drive string) (string, bool) {
		share, ok := map[string]string{"S:": `\\files\scans`, "T:": `\\files\top\`, "U:": ""}[drive]
		return share, ok
	}
	for _, tt := range []struct {
		path, instead string
		mapped        bool
	}{
		{`S:\Persons`, `\\files\scans\Persons`, true},
		{`S:\`, `\\files\scans\`, true},
		{`T:\a\b`, `\\files\top\a\b`, true},
		{`U:\a`, `\\server\share\a`, true},
		{`C:\a`, "", false},
		{`\\files\scans`, "", false},
		{`/srv/scans`, "", false},
		{`x`, "", false},
	} {
		if instead, ok := mapped(tt.path, remote); instead != tt.instead || ok != tt.mapped {
			t.Errorf("%s: %q, %v", tt.path, instead, ok)
		}
	}
}

// TestOrdinaryPath: one folder has one path, also where a program wrote it.
func TestOrdinaryPath(t *testing.T) {
	for path, want := range map[string]string{
		`\\?\S:\Persons`: `S:\Persons`, `\\.\S:\Persons`: `S:\Persons`, `\\?\S:\`: `S:\`,
		`\\?\UNC\files\scans`: `\\files\scans`, `\\?\unc\files\scans\a`: `\\files\scans\a`,
		`C:\a`: `C:\a`, `\\files\scans`: `\\files\scans`, `/srv/scans`: `/srv/scans`, "": "",
		`\\?\Volume{b75e2c83-0000-0000-0000-602f00000000}\a`: `\\?\Volume{b75e2c83-0000-0000-0000-602f00000000}\a`, `\\?\S:`: `\\?\S:`,
	} {
		if got := ordinary(path); got != want {
			t.Errorf("%s: %s, want %s", path, got, want)
		}
	}
}
