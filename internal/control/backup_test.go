package control

import (
	"bytes"
	"strings"
	"testing"
)

// TestBackup comes whole, fails with the desk's words, or breaks off with an error.
func TestBackup(t *testing.T) {
	d := &desk{entries: 50_000}
	dir, _ := serve(t, d)
	c := dial(t, dir)
	var want, got bytes.Buffer
	if err := d.Backup(t.Context(), &want); err != nil {
		t.Fatal(err)
	}
	if err := c.Backup(t.Context(), &got); err != nil || !bytes.Equal(got.Bytes(), want.Bytes()) {
		t.Errorf("%d bytes of %d, %v", got.Len(), want.Len(), err)
	}
	d.fails = errDesk
	if err := c.Backup(t.Context(), &got); err == nil {
		t.Error("it broke off, and that was not noticed")
	}
	d.entries = 0
	if err := c.Backup(t.Context(), &got); err == nil || !strings.Contains(err.Error(), errDesk.Error()) {
		t.Error(err)
	}
}
