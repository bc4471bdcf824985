package e2e

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io/fs"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"bloxdrop/internal/control"
)

// person tells whose a file is under the office's layout.
func (o *office) person(path string) string {
	rel, err := filepath.Rel(o.root, path)
	o.must(err)
	folder, _, _ := strings.Cut(filepath.ToSlash(rel), "/")
	id, _, _ := strings.Cut(folder, " - ")
	return id
}

// there is every file in the root with what Bloxs is to hold of it.
func (o *office) there() map[string]delivery {
	o.t.Helper()
	files := map[string]delivery{}
	o.must(filepath.WalkDir(o.root, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || isOurs(path) {
			return err
		}
		content, err := os.ReadFile(path)
		files[path] = delivery{o.person(path), sum(content)}
		return err
	}))
	return files
}

// isOurs tells of markers, notices and pages, which are no files of the office's.
func isOurs(path string) bool {
	name := filepath.Base(path)
	return strings.HasPrefix(name, ".bloxdrop") || name == "_bloxdrop.html" || strings.HasPrefix(name, "! ") && strings.HasSuffix(name, ".bloxdrop.txt")
}

func sum(content []byte) string {
	h := sha256.Sum256(content)
	return hex.EncodeToString(h[:])
}

// untilAllSent waits until every file in the root, with its very person and
// content, is a place of a sent item, and the counts add up to them. So what
// happened to the folder has certainly been noticed.
func (o *office) untilAllSent() {
	o.t.Helper()
	want := o.there()
	o.until("all sent", func(st control.Status) bool {
		if st.Settling+st.Waiting+st.Sending > 0 {
			return false
		}
		got, gone := map[string]delivery{}, 0
		for _, e := range o.list("sent") {
			for _, path := range e.Paths {
				got[path] = delivery{e.Person, e.SHA256}
			}
			if len(e.Paths) == 0 {
				gone++
			}
		}
		return maps.Equal(got, want) && st.Sent-gone+st.Duplicate == len(want) && st.Files == len(want)
	})
}

// storedOnce checks that Bloxs holds what these files are or were exactly once,
// and no more.
func (o *office) storedOnce(files ...map[string]delivery) {
	o.t.Helper()
	want := map[delivery]bool{}
	for _, f := range files {
		for _, d := range f {
			want[d] = true
		}
	}
	got := map[delivery]int{}
	for _, f := range o.bloxs.Stored() {
		got[delivery{f.Person, f.SHA256}]++
	}
	for d := range want {
		if got[d] == 0 {
			o.t.Errorf("lost: %v", d)
		}
	}
	for d, n := range got {
		if n > 1 {
			o.t.Errorf("stored %d times: %v", n, d)
		}
		if !want[d] {
			o.t.Errorf("never stood there whole: %v", d)
		}
	}
}

// stored waits until Bloxs holds n files.
func (o *office) stored(n int) {
	o.t.Helper()
	ctx, cancel := context.WithTimeout(o.t.Context(), patience)
	defer cancel()
	if err := o.bloxs.WaitStored(ctx, n); err != nil {
		o.t.Fatalf("%d of %d stored: %v\n%s", len(o.bloxs.Stored()), n, err, o.log)
	}
}

// uncertain lists the items that wait for a person's word.
func (o *office) uncertain() []control.Entry {
	o.t.Helper()
	return slices.DeleteFunc(o.list("held"), func(e control.Entry) bool { return e.Reason != "uncertain" })
}

// resolveAll gives that word as the office would after a look into Bloxs. It
// returns how many were there.
func (o *office) resolveAll() (sent int) {
	o.t.Helper()
	ids := map[delivery]int64{}
	for _, f := range o.bloxs.Stored() {
		ids[delivery{f.Person, f.SHA256}] = f.ID
	}
	for _, e := range o.uncertain() {
		if id := ids[delivery{e.Person, e.SHA256}]; id > 0 {
			o.run("resolve", e.Item, "--sent", "--file-id", fmt.Sprint(id))
			sent++
		} else {
			o.run("resolve", e.Item, "--resend")
		}
	}
	return sent
}

// noise is content that no two files share.
func noise(seed uint64, size int) []byte {
	var key [32]byte
	key[0], key[1], key[2], key[3] = byte(seed), byte(seed>>8), byte(seed>>16), 1
	content := make([]byte, size)
	_, _ = rand.NewChaCha8(key).Read(content)
	return content
}
