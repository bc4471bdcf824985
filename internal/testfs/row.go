package testfs

import (
	"errors"
	"fmt"
	"os"
	"testing"
)

// Row prints a row of docs/RELIABILITY.md, and adds it to the file that
// BLOXDROP_ROWS names.
func Row(t testing.TB, row string) {
	t.Helper()
	t.Log(row)
	path := os.Getenv("BLOXDROP_ROWS")
	if path == "" {
		return
	}
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o600)
	if err == nil {
		_, err = fmt.Fprintln(f, row)
		err = errors.Join(err, f.Close())
	}
	if err != nil {
		t.Error(err)
	}
}
