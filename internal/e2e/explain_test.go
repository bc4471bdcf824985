package e2e

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"bloxdrop/internal/app"
	"bloxdrop/internal/bloxs/bloxstest"
	"bloxdrop/internal/control"
	"bloxdrop/internal/testfs"
)

// links is how many there are in the puzzle.
var links = 1

// puzzle is an office with a path of every kind.
func puzzle(t *testing.T) *office {
	opts := staff()
	opts.BodyLimit = 100 << 20
	o := newOffice(t, opts, `[store]`, "max_size = \"20 KiB\"\n\n[store]", `rescan = "1s"`, "rescan = \"1s\"\nignore = [\"*.bak\"]",
		`retry_min = "100ms"`, `retry_min = "1h"`, `retry_max = "1s"`, `retry_max = "1h"`) // else what waits is now and then being sent
	o.bloxs.Uploads.For("1004", bloxstest.Status(503))
	o.bloxs.Uploads.For("1003", bloxstest.Problem(415, "Unsupported.", map[string][]string{"File": {"This type is not allowed"}}))
	o.write("1001 - Jansen/lease.txt", "lease")
	o.write("1001 - Jansen/copy/lease copy.txt", "lease")
	o.write("1001 - Jansen/draft.BAK", "draft")
	o.write("1001 - Jansen/.hidden/x.txt", "x")
	o.write("1001 - Jansen/empty.txt", "")
	o.write("1001 - Jansen/big.bin", strings.Repeat("big", 10_000))
	o.write("1001 - Jansen/gone.txt", "gone")
	o.write("1002 - Bakker/passport.txt", "passport")
	o.write("1003/refused.txt", "refused")
	o.write("1004/late.txt", "late")
	o.write("1234 - Bakker/letter.txt", "letter")
	o.write("New folder/scan.txt", "whose?")
	o.write("loose.txt", "whose?")
	if links > 0 {
		o.must(os.Symlink("lease.txt", filepath.Join(o.root, "1001 - Jansen", "link.txt")))
	}
	o.age()
	return o
}

// solved checks what `explain` says about every path of the puzzle.
func (o *office) solved(running bool) {
	o.t.Helper()
	at := func(rel string) string { return filepath.Join(o.root, filepath.FromSlash(rel)) }
	lease := o.entry("1001 - Jansen/lease.txt")
	id := "file " + strconv.FormatInt(lease.FileID, 10)
	o.explained(at("1001 - Jansen/lease.txt"), "sent: it is in Bloxs as "+id, "for person 1001", "also at "+at("1001 - Jansen/copy/lease copy.txt"), lease.Item)
	o.explained(at("1001 - Jansen/copy/lease copy.txt"), "sent: it is in Bloxs as "+id, "also at "+at("1001 - Jansen/lease.txt"))
	o.explained(at("1001 - Jansen/draft.BAK"), "ignored", `"*.bak"`, "to do:")
	o.explained(at("1001 - Jansen/.hidden/x.txt"), "ignored", `".*"`)
	o.explained(at("1001 - Jansen/empty.txt"), "settling", "empty", "waits for content")
	o.explained(at("1001 - Jansen/big.bin"), "held: rejected", "larger than max_size", "upload.max_size")
	o.explained(at("1002 - Bakker/passport.txt"), "held: name-mismatch", "Fatima El Amrani", "bloxdrop confirm")
	o.explained(at("1003/refused.txt"), "held: rejected", "This type is not allowed", "traceId", "bloxdrop retry")
	late := []string{"waiting: it waits for its next try", "503"}
	if !running {
		late = append(late, "not running", "to do: start bloxdrop")
	}
	o.explained(at("1004/late.txt"), late...)
	o.explained(at("1234 - Bakker/letter.txt"), "held: unknown-person", "There is no person with reference 1234", "rename the folder", "bloxdrop retry")
	o.explained(at("New folder/scan.txt"), "unmatched", "New folder", `"{reference}[ - {name}]"`, "to do: move it")
	o.explained(at("loose.txt"), "unmatched", `"{reference}[ - {name}]"`)
	o.explained(filepath.Join(o.dir, "elsewhere.txt"), "outside", o.root)
	o.explained(at("1001 - Jansen"), "folder", "reference 1001", `"Jansen"`, "sent")
	o.explained(at("1234 - Bakker"), "folder", "reference 1234", "1 held")
	o.explained(at("New folder"), "folder", "no person's folder")
	o.explained(o.root, "folder", "watched root")
	o.explained(at("1001 - Jansen/gone.txt"), "sent: it is in Bloxs", "no longer there")
	o.explained(at("1001 - Jansen/never.txt"), "not there", "no such file")
	if links > 0 {
		o.explained(at("1001 - Jansen/link.txt"), "ignored", "a link", "put the file itself")
	}
}

// TestExplain answers for every kind of path: while it runs, after a restart,
// after a kill, and with nothing running.
func TestExplain(t *testing.T) {
	t.Parallel()
	o := puzzle(t)
	o.explained(filepath.Join(o.root, "1001 - Jansen", "lease.txt"), "settling", "not running", "start bloxdrop")
	o.nothing(o.storeDir()) // a question makes no store
	o.start()
	asSeen := func(st control.Status) bool { return st.Sent == 2 && st.Held == 4 && st.Settling == 1 }
	o.until("all tried", asSeen)
	o.untilTried("1004/late.txt")
	o.remove(filepath.Join(o.root, "1001 - Jansen", "gone.txt"))
	o.until("gone", func(st control.Status) bool { return st.Files == 12+links })
	o.solved(true)
	o.stop()
	o.solved(false)
	o.start()
	o.until("all there again", asSeen)
	o.solved(true)
	o.kill()
	o.solved(false)
	o.start()
	o.until("all there again", asSeen)
	o.solved(true)
}

// untilTried waits until the item has failed at least once and waits again.
func (o *office) untilTried(rel string) {
	o.t.Helper()
	o.until(rel+" tried", func(control.Status) bool {
		e := o.entry(rel)
		return e.State == "waiting" && e.Attempts > 0
	})
}

// TestExplainOffline knows what was there although the root isn't.
func TestExplainOffline(t *testing.T) {
	t.Parallel()
	o := newOffice(t, staff())
	path := o.write("1001 - Jansen/lease.txt", "lease")
	o.start()
	o.untilSent(1)
	o.rename(o.root, o.root+".away")
	o.until("offline", func(st control.Status) bool { return !st.Roots[0].Online })
	o.explained(path, "sent: it is in Bloxs as file", "its root is offline")
	o.explained(filepath.Join(o.root, "1001 - Jansen", "other.txt"), "offline")
	o.stop()
	o.explained(path, "sent: it is in Bloxs as file", "its root is offline")
	o.says(o.run("status"), "OFFLINE")
}

// TestExplainUnmarked: of a root without its marker nobody but a person can tell
// that it is the right one, and each answer says how that is said.
func TestExplainUnmarked(t *testing.T) {
	t.Parallel()
	o := newOffice(t, staff())
	path := o.write("1001 - Jansen/lease.txt", "lease")
	o.start()
	o.untilSent(1)
	o.remove(filepath.Join(o.root, ".bloxdrop"))
	o.until("offline", func(st control.Status) bool { return !st.Roots[0].Online })
	adopt := "bloxdrop adopt " + app.ShellQuoted(o.root) + " --existing"
	for range 2 { // with the service, and without
		o.says(o.run("status"), "OFFLINE", ".bloxdrop is missing", adopt)
		if o.daemon != nil {
			o.explained(path, "sent: it is in Bloxs as file", "its root is offline", "to do: ", adopt)
		}
		if s := o.ask("check"); s.code != 1 || !hasLine(s.out, "error", o.root, "offline", ".bloxdrop is missing", adopt) {
			t.Errorf("check: exit code %d\n%s", s.code, s.out)
		}
		if o.daemon != nil {
			o.stop()
		}
	}
}

// TestExplainPaused: a new file in a root that waits for a person is not said
// to be taken in soon.
func TestExplainPaused(t *testing.T) {
	t.Parallel()
	o := newOffice(t, staff())
	o.write(".bloxdrop", `{"ledger": "OTHER", "position": 7, "root": "/old", "host": "oldserver", "at": "2026-01-02T03:04:05Z"}`)
	path := o.write("1001 - Jansen/lease.txt", "lease")
	o.start()
	o.waits(o.root, "another ledger")
	o.explained(path, "settling", "its root is paused until it is adopted", "another ledger", "to do: see `bloxdrop status`")
}

// TestExplainPaths takes a path as people type it.
func TestExplainPaths(t *testing.T) {
	t.Parallel()
	o := newOffice(t, staff())
	path := o.write("1001 - Jansen/lease.txt", "lease")
	o.start()
	o.untilSent(1)
	link := filepath.Join(o.dir, "link to the scans")
	testfs.Link(t, o.root, link)
	o.explained(filepath.Join(link, "1001 - Jansen", "lease.txt"), "sent")
	o.explained(o.root+"//1001 - Jansen/../1001 - Jansen/./lease.txt", "sent", path)
	o.bloxs.Uploads.For("1002", bloxstest.StoreThen(bloxstest.HTML(502)))
	doubt := o.write("1002 - El Amrani/doubt.txt", "doubt")
	o.untilAt("1002 - El Amrani/doubt.txt", "held", "uncertain")
	o.explained(doubt, "held: uncertain", "502", "bloxdrop resolve", "--sent", "--resend")
	o.says(o.run("retry", doubt), "left alone", "bloxdrop resolve")
}
