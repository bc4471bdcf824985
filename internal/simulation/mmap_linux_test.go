package simulation

import (
	"os"

	"golang.org/x/sys/unix"
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
	w.number++
	content := append([]byte(nil), old...)
	content[0] ^= byte(1 + w.number%15)
	content[len(content)-1] ^= byte(1 + w.number%7)
	copy(m, content)
	w.mustDo(unix.Munmap(m))
	w.unseen[r.at(rel)] = true
	w.stands(r, rel, content)
	return "changes " + rel + " without a trace: " + digest(content)[:8]
}
