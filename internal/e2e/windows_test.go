//go:build windows

package e2e

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
	"unsafe"

	"golang.org/x/sys/windows"

	"bloxdrop/internal/bloxs/bloxstest"
	"bloxdrop/internal/control"
)

// TestUNC watches a root by its share's name: C$ is there on every Windows, for
// administrators, and .ci/wine makes it.
func TestUNC(t *testing.T) {
	t.Parallel()
	o := newOffice(t, bloxstest.Options{})
	o.root = `\\localhost\C$` + strings.TrimPrefix(o.root, filepath.VolumeName(o.root))
	if _, err := os.Stat(o.root); err != nil {
		t.Skip("no share here: ", err)
	}
	o.configure(`rescan = "1s"`, `rescan = "1h"`)
	o.write("1001 - Jansen/old.txt", "old")
	o.start()
	o.untilSent(1)
	if st := o.status(); !st.Roots[0].Events {
		t.Errorf("no events: %+v", st.Roots[0])
	}
	o.write("1001 - Jansen/new.txt", "new")
	o.write("1002/a/b/new.txt", "new, too")
	long := o.write("1003/"+strings.Repeat("a folder with a long name/", 12)+"Letter.txt", "far down")
	o.must(os.Rename(filepath.Join(o.root, "1001 - Jansen"), filepath.Join(o.root, "1001 - P. Jansen")))
	o.untilAllSent()
	o.storedOnce(o.there())
	for _, path := range []string{long, strings.ToUpper(long), `\\?\UNC` + long[1:]} {
		o.explained(path, "sent: it is in Bloxs")
	}
	o.stop()
}

// TestMappedDrive: a service has no such drive, however it is written.
func TestMappedDrive(t *testing.T) {
	t.Parallel()
	drive := ""
	for letter := 'D'; letter <= 'Z'; letter++ {
		if name, err := windows.UTF16PtrFromString(string(letter) + `:\`); err == nil && windows.GetDriveType(name) == windows.DRIVE_REMOTE {
			drive = string(letter) + ":"
		}
	}
	if drive == "" {
		t.Skip("no network drive is mapped here")
	}
	o := newOffice(t, bloxstest.Options{})
	for _, path := range []string{drive + `\scans`, strings.ToLower(drive) + `/scans`, `\\?\` + drive + `\scans`} {
		text, err := os.ReadFile(o.config)
		o.must(err)
		config := filepath.Join(o.dir, "mapped.toml")
		o.must(os.WriteFile(config, []byte(strings.Replace(string(text), fmt.Sprintf("path = %q", filepath.ToSlash(o.root)), "path = '"+path+"'", 1)), 0o600))
		out, code := o.try("run", "--config", config)
		if code != 2 || !strings.Contains(out, "a service does not have") || !strings.Contains(out, `\scans'`) {
			t.Errorf("%s: exit code %d\n%s", path, code, out)
		}
	}
}

// TestRenamedByCaseAlone: that makes no file and no place new.
func TestRenamedByCaseAlone(t *testing.T) {
	t.Parallel()
	o := newOffice(t, bloxstest.Options{})
	o.start()
	o.write("1001 - Jansen/Sub/Lease.txt", "lease")
	o.write("1001 - Jansen/Other.txt", "other")
	o.untilAllSent()
	for _, names := range [][2]string{
		{`1001 - Jansen\Sub\Lease.txt`, `1001 - Jansen\Sub\LEASE.TXT`}, {`1001 - Jansen\Sub`, `1001 - Jansen\SUB`}, {`1001 - Jansen`, `1001 - JANSEN`},
	} {
		o.must(os.Rename(filepath.Join(o.root, names[0]), filepath.Join(o.root, names[1])))
	}
	path := o.write("1001 - jansen/sub/new.txt", "new")
	st := o.until("sent", func(st control.Status) bool { return st.Sent == 3 && st.Files == 3 && st.Settling == 0 })
	o.addsUp(st)
	if n := len(o.bloxs.Stored()); n != 3 || st.Duplicate != 0 {
		t.Errorf("%d stored, %+v", n, st)
	}
	if out := o.run("explain", strings.ToUpper(path)); strings.Contains(out, "also at") {
		t.Errorf("one file at two places:\n%s", out)
	}
}

// TestCopiesThatPause are long without a byte, as over a bad line, and set the
// time of the original at the end. They differ in whom they let in meanwhile.
func TestCopiesThatPause(t *testing.T) {
	t.Parallel()
	o := newOffice(t, bloxstest.Options{})
	o.start()
	const read, write, remove = windows.FILE_SHARE_READ, windows.FILE_SHARE_WRITE, windows.FILE_SHARE_DELETE
	var copies []*os.File
	for i, share := range []uint32{0, read, read | write, read | write | remove} {
		path := o.write(fmt.Sprintf("1001/copy %d.bin", i), "")
		name, err := windows.UTF16PtrFromString(path)
		o.must(err)
		h, err := windows.CreateFile(name, windows.GENERIC_WRITE, share, nil, windows.OPEN_EXISTING, windows.FILE_ATTRIBUTE_NORMAL, 0)
		o.must(err)
		f := os.NewFile(uintptr(h), path)
		copies = append(copies, f)
		o.must(f.Truncate(200 << 10)) // Explorer takes the whole room first
		_, err = f.WriteAt(noise(uint64(i), 100<<10), 0)
		o.must(err)
	}
	o.until("found open", func(st control.Status) bool {
		out := o.run("list", "--state", "settling")
		return strings.Count(out, "another program has it open") == len(copies)
	})
	for i, f := range copies {
		_, err := f.WriteAt(noise(uint64(100+i), 100<<10), 100<<10)
		o.must(err)
		original := windows.NsecToFiletime(time.Date(2020, 1, 2, 3, 4, 5, 0, time.UTC).UnixNano())
		o.must(windows.SetFileTime(windows.Handle(f.Fd()), nil, nil, &original))
		o.must(f.Close())
	}
	o.untilAllSent()
	o.storedOnce(o.there())
	if n := o.bloxs.Uploads.Count(); n != len(copies) {
		t.Errorf("%d uploads of %d files", n, len(copies))
	}
}

// TestSavedAsOfficeDoes saves a document again and again: the new content comes
// by a rename or as ReplaceFile does it, while the former is being sent.
func TestSavedAsOfficeDoes(t *testing.T) {
	t.Parallel()
	o := newOffice(t, bloxstest.Options{})
	o.bloxs.Uploads.Always(bloxstest.SlowAnswer(100 * time.Millisecond))
	o.start()
	doc := o.write("1001/lease.docx", "version 0")
	seen := []map[string]delivery{o.there()}
	temp, old := filepath.Join(filepath.Dir(doc), "~WRD0001.tmp"), filepath.Join(filepath.Dir(doc), "~WRL0002.tmp")
	for i := range 12 {
		o.write("1001/~$lease.docx", "whose it is")
		o.must(os.WriteFile(temp, fmt.Appendf(nil, "version %d %s", i+1, strings.Repeat("x", 1000*i)), 0o644))
		if i%2 == 0 {
			o.must(os.Rename(doc, old))
			time.Sleep(time.Duration(i) * 20 * time.Millisecond) // for a moment it is not there
			o.must(os.Rename(temp, doc))
		} else {
			o.must(replaceFile(doc, temp, old))
		}
		o.must(os.Remove(old))
		o.must(os.Remove(filepath.Join(filepath.Dir(doc), "~$lease.docx")))
		seen = append(seen, o.there())
		time.Sleep(time.Duration(i) * 80 * time.Millisecond) // somewhere between settling and sent
	}
	o.untilAllSent()
	stored := map[string]bool{}
	for _, f := range o.bloxs.Stored() {
		if stored[f.SHA256] || f.Name != "lease.docx" {
			t.Errorf("%s was stored, before: %v", f.Name, stored[f.SHA256])
		}
		stored[f.SHA256] = true
	}
	for _, files := range seen {
		delete(stored, files[doc].sha256)
	}
	if len(stored) > 0 {
		t.Errorf("%d were stored that never stood there whole", len(stored))
	}
}

func replaceFile(path, by, backup string) error {
	var names [3]*uint16
	for i, name := range []string{path, by, backup} {
		var err error
		if names[i], err = windows.UTF16PtrFromString(name); err != nil {
			return err
		}
	}
	ok, _, err := windows.NewLazySystemDLL("kernel32.dll").NewProc("ReplaceFileW").Call(uintptr(unsafe.Pointer(names[0])),
		uintptr(unsafe.Pointer(names[1])), uintptr(unsafe.Pointer(names[2])), 0, 0, 0)
	if ok == 0 {
		return err
	}
	return nil
}
