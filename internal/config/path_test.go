package config

import (
	"encoding/pem"
	"fmt"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"bloxdrop/internal/testfs"
)

// rooted is a sound config with these roots and this store.
func rooted(store string, roots ...string) string {
	text := "[bloxs]\nurl = 'https://x.bloxs.io'\ntoken = 't'\n[store]\ndir = '" + store + "'\n"
	for _, root := range roots {
		text += "[[watch]]\npath = '" + root + "'\nexisting = 'skip'\n"
	}
	return text
}

func TestPathsKeepApart(t *testing.T) {
	dir, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	in := func(rel string) string { return filepath.Join(dir, filepath.FromSlash(rel)) }
	if err := os.MkdirAll(in("real/sub"), 0o700); err != nil {
		t.Fatal(err)
	}
	testfs.Link(t, in("real"), in("link"))
	tests := []struct {
		text string
		want string // "" = sound
	}{
		{rooted(in("store"), in("real"), in("realm"), in("none/x")), ""},
		{rooted(in("store"), in("a"), in("a")),
			"config.toml:10:8: watch[2].path: " + in("a") + " is watched already (watch[1].path, line 7); remove one of the two"},
		{rooted(in("store"), in("a"), in("b"), in("a/c")),
			"config.toml:13:8: watch[3].path: " + in("a/c") + " lies inside the root " + in("a") + " (watch[1].path, line 7), so its files would be taken twice; remove one of the two"},
		{rooted(in("store"), in("a/c"), in("a")),
			"config.toml:10:8: watch[2].path: the root " + in("a/c") + " (watch[1].path, line 7) lies inside " + in("a") + ", so its files would be taken twice; remove one of the two"},
		{rooted(in("store"), in("real"), in("link/sub/not yet")), "lies inside the root " + in("real")},
		{rooted(in("store"), in("real"), in("link")), "is watched already"},
		{rooted(in("real/store"), in("link")),
			"config.toml:5:7: store.dir: " + in("real/store") + " lies inside the root " + in("link") + " (watch[1].path, line 7), where people drop files; choose a place outside every root"},
		{rooted(in("real"), in("real/sub")),
			"store.dir: the root " + in("real/sub") + " (watch[1].path, line 7) lies inside " + in("real") + "; choose a folder of bloxdrop's own"},
		{rooted(in("a"), in("a")), "store.dir: " + in("a") + " lies inside the root"},
		{rooted(in("store"), in("a")) + "[log]\nfile = '" + in("a/x.log") + "'\n", "config.toml:10:8: log.file: " + in("a/x.log") + " lies inside the root"},
		{rooted(in("store"), in("a")) + "[log]\nfile = '" + in("x.log") + "'\n", ""},
		{rooted(in("store"), filepath.VolumeName(dir)+string(filepath.Separator)), "store.dir: " + in("store") + " lies inside the root"},
		{rooted(in("store"), `a\tb`), `is not an absolute path`},
	}
	for _, tt := range tests {
		got := problems(t, tt.text)
		if tt.want == "" && len(got) > 0 || tt.want != "" && (len(got) != 1 || !strings.Contains(got[0], tt.want)) {
			t.Errorf("in\n%s\ngot  %q\nwant %q", tt.text, got, tt.want)
		}
	}
	if entries, _ := os.ReadDir(dir); len(entries) != 2 {
		t.Errorf("Load made something: %v", entries)
	}
}

func TestControlCharacterInPath(t *testing.T) {
	got := problems(t, strings.Replace(rooted(absolute("/var/x"), "ARCHIVE"), "'ARCHIVE'", `"C:\temp"`, 1))
	if len(got) != 1 || !strings.Contains(got[0], "write a Windows path between single quotes") {
		t.Errorf("got %q", got)
	}
}

func TestCAFile(t *testing.T) {
	server := httptest.NewTLSServer(nil)
	defer server.Close()
	certificate := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw})
	text := func(file string) string {
		return strings.Replace(sound, "[[watch]]", fmt.Sprintf("ca_file = '%s'\n[[watch]]", file), 1)
	}
	if mustLoad(t, text(write(t, "ca.pem", string(certificate), 0o600))).Bloxs.RootCAs == nil {
		t.Error("the certificates are lost")
	}
	if mustLoad(t, sound).Bloxs.RootCAs != nil {
		t.Error("certificates without a ca_file")
	}
	for file, want := range map[string]string{
		write(t, "x.pem", "x", 0o600):          "config.toml:5:11: bloxs.ca_file: ",
		filepath.Join(t.TempDir(), "none.pem"): "bloxs.ca_file: the certificates can't be read: ",
	} {
		if got := problems(t, text(file)); len(got) != 1 || !strings.Contains(got[0], want) {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}
