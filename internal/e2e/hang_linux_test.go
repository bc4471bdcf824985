package e2e

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"bloxdrop/internal/bloxs/bloxstest"
	"bloxdrop/internal/control"
)

// TestHungShare lets the file server of one root hang while files wait there.
// Every other root's files go on, the service manager hears that bloxdrop is
// alive, and whose fault it is; a stop ends in time, and when the server answers
// again all is sent, once.
func TestHungShare(t *testing.T) {
	t.Parallel()
	o := newOffice(t, bloxstest.Options{})
	mounted := filepath.Join(o.dir, "mounted")
	o.configure("[upload]", "[[watch]]\npath = \""+mounted+"\"\nexisting = \"upload\"\nsettle = \"300ms\"\nrescan = \"1s\"\n\n[upload]\nworkers = 2")
	share := newRemote(o, mounted, "cache=no", "attr_timeout=0", "entry_timeout=0", "negative_timeout=0")
	manager := underSystemd(o, 8*time.Second)
	all := map[string]delivery{}
	drop := func(dir, as string, n int) {
		for i := range n {
			rel, content := fmt.Sprintf("10%02d/%d.txt", i%20, i), fmt.Sprintf("%d in %s", i, as)
			put(o, filepath.Join(dir, rel), content)
			all[filepath.Join(as, rel)] = delivery{fmt.Sprintf("10%02d", i%20), sum([]byte(content))}
		}
	}

	o.start()
	o.run("pause")
	drop(share.folder, mounted, 40)
	o.until("they wait", func(st control.Status) bool { return st.Waiting == 40 })
	answer := share.hangs()
	o.run("resume")
	drop(o.root, o.root, 20)
	st := o.until("the other root's are sent", func(st control.Status) bool { return st.Sent >= 20 })
	if st.Sent != 20 || st.Waiting+st.Sending != 40 {
		t.Errorf("of a share that hangs something was sent: %+v", st)
	}
	o.untilSlowly("the share is offline, the other root is not", func(st control.Status) bool { return st.Roots[0].Online && !st.Roots[1].Online })
	o.says(o.status().Roots[1].Offline, "its file system does not answer")
	if said := manager.until("WATCHDOG=1"); !strings.Contains(said+manager.until("WATCHDOG=1"), mounted) {
		t.Errorf("it does not say whose fault it is: %s", said)
	}
	o.stopsThoughItHangs()
	answer() // or the kernel lets the process not go
	if err := <-o.ended; err != nil {
		t.Errorf("stopped, it ends with %v", err)
	}
	o.daemon = nil
	answer = share.hangs()
	o.start()
	drop(o.root, o.root, 21)
	o.until("with a share that hangs from the start, another root's are sent", func(st control.Status) bool { return st.Sent == 21 })

	answer()
	o.untilSlowly("all are sent", func(st control.Status) bool { return st.Sent == len(all) && st.Settling+st.Waiting+st.Sending == 0 })
	o.storedOnce(all)
	for _, r := range o.status().Roots {
		if !r.Online {
			t.Errorf("%s is offline still: %s", r.Path, r.Offline)
		}
	}
}

// stopsThoughItHangs sends SIGTERM, and waits until all is written down and
// the ledger is free, so that another bloxdrop may start. The process itself
// goes when its last system call has an answer; the kernel lets it no earlier.
func (o *office) stopsThoughItHangs() {
	o.t.Helper()
	o.must(signal(o.daemon.Process, syscall.SIGTERM))
	began := time.Now()
	for {
		_, err := os.Stat(filepath.Join(o.storeDir(), "clean-stop.json"))
		took := time.Since(began)
		if err == nil {
			o.t.Logf("stopped within %v", took)
		}
		if took > 5*time.Second {
			o.t.Errorf("with a share that hangs the stop has not ended after %s\n%s", took, o.log)
		}
		if err == nil || took > 5*time.Second {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
}
