package wholefile

import (
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"testing"
	"time"
)

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// TestWrite replaces a file, and what a crash left of another try.
func TestWrite(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "a.json")
	must(t, os.WriteFile(path+".new", []byte("stale and longer"), 0o666))
	for _, text := range []string{"one", "two"} {
		must(t, Write(path, []byte(text)))
		got, err := os.ReadFile(path)
		must(t, err)
		if string(got) != text {
			t.Errorf("%q, want %q", got, text)
		}
	}
	if fi, err := os.Stat(path); err != nil || runtime.GOOS != "windows" && fi.Mode().Perm() != 0o600 {
		t.Error(fi.Mode(), err)
	}
	if all, err := os.ReadDir(dir); err != nil || len(all) != 1 {
		t.Error(all, err)
	}
}

// TestWriteBesideAReader: on Windows nobody can replace a file that is open.
func TestWriteBesideAReader(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.json")
	must(t, os.WriteFile(path, []byte("old"), 0o600))
	reader, err := os.Open(path)
	must(t, err)
	closed := time.AfterFunc(100*time.Millisecond, func() { reader.Close() })
	defer closed.Stop()
	must(t, Write(path, []byte("new")))
	if got, err := os.ReadFile(path); err != nil || string(got) != "new" {
		t.Errorf("%q, %v", got, err)
	}
	reader, err = os.Open(path)
	must(t, err)
	closed = time.AfterFunc(100*time.Millisecond, func() { reader.Close() })
	defer closed.Stop()
	must(t, Remove(path))
}

// TestCanNot leaves the old file and nothing else.
func TestCanNot(t *testing.T) {
	dir := t.TempDir()
	must(t, os.Mkdir(filepath.Join(dir, "a"), 0o700))
	must(t, os.WriteFile(filepath.Join(dir, "a", "x"), nil, 0o600))
	if err := Write(filepath.Join(dir, "a"), []byte("new")); err == nil {
		t.Error("a folder was replaced")
	}
	if all, err := os.ReadDir(dir); err != nil || len(all) != 1 {
		t.Error(all, err)
	}
}

// TestWriteFor: the rights are there before the content, and without them there is no file.
func TestWriteFor(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "secret")
	must(t, WriteFor(path, []byte("content"), func(temp string) error {
		if got, err := os.ReadFile(temp); err != nil || len(got) > 0 {
			t.Errorf("before the rights there is %q, %v", got, err)
		}
		return os.Chmod(temp, 0o644)
	}))
	if fi, err := os.Stat(path); err != nil || fi.Size() != 7 || runtime.GOOS != "windows" && fi.Mode().Perm() != 0o644 {
		t.Error(fi.Mode(), err)
	}
	refused := errors.New("refused")
	if err := WriteFor(filepath.Join(dir, "other"), []byte("content"), func(string) error { return refused }); !errors.Is(err, refused) {
		t.Error(err)
	}
	if all, err := os.ReadDir(dir); err != nil || len(all) != 1 {
		t.Error(all, err)
	}
}
