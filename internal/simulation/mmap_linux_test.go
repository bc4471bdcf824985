package simulation

import (
	"bytes"
	"os"

	"golang.org/x/sys/unix"

	"bloxdrop/store"
)

// behindTheBack changes a file's content as a program may that has it mapped
// into its memory: on a tmpfs neither size nor time tells of it.
func (w *world) behindTheBack(r *tree, rel string) string {
	if tempFolder() == "" {
		return "does nothing"
	}
	f, err := os.OpenFile(r.at(rel), os.O_RDWR, 0)
	if w.gone(r, rel, err) {
		return "finds nothing at " + rel
	}
	defer f.Close()
	old := r.files[rel].content
	if len(old) == 0 {
		return "does nothing"
	}
	m, err := unix.Mmap(int(f.Fd()), 0, len(old), unix.PROT_READ|unix.PROT_WRITE, unix.MAP_SHARED)
	if err != nil {
		return "can't map " + rel
	}
	content := bytes.Clone(m) // a page that was never read before would be written to with a new time
	was, _, err := store.LookAt(r.at(rel))
	w.mustDo(err)
	w.number++
	content[0] ^= byte(1 + w.number%15)
	content[len(content)-1] ^= byte(1 + w.number%7)
	copy(m, content)
	w.mustDo(unix.Munmap(m))
	is, _, err := store.LookAt(r.at(rel))
	w.mustDo(err)
	if is != was {
		w.t.Fatalf("%s was to be changed without a trace: it was %+v, and is %+v", rel, was, is)
	}
	w.unseen[r.at(rel)] = true
	w.standsToo(r, rel, content)
	return "changes " + rel + " without a trace: " + digest(content)[:8]
}
