package notice

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"log/slog"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"sync"

	"bloxdrop/internal/wholefile"
)

// written remembers in which folders a notice of ours stands, so that one which
// is missing is known to have been deleted by somebody, also over a restart.
// A folder is noted down only after its notice stands, and struck out before
// the notice is taken away: whatever a kill interrupts, a missing notice never
// looks like a deletion that nobody has made. At worst one that somebody made
// is not noticed, and the notice is written anew.
//
// Names of folders are names of persons. So the file has digests only, with the
// ledger's ID as their salt: another ledger's mean nothing, and whoever is
// forgotten is in none that could be read.
type written struct {
	path string
	salt []byte
	log  *slog.Logger

	mu     sync.Mutex
	in     map[string]map[string]bool // root -> folder, both as digests
	stale  bool                       // the file says something else
	failed bool                       // it can't be written, which was said
}

const writtenNote = "Where a notice of bloxdrop's stands in the watched folders, as digests."

type writtenFile struct {
	Note  string              `json:"note"`
	Roots map[string][]string `json:"roots"`
}

// loadWritten takes a file that can't be read for none: nothing then counts as deleted.
func loadWritten(o Options) *written {
	w := &written{path: filepath.Join(o.Dir, "notices.json"), salt: []byte(o.Store.ID()), log: o.Log, in: map[string]map[string]bool{}}
	for _, r := range o.Roots {
		w.in[w.digest(r.Path)] = map[string]bool{}
	}
	b, err := os.ReadFile(w.path)
	var f writtenFile
	if err != nil || json.Unmarshal(b, &f) != nil {
		return w
	}
	for root, folders := range f.Roots {
		for _, d := range folders {
			if w.in[root] != nil {
				w.in[root][d] = true
			}
		}
	}
	return w
}

func (w *written) digest(what string) string {
	h := hmac.New(sha256.New, w.salt)
	_, _ = h.Write([]byte(what))
	return hex.EncodeToString(h.Sum(nil)[:12])
}

func (w *written) has(root, folder string) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.in[w.digest(root)][w.digest(root+"\x00"+folder)]
}

func (w *written) add(root, folder string) { w.set(root, folder, true) }

func (w *written) drop(root, folder string) { w.set(root, folder, false) }

func (w *written) set(root, folder string, is bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	in, key := w.in[w.digest(root)], w.digest(root+"\x00"+folder)
	if in[key] == is {
		return
	}
	w.stale = true
	if is {
		in[key] = true
	} else {
		delete(in, key)
	}
}

// keep strikes all folders of a root out but these.
func (w *written) keep(root string, folders map[string]*folder) {
	stay := map[string]bool{}
	for key := range folders {
		stay[w.digest(root+"\x00"+key)] = true
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	maps.DeleteFunc(w.in[w.digest(root)], func(key string, _ bool) bool {
		w.stale = w.stale || !stay[key]
		return !stay[key]
	})
}

// save makes the file say what is so. That it can't is said once; all goes on.
func (w *written) save() {
	w.mu.Lock()
	defer w.mu.Unlock()
	if !w.stale {
		return
	}
	f := writtenFile{Note: writtenNote, Roots: map[string][]string{}}
	for root, in := range w.in {
		f.Roots[root] = slices.Sorted(maps.Keys(in))
	}
	b, err := json.MarshalIndent(f, "", " ")
	if err == nil {
		err = wholefile.Write(w.path, append(b, '\n'))
	}
	if err != nil && !w.failed {
		w.log.Warn("it can't be noted which notices were written, so that a deleted one may go unnoticed after a restart", "path", w.path, "err", err)
	}
	w.failed = err != nil
	w.stale = err != nil
}
