package e2e

import (
	"bufio"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"bloxdrop/internal/bloxs/bloxstest"
)

// wireName is a file's name and what a server makes of it: one that knows
// filename*, and one that reads only filename.
type wireName struct{ file, extended, plain string }

func wireNames() []wireName {
	same := func(name string) wireName { return wireName{name, name, name} }
	long := "a" + strings.Repeat("é", 125) + ".pdf"  // 255 bytes
	faces := "ab" + strings.Repeat("😀", 62) + ".pdf" // 254
	names := []wireName{
		same("lease.pdf"),
		same("Huurovereenkomst Café 't Hoekje, coördinator Zoë (définitief).pdf"),
		same("geïnd 100% & €5; naam='x'.pdf"),
		same("a; filename=b.pdf"),
		same("%41%C3%A9.pdf"), // an escape in the name is the name's own
		same("=?UTF-8?Q?a=C3=A9?=.pdf"),
		same("+plus +en + spaties.pdf"),
		same("  leading and trailing  .pdf"),
		same("paspoort 😀👩‍👩‍👧 عقد 契約.pdf"),
		same("no extension"),
		same("decomposed e\u0301.pdf"),
		same(long), same(faces),
	}
	if runtime.GOOS == "windows" {
		return names
	}
	return append(names,
		wireName{`the "real" lease.pdf`, `the "real" lease.pdf`, `the _real_ lease.pdf`},
		wireName{`a"; filename="b.pdf`, `a"; filename="b.pdf`, `a_; filename=_b.pdf`},
		wireName{`C:\scans\lease.pdf`, `C:\scans\lease.pdf`, `C:_scans_lease.pdf`},
		wireName{`ends with \`, `ends with \`, `ends with _`},
		wireName{"two\r\nlines.pdf", "two\r\nlines.pdf", "two__lines.pdf"},
		wireName{"tab\tbell\a.pdf", "tab\tbell\a.pdf", "tab_bell_.pdf"},
		same(" lease "),
		wireName{"latin-1 \xe9t\xe9.pdf", "latin-1 \ufffdt\ufffd.pdf", "latin-1 \ufffdt\ufffd.pdf"}, // no UTF-8: the byte can't be kept
	)
}

// wireBodies try to look like the end of a body, and are of many sizes.
func wireBodies() []string {
	big := make([]byte, 3<<20) // above what asks with Expect
	_, _ = rand.Read(big)
	every := make([]byte, 256)
	for i := range every {
		every[i] = byte(i)
	}
	return []string{"x", "\r\n", "ends with a line\r\n", "\r\n--", "\r\n--bloxdrop-\r\n\r\n--bloxdrop---\r\n", "--", string(every), string(big), "\x00"}
}

// TestWire asks two multipart parsers that share nothing with ours, busboy and
// formidable, what the built binary sends. Formidable doesn't know filename*.
func TestWire(t *testing.T) {
	t.Parallel()
	url := nodeBloxs(t)
	o := newOffice(t, bloxstest.Options{})
	o.configure(o.bloxs.URL, url)
	bodies := wireBodies()
	type sent struct {
		wireName
		sum  string
		size int
	}
	want := map[string]sent{} // by SHA-256
	for i, n := range wireNames() {
		content := n.file + bodies[i%len(bodies)]
		if i < len(bodies) {
			content = bodies[i]
		}
		o.write("1001 - Jansen/"+n.file, content)
		sum := sha256.Sum256([]byte(content))
		want[hex.EncodeToString(sum[:])] = sent{n, hex.EncodeToString(sum[:]), len(content)}
	}
	o.run("run", "--once")

	type part struct {
		Field, Name, SHA256 string
		Size                int
	}
	var got []struct {
		Person             string
		Busboy, Formidable []part
	}
	resp, err := http.Get(url + "/received")
	o.must(err)
	defer resp.Body.Close()
	o.must(json.NewDecoder(resp.Body).Decode(&got))
	if len(got) != len(want) {
		t.Errorf("%d uploads of %d files", len(got), len(want))
	}
	for _, g := range got {
		if len(g.Busboy) != 1 || len(g.Formidable) != 1 || g.Person != "1001" {
			t.Errorf("not one file: %+v", g)
			continue
		}
		w, ok := want[g.Busboy[0].SHA256]
		if !ok {
			t.Errorf("%q has other bytes than any file", g.Busboy[0].Name)
			continue
		}
		delete(want, w.sum)
		if p := (part{"File", w.extended, w.sum, w.size}); g.Busboy[0] != p {
			t.Errorf("%q: busboy read %+v", w.file, g.Busboy[0])
		}
		if p := (part{"File", w.plain, w.sum, w.size}); g.Formidable[0] != p {
			t.Errorf("%q: formidable read %+v", w.file, g.Formidable[0])
		}
	}
	for _, w := range want {
		t.Errorf("%q did not come whole", w.file)
	}
}

// nodeBloxs starts the server in wire/ and returns its address.
func nodeBloxs(t *testing.T) string {
	t.Helper()
	lacks := func(reason string) {
		t.Helper()
		if os.Getenv("CI") == "true" && runtime.GOOS != "windows" { // Wine has no node of its own
			t.Fatal(reason)
		}
		t.Skip(reason)
	}
	node, err := exec.LookPath("node")
	if err != nil {
		lacks("there is no node here: install Node.js, then `npm ci` in internal/e2e/wire")
	}
	if _, err := os.Stat(filepath.Join("wire", "node_modules", "busboy")); err != nil {
		lacks("the parsers are not installed: `npm ci` in internal/e2e/wire")
	}
	cmd := exec.Command(node, filepath.Join("wire", "bloxs.mjs"))
	cmd.Stderr = os.Stderr
	stdin, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = stdin.Close()
		_ = cmd.Wait()
	})
	port, err := bufio.NewReader(stdout).ReadString('\n')
	if err != nil {
		t.Fatalf("the server in wire/ does not start: %v", err)
	}
	return "http://127.0.0.1:" + strings.TrimSpace(port)
}
