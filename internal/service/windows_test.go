//go:build windows

package service

import (
	"bytes"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/windows"
)

func TestAccounts(t *testing.T) {
	for name, want := range map[string]string{
		"":                     VirtualAccount,
		`nt service\BLOXDROP`:  VirtualAccount,
		`OFFICE\bloxdrop$`:     `OFFICE\bloxdrop$`,
		`OFFICE\svc`:           `OFFICE\svc`,
		"svc@office.example":   "svc@office.example",
		"svc":                  `.\svc`,
		`NT SERVICE\other`:     "",
		"LocalSystem":          "",
		`NT AUTHORITY\SYSTEM`:  "",
		"Network Service":      "",
		`BUILTIN\Users`:        "",
		`OFFICE\`:              "",
		`\svc`:                 "",
		`NT AUTHORITY\NETWORK`: "",
	} {
		got, err := accountOf(name)
		if got != want || (err == nil) != (want != "") {
			t.Errorf("%q: %q, %v", name, got, err)
		}
	}
	for account, want := range map[string]bool{VirtualAccount: false, `OFFICE\bloxdrop$`: false, `OFFICE\svc`: true, `.\svc`: true} {
		if needsPassword(account) != want {
			t.Errorf("%s needs a password: %v", account, !want)
		}
	}
}

// TestVirtualSID holds the reckoning to a number that is the same on every Windows.
func TestVirtualSID(t *testing.T) {
	if got := virtualSID("TrustedInstaller"); got != "S-1-5-80-956008885-3418522649-1831038044-1853292631-2271478464" {
		t.Error(got)
	}
	if _, err := sidOf(VirtualAccount); err != nil {
		t.Error(err)
	}
	if _, err := sidOf(`NOWHERE\nobody`); err == nil || !strings.Contains(err.Error(), `NOWHERE\nobody`) {
		t.Error(err)
	}
}

// TestTakes: Install makes no second service, and no other one.
func TestTakes(t *testing.T) {
	spec := Spec{Executable: `C:\Program Files\bloxdrop\bloxdrop.exe`, Config: `C:\ProgramData\bloxdrop\config.toml`, Account: VirtualAccount}
	line := append([]string{strings.ToLower(spec.Executable)}, spec.arguments()...)
	other := append([]string{spec.Executable}, Spec{Config: `D:\c.toml`}.arguments()...)
	for name, c := range map[string]struct {
		there *state
		want  string
	}{
		"none":                 {nil, ""},
		"just so":              {&state{line: line, account: VirtualAccount}, ""},
		"with another config":  {&state{line: other, account: VirtualAccount}, `with the config D:\c.toml: `},
		"with another account": {&state{line: line, account: `OFFICE\svc`}, `with the account OFFICE\svc: `},
		"without a line":       {&state{account: VirtualAccount}, "installed already"},
	} {
		err := c.there.takes(spec)
		if c.want == "" && err != nil || c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestEvents: warnings and errors go to the event log as one line, with what was
// said to the logger before.
func TestEvents(t *testing.T) {
	var beside bytes.Buffer
	log := Loud(slog.New(slog.NewTextHandler(&beside, nil)))
	log.With("root", "scans").WithGroup("g").Error("something is wrong", "path", "a b\x00")
	log.Info("not for the event log")
	if !strings.Contains(beside.String(), "something is wrong") || !strings.Contains(beside.String(), "not for") {
		t.Errorf("the log itself has %q", beside.String())
	}
	if strings.Contains(beside.String(), "can't be written") {
		t.Errorf("no event log: %s", beside.String())
	}
}

// TestWhoseFolder: a folder of a user's is not taken for bloxdrop's.
func TestWhoseFolder(t *testing.T) {
	for kind, want := range map[windows.WELL_KNOWN_SID_TYPE]bool{
		windows.WinLocalSystemSid: true, windows.WinBuiltinAdministratorsSid: true,
		windows.WinBuiltinUsersSid: false, windows.WinAuthenticatedUserSid: false, windows.WinNetworkServiceSid: false,
	} {
		sid, err := windows.CreateWellKnownSid(kind)
		if err != nil {
			t.Fatal(err)
		}
		if is, err := administrates(sid); is != want || err != nil {
			t.Errorf("%s: %v, %v", sid, is, err)
		}
	}
	dir := t.TempDir()
	for _, path := range []string{dir, dir + `\not there`, dir + `\not\there`} {
		if err := ofAdministrators(path); err != nil {
			t.Error(err)
		}
	}
}

// TestRequested: a look that is asked for is made once, and also where its file
// is in somebody's hands; one from long ago is none.
func TestRequested(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, requestFile)
	ask := func() {
		if err := os.WriteFile(path, nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if requested(dir) {
		t.Error("nobody has asked")
	}
	ask()
	if !requested(dir) || requested(dir) {
		t.Error("not once")
	}
	ask()
	name, err := windows.UTF16PtrFromString(path)
	if err != nil {
		t.Fatal(err)
	}
	held, err := windows.CreateFile(name, windows.GENERIC_READ, windows.FILE_SHARE_READ, nil, windows.OPEN_EXISTING, 0, 0)
	if err != nil {
		t.Fatal(err)
	}
	if !requested(dir) {
		t.Error("whoever asks for a look gets a service that sends")
	}
	if err := windows.CloseHandle(held); err != nil {
		t.Error(err)
	}
	before := time.Now().Add(-requestHolds)
	if err := os.Chtimes(path, before, before); err != nil {
		t.Fatal(err)
	}
	if requested(dir) {
		t.Error("a request of long ago counts")
	}
}
