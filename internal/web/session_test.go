package web

import (
	"crypto/sha256"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
	"unicode/utf16"
)

// TestPasswordsAsTheyAreWritten: by Notepad, by PowerShell's > and by cmd.exe's echo.
func TestPasswordsAsTheyAreWritten(t *testing.T) {
	t.Parallel()
	wide := func(s string) string {
		b := "\xff\xfe"
		for _, u := range utf16.Encode([]rune(s)) {
			b += string([]byte{byte(u), byte(u >> 8)})
		}
		return b
	}
	const password = "geheim wächtwoord"
	for name, text := range map[string]string{
		"plain": password, "a line": password + "\n", "Notepad's": "\ufeff" + password + "\r\nnot this\r\n",
		"PowerShell's": wide(password + "\r\n"), "echo's": password + " \r\n",
	} {
		path := filepath.Join(t.TempDir(), "password")
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if got, err := readPassword(path); err != nil || got != sha256.Sum256([]byte(password)) {
			t.Errorf("%s is another password: %v", name, err)
		}
	}
	path := filepath.Join(t.TempDir(), "password")
	if err := os.WriteFile(path, []byte("geheim w\xe4chtwoord"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := readPassword(path); err == nil || !strings.Contains(err.Error(), "save the file as UTF-8") {
		t.Errorf("of a code page: %v", err)
	}
}

// TestSessionsEnd: a link after a minute, a session twelve hours after the last visit.
func TestSessionsEnd(t *testing.T) {
	t.Parallel()
	now := time.Now()
	s := newSessions(func() time.Time { return now })
	late, used, cookie := s.link("jan"), s.link("jan"), s.begin("jan")
	if who, ok := s.useLink(used); !ok || who != "jan" {
		t.Errorf("a link is for %q, %v", who, ok)
	}
	if _, ok := s.useLink(used); ok {
		t.Error("a link works twice")
	}
	now = now.Add(61 * time.Second)
	if _, ok := s.useLink(late); ok {
		t.Error("a link works after a minute")
	}
	for range 3 {
		now = now.Add(11 * time.Hour)
		if s.get(cookie) == nil {
			t.Error("a session ends though somebody visits")
		}
	}
	now = now.Add(12*time.Hour + time.Second)
	if s.get(cookie) != nil {
		t.Error("a session lasts without a visit")
	}
	first := s.begin("first")
	for range sessionMost {
		now = now.Add(time.Second)
		s.begin("other")
	}
	if s.get(first) != nil || len(s.byKey) != sessionMost {
		t.Errorf("there are %d sessions", len(s.byKey))
	}
}
