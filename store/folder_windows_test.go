//go:build windows

package store

import (
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/windows"

	"bloxdrop/internal/testfs"
)

// TestFolderIsPrivate: what lies in a folder that we made is not for everybody.
func TestFolderIsPrivate(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "var", "store")
	for range 2 { // the second time it is there
		if err := makeFolder(dir); err != nil {
			t.Fatal(err)
		}
	}
	if testfs.Wine() {
		t.Skip("Wine makes Unix modes of rights, and keeps others' reading")
	}
	sd, err := windows.GetNamedSecurityInfo(dir, windows.SE_FILE_OBJECT, windows.DACL_SECURITY_INFORMATION)
	if err != nil {
		t.Fatal(err)
	}
	t.Log(sd)
	for _, everybody := range []string{";;;WD)", ";;;BU)", ";;;AU)"} {
		if strings.Contains(sd.String(), everybody) {
			t.Errorf("%s lets %s in", sd, everybody)
		}
	}
}
