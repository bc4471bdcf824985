package e2e

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"bloxdrop/internal/bloxs/bloxstest"
	"bloxdrop/internal/control"
)

// large is more than the kernel takes from a client whose server reads no
// further, so that such a body is held in its midst.
const large = 24 << 20

// TestChangesWhileBeingSent changes a file while half of it is on its way.
// Bloxs never holds anything but what the file was before or is afterwards,
// under the name and the person that it has afterwards.
func TestChangesWhileBeingSent(t *testing.T) {
	t.Parallel()
	was := noise(1, large)
	for _, c := range []struct {
		name string
		do   func(o *office, path string) (now string) // its path, "" where it is gone
	}{
		{"grows", func(o *office, path string) string {
			f, err := os.OpenFile(path, os.O_WRONLY|os.O_APPEND, 0)
			o.must(err)
			_, err = f.WriteString("one more page")
			o.must(err)
			o.must(f.Close())
			return path
		}},
		{"is truncated", func(o *office, path string) string { o.must(os.Truncate(path, 5<<20)); return path }},
		{"is truncated where it was read already", func(o *office, path string) string { o.must(os.Truncate(path, 1000)); return path }},
		{"is overwritten behind what was read", overwrite(0)},
		{"is overwritten before what was read", overwrite(large - 1)},
		{"is replaced by rename", func(o *office, path string) string {
			next := filepath.Join(o.dir, "next")
			o.must(os.WriteFile(next, noise(2, large), 0o644))
			o.rename(next, path)
			return path
		}},
		{"is renamed", moveTo("1001/new name.bin")},
		{"is moved to another person", moveTo("1002/a.bin")},
		{"loses its folder's name", func(o *office, path string) string {
			o.rename(filepath.Dir(path), filepath.Join(o.root, "1003"))
			return filepath.Join(o.root, "1003", filepath.Base(path))
		}},
		{"vanishes", func(o *office, path string) string { o.must(os.Remove(path)); return "" }},
		{"is taken out of the root", func(o *office, path string) string {
			o.rename(path, filepath.Join(o.dir, "taken"))
			return ""
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			o := newOffice(t, bloxstest.Options{})
			hold := bloxstest.Hold()
			defer hold.Release()
			o.bloxs.Uploads.Next(hold.Fault.At(1 << 20))
			path := o.write("1001/a.bin", string(was))
			o.start()
			select {
			case <-hold.Reached():
			case <-time.After(patience):
				t.Fatalf("the file is not sent\n%s", o.log)
			}
			now := c.do(o, path)
			hold.Release()
			if now == "" {
				o.until("withdrawn", func(st control.Status) bool {
					return st.Withdrawn == 1 && st.Files == 0 && st.Settling+st.Waiting+st.Sending == 0
				})
				o.storedOnce()
				return
			}
			o.untilAllSent()
			o.storedOnce(o.there())
			if got := o.bloxs.Stored()[0]; got.Name != filepath.Base(now) || got.Person != o.person(now) {
				t.Errorf("%s was stored as %q of person %s", now, got.Name, got.Person)
			}
		})
	}
}

func overwrite(at int64) func(*office, string) string {
	return func(o *office, path string) string {
		f, err := os.OpenFile(path, os.O_WRONLY, 0)
		o.must(err)
		_, err = f.WriteAt([]byte{'x'}, at)
		o.must(err)
		o.must(f.Close())
		return path
	}
}

func moveTo(rel string) func(*office, string) string {
	return func(o *office, path string) string {
		to := filepath.Join(o.root, filepath.FromSlash(rel))
		o.must(os.MkdirAll(filepath.Dir(to), 0o755))
		o.rename(path, to)
		return to
	}
}

// TestSlowWriters lets files come into being as scanners and copies over a
// network make them. Each is stored once, whole.
func TestSlowWriters(t *testing.T) {
	t.Parallel()
	o := newOffice(t, bloxstest.Options{}, `settle = "300ms"`, `settle = "2s"`)
	o.start()
	open := func(rel string) *os.File {
		f, err := os.OpenFile(o.write(rel, ""), os.O_WRONLY, 0)
		o.must(err)
		return f
	}
	appended, allocated := open("1001/appended.bin"), open("1001/allocated.bin")
	page := noise(3, 10<<10)
	const pages = 40
	o.must(allocated.Truncate(pages * int64(len(page))))
	for i := range pages {
		_, err := appended.Write(page)
		o.must(err)
		_, err = allocated.WriteAt(append([]byte{byte(i)}, page[1:]...), int64(i*len(page)))
		o.must(err)
		// One that closes its file after each page.
		f, err := os.OpenFile(filepath.Join(o.root, "1001", "closed.bin"), os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o644)
		o.must(err)
		_, err = f.Write(append([]byte("closed"), page...))
		o.must(err)
		o.must(f.Close())
		// A page of a dense print takes longer, though not as long as settle.
		time.Sleep(50 * time.Millisecond)
		if i%8 == 7 {
			time.Sleep(1200 * time.Millisecond)
		}
	}
	o.must(appended.Close())
	o.must(allocated.Close())
	o.untilAllSent()
	o.storedOnce(o.there())
	if n := o.bloxs.Uploads.Count(); n != 3 {
		t.Errorf("%d uploads of 3 files", n)
	}
}

// TestEmptyFile waits for content, and counts while it does, also where
// there was content before.
func TestEmptyFile(t *testing.T) {
	t.Parallel()
	o := newOffice(t, bloxstest.Options{})
	o.start()
	o.write("1001/scan.pdf", "")
	o.write("1001/other.txt", "other")
	o.stored(1)
	waits := func(st control.Status) bool {
		return st.Settling == 1 && st.Sent == 1 && st.Waiting+st.Sending+st.Held == 0 && st.Files == 2
	}
	o.addsUp(o.until("waiting for content", waits))
	if out := o.run("explain", filepath.Join(o.root, "1001", "scan.pdf")); out == "" {
		t.Error("nothing is said of an empty file")
	}
	o.write("1001/scan.pdf", "%PDF-1.7 a page %%EOF")
	o.untilAllSent()
	files := o.there()
	o.write("1001/scan.pdf", "") // saved anew by some program
	o.until("emptied", func(st control.Status) bool { return st.Settling == 1 && st.Files == 2 && st.Duplicate == 0 })
	o.write("1001/scan.pdf", "%PDF-1.7 two pages %%EOF")
	o.untilAllSent()
	o.storedOnce(files, o.there())
}

// TestRootGoesAndComesBack takes the share away and brings it back, while
// files wait and while one settles.
func TestRootGoesAndComesBack(t *testing.T) {
	t.Parallel()
	o := newOffice(t, bloxstest.Options{})
	o.start()
	o.write("1001/sent.txt", "sent")
	o.write("1002/sent.txt", "sent as well")
	o.untilAllSent()
	o.bloxs.Uploads.For("1003", bloxstest.Status(503))
	o.write("1003/waits.txt", "waits")
	o.untilAt("1003/waits.txt", "waiting", "")

	away := o.root + ".away"
	for _, how := range []struct {
		name       string
		meanwhile  func()
		afterwards func()
	}{
		{"gone", func() {}, func() {}},
		{"an empty mount point", func() { o.must(os.Mkdir(o.root, 0o755)) }, func() { o.must(os.Remove(o.root)) }},
		{"restarted meanwhile", func() { o.stop(); o.start() }, func() {}},
		{"killed meanwhile", func() { o.must(os.Mkdir(o.root, 0o755)); o.kill(); o.start() }, func() { o.must(os.Remove(o.root)) }},
	} {
		before := o.bloxs.Stored()
		o.rename(o.root, away)
		how.meanwhile()
		st := o.until(how.name+": offline", func(st control.Status) bool { return !st.Roots[0].Online && st.Sending == 0 })
		if st.Sent != 2 || st.Waiting != 1 || st.Withdrawn != 0 {
			t.Errorf("%s: %+v", how.name, st)
		}
		how.afterwards()
		o.rename(away, o.root)
		st = o.until(how.name+": online", func(st control.Status) bool { return st.Roots[0].Online && st.Files == 3 && st.Sending == 0 })
		if st.Sent != 2 || st.Waiting != 1 || st.Withdrawn != 0 || len(o.bloxs.Stored()) != len(before) {
			t.Errorf("%s, then back: %+v", how.name, st)
		}
	}
	o.bloxs.Uploads.Clear()
	o.write("1004/new.txt", "new")
	o.untilAllSent()
	o.storedOnce(o.there())
}
