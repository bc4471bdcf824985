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
