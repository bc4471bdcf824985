package store

import (
	"io/fs"
	"testing"
)

func TestWindowsPath(t *testing.T) {
	for path, want := range map[string]string{
		`C:\Scans\a.pdf`:         `\\?\C:\Scans\a.pdf`,
		`D:\`:                    `\\?\D:\`,
		`\\server\scans`:         `\\?\UNC\server\scans`,
		`\\server\scans\1\a.`:    `\\?\UNC\server\scans\1\a.`,
		`\\?\C:\Scans`:           `\\?\C:\Scans`,
		`\\?\UNC\server\scans\1`: `\\?\UNC\server\scans\1`,
		`\\.\pipe\x`:             `\\.\pipe\x`,
		`C:relative`:             `C:relative`,
		`relative`:               `relative`,
	} {
		if got := WindowsPath(path); got != want {
			t.Errorf("%s: %s, want %s", path, got, want)
		}
	}
}

func TestWindowsFile(t *testing.T) {
	const directory, archive, reparse, offline = 0x10, 0x20, 0x400, 0x1000
	for name, c := range map[string]struct {
		attributes, tag uint32
		want            fs.FileMode
	}{
		"file":                 {archive, 0, 0},
		"folder":               {directory, 0, fs.ModeDir},
		"symbolic link":        {archive | reparse, 0xA000000C, fs.ModeSymlink},
		"link to a folder":     {directory | reparse, 0xA000000C, fs.ModeSymlink},
		"junction":             {directory | reparse, 0xA0000003, fs.ModeSymlink},
		"WSL link":             {archive | reparse, 0xA000001D, fs.ModeSymlink},
		"deduplicated":         {archive | reparse, 0x80000013, 0},
		"OneDrive placeholder": {archive | reparse | offline, 0x9000101A, 0},
		"OneDrive folder":      {directory | reparse, 0x9000101A, fs.ModeDir},
		"socket":               {archive | reparse, 0x80000023, fs.ModeIrregular},
		"named pipe of WSL":    {archive | reparse, 0x80000024, fs.ModeIrregular},
		"tag without the bit":  {archive, 0xA000000C, 0}, // it means something else then
	} {
		if got := (WindowsFile{Attributes: c.attributes, Tag: c.tag}).Mode(); got != c.want {
			t.Errorf("%s: %v, want %v", name, got, c.want)
		}
	}
	for _, id := range []uint64{0, ^uint64(0)} {
		if l := (WindowsFile{Size: 1, ID: id, Volume: 9}).Look(); l != (Look{Size: 1}) {
			t.Errorf("without an ID: %+v", l)
		}
	}
}
