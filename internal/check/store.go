package check

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"

	"github.com/dustin/go-humanize"

	"bloxdrop/internal/control"
	"bloxdrop/store"
)

// What the ledger and its journal want of a disk: a million files take less
// than the first, and the second is gone within days.
const (
	fuse       = "FUSE"
	roomEnough = 1 << 30
	roomLeast  = 100 << 20
)

// storeDir looks at the folder in which bloxdrop remembers, and at that of the log.
func (c *checker) storeDir(v *visit) *result {
	r := &result{}
	if dir := c.Config.Store.Dir; dir != "" {
		c.ownFolder(v, r, "store.dir", dir)
	}
	if file := c.Config.Log.File; file != "" {
		dir := filepath.Dir(file)
		if err := mayWrite(dir); err != nil {
			r.add(Error, "log.file", "make that folder; "+letWrite(err), "nothing can be written into %s: %v", dir, plain(err))
		} else {
			r.add(OK, "log.file", "", "%s can be written", file)
		}
	}
	return r
}

// letWrite is what helps where nothing can be written.
func letWrite(err error) string {
	if errors.Is(err, syscall.EROFS) { // of the mount, or of the unit that shuts the service in
		return "mount it for writing, or name it in the unit's ReadWritePaths (`systemctl edit bloxdrop`)"
	}
	return "give bloxdrop's account the right to write there"
}

// ownFolder looks at a folder of bloxdrop's own. Where it isn't yet, the
// nearest one above says what it would be like.
func (c *checker) ownFolder(v *visit, r *result, key, dir string) {
	fi, err := os.Stat(dir)
	there := err == nil
	switch {
	case err == nil && !fi.IsDir():
		r.add(Error, key, "name a folder", "%s is a file", dir)
		return
	case err != nil && !errors.Is(err, fs.ErrNotExist):
		r.add(Error, key, "give bloxdrop's account the right to it, or name another folder", "%s can't be looked at: %v", dir, plain(err))
		return
	}
	above := dir
	for !there && above != filepath.Dir(above) {
		above = filepath.Dir(above)
		if _, err := os.Stat(above); err == nil {
			break
		}
		v.moved.Add(1)
	}
	if err := mayWrite(above); err != nil {
		r.add(Error, key, letWrite(err)+", or name another folder", "nothing can be written into %s: %v", above, plain(err))
		return
	}
	if there && runtime.GOOS != "windows" && fi.Mode().Perm()&0o077 != 0 {
		r.add(Warning, key, "run: chmod 700 "+dir, "%s can be read by other accounts (mode %04o), and names of persons and files stand in it", dir, fi.Mode().Perm())
	}
	c.disk(r, key, above)
	if there {
		r.add(OK, key, "", "%s is there and can be written", dir)
	} else {
		r.add(OK, key, "", "%s is not there yet; the first start makes it", dir)
	}
}

// disk looks at what lies under a folder of bloxdrop's own.
func (c *checker) disk(r *result, key, dir string) {
	d, err := diskOf(dir)
	if err != nil {
		r.add(Warning, key, "make sure that it is a local disk with some room", "the system does not say what disk %s is on: %v", dir, plain(err))
		return
	}
	switch {
	case d.kind == fuse:
		r.add(Warning, key, "choose a folder on a disk of this machine, unless it is one", "%s is on a file system of a program (FUSE), perhaps on another machine", dir)
	case d.remote:
		r.add(Error, key, "choose a folder on a disk of this machine", "%s is on a network file system (%s), where the ledger may be damaged", dir, d.kind)
	case d.fleeting:
		r.add(Warning, key, "choose a folder on a disk", "%s is in memory (%s): after a restart of this machine all is forgotten, and all would be sent again", dir, d.kind)
	}
	switch free := humanize.IBytes(d.free); {
	case d.free < roomLeast:
		r.add(Error, key, "make room, or choose another disk", "there are only %s free on the disk of %s", free, dir)
	case d.free < roomEnough:
		r.add(Warning, key, "make room, or choose another disk", "there are only %s free on the disk of %s; a million files want about 1 GiB", free, dir)
	}
}

// memory asks the running service, or looks into the ledger that none has open.
func (c *checker) memory(ctx context.Context) {
	dir := c.Config.Store.Dir
	switch {
	case c.Desk != nil:
		c.service(ctx)
		return
	case dir == "":
		return
	case !store.Exists(dir):
		c.ok("ledger", "there is none yet, so the first start begins with nothing sent")
		return
	}
	var err error
	if c.ledger, err = store.PeekAt(dir); err != nil {
		c.noLedger(err)
		return
	}
	n, err := c.ledger.Counts()
	if err != nil {
		c.forget()
		c.noLedger(err)
		return
	}
	text := fmt.Sprintf("no service runs; so far %s sent, %s waiting, %s held", count(n.Items[store.Sent]),
		count(n.Items[store.Waiting]+n.Items[store.Sending]), count(n.Items[store.Held]))
	if !c.ledger.StoppedCleanly() {
		text += "; the last stop was not clean, so the next start reads all of it first"
	}
	c.ok("ledger", "%s", text)
	c.held(n.Items[store.Held])
}

func (c *checker) noLedger(err error) {
	f := Finding{Warning, "ledger", err.Error(), "the next start mends it from the journal, or says what to do; both files are in store.dir"}
	switch {
	case errors.Is(err, store.ErrNewer):
		f.Level, f.Remedy = Error, "" // the error says it
	case errors.Is(err, store.ErrLocked):
		f.Remedy = "wait for the command that has it open, and run check again"
	case errors.Is(err, fs.ErrPermission):
		f.Level, f.Remedy = Error, "run check as the account under which bloxdrop runs"
	}
	c.Say(f)
}

func (c *checker) forget() {
	if c.ledger != nil {
		_ = c.ledger.Close() // it was only read
		c.ledger = nil
	}
}

// service says what the running service has to say.
func (c *checker) service(ctx context.Context) {
	st, err := c.Desk.Status(ctx)
	if err != nil {
		c.Say(Finding{Warning, "service", err.Error(), "look into its log"})
		return
	}
	c.status = &st
	c.ok("service", "it is %s; %s sent, %s waiting, %s held", st.State, count(st.Sent), count(st.Waiting+st.Sending), count(st.Held))
	for _, p := range st.Pauses {
		level := Warning
		if p.Until == "" {
			level = Error
		}
		c.Say(Finding{level, "service", "sending is paused: " + p.Cause, p.Remedy})
	}
	for _, n := range st.Notes {
		c.Say(Finding{Warning, "service", n, ""})
	}
	c.held(st.Held)
}

func (c *checker) held(n int) {
	if n > 0 {
		c.Say(Finding{Warning, "held", many(n, "file") + " held", "`bloxdrop list --state held` shows them with what to do"})
	}
}

// rootStatus is how the running service sees a root, if one runs.
func (c *checker) rootStatus(path string) *control.Root {
	if c.status == nil {
		return nil
	}
	for i, r := range c.status.Roots {
		if r.Path == path {
			return &c.status.Roots[i]
		}
	}
	return nil
}

func count(n int) string { return humanize.Comma(int64(n)) }

// many counts things, each called by one word.
func many(n int, word string) string {
	if n == 1 {
		return "1 " + word
	}
	return count(n) + " " + word + "s"
}

// plain is a file system's error without the path, which stands beside it.
func plain(err error) string {
	var pe *fs.PathError
	if errors.As(err, &pe) {
		err = pe.Err
	}
	return strings.TrimSuffix(err.Error(), ".")
}
