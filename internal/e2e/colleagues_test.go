package e2e

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"bloxdrop/internal/bloxs/bloxstest"
)

// TestColleagues works in the folders while the service watches and sends: new
// files in old and new folders arrive by events, and nothing that the service
// does keeps a person's folder from being renamed.
func TestColleagues(t *testing.T) {
	t.Parallel()
	o := newOffice(t, bloxstest.Options{}, `rescan = "1s"`, `rescan = "1h"`)
	o.write("1001 - Jansen/old.txt", "old")
	o.start()
	o.untilSent(1)
	if st := o.status(); !st.Roots[0].Events {
		t.Fatalf("no events: %+v", st.Roots[0])
	}
	rename := func(from, to string) {
		t.Helper()
		o.must(os.Rename(filepath.Join(o.root, from), filepath.Join(o.root, to)))
	}
	hold := bloxstest.Hold()
	defer hold.Release()
	o.bloxs.Uploads.For("1002", hold.Fault.At(1<<20))
	o.write("1002/sub/being sent.bin", string(noise(5, large)))
	select {
	case <-hold.Reached():
	case <-time.After(patience):
		t.Fatalf("a file in a new folder is not sent\n%s", o.log)
	}
	o.write("1001 - Jansen/new.txt", "new")
	o.write("1003/new/folders/new.txt", "new, too")
	rename("1002", "1002 - Jansen")              // from which a file is being sent
	rename("1001 - Jansen", "1001 - Jansen Jr.") // in which one settles
	rename("1002 - Jansen/sub", "1002 - Jansen/lease")
	hold.Release()
	o.untilAllSent()
	o.storedOnce(o.there())
	o.stop()
}
