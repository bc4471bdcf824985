//go:build linux

package e2e

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"bloxdrop/internal/bloxs/bloxstest"
	"bloxdrop/internal/control"
)

// sftpShare is a folder that is mounted over sftp. Its server can be stopped as a
// file server that hangs is: whoever asks it anything waits.
type sftpShare struct {
	t      testing.TB
	server *exec.Cmd
}

// mountSFTP mounts the folder behind at path.
func mountSFTP(t testing.TB, behind, path string) *sftpShare {
	t.Helper()
	server := exec.Command("/usr/lib/openssh/sftp-server")
	if _, err := os.Stat(server.Path); err != nil {
		needs(t, err)
	}
	client := exec.Command("sshfs", "-f", "-o", "passive,cache=no,attr_timeout=0,entry_timeout=0,negative_timeout=0", ":"+behind, path)
	if client.Err != nil {
		needs(t, client.Err)
	}
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	asked, asks, err := os.Pipe()
	must(err)
	answered, answers, err := os.Pipe()
	must(err)
	server.Stdin, server.Stdout, client.Stdin, client.Stdout, client.Stderr = asked, answers, answered, asks, os.Stderr
	must(server.Start())
	must(client.Start())
	for _, end := range []*os.File{asked, asks, answered, answers} {
		must(end.Close()) // theirs are their own
	}
	s := &sftpShare{t: t, server: server}
	t.Cleanup(func() {
		s.answer()
		_ = syscall.Unmount(path, syscall.MNT_DETACH)
		_ = client.Process.Kill()
		_ = server.Process.Kill()
		_ = client.Wait()
		_ = server.Wait()
	})
	for deadline := time.Now().Add(patience); ; time.Sleep(10 * time.Millisecond) {
		mounts, err := os.ReadFile("/proc/self/mounts")
		must(err)
		if strings.Contains(string(mounts), " "+path+" fuse.sshfs ") {
			return s
		}
		if time.Now().After(deadline) {
			needs(t, fmt.Errorf("nothing is mounted at %s: only root may mount, and /dev/fuse must be there", path))
		}
	}
}

// needs skips a test for lack of a tool, though not in CI.
func needs(t testing.TB, err error) {
	t.Helper()
	if os.Getenv("CI") != "" {
		t.Fatal(err)
	}
	t.Skip(err)
}

func (s *sftpShare) signal(sig syscall.Signal) {
	s.t.Helper()
	if err := s.server.Process.Signal(sig); err != nil {
		s.t.Error(err)
	}
}

func (s *sftpShare) hang()   { s.signal(syscall.SIGSTOP) }
func (s *sftpShare) answer() { s.signal(syscall.SIGCONT) }

// TestHungShare lets the file server of one root hang while files wait there.
// Every other root's files go on, the service manager hears that bloxdrop is
// alive, and whose fault it is; a stop ends in time, and when the server answers
// again all is sent, once.
func TestHungShare(t *testing.T) {
	t.Parallel()
	o := newOffice(t, bloxstest.Options{})
	behind, mounted := filepath.Join(o.dir, "server"), filepath.Join(o.dir, "mounted")
	o.must(os.MkdirAll(behind, 0o755))
	o.must(os.MkdirAll(mounted, 0o755))
	o.configure("[upload]", "[[watch]]\npath = \""+mounted+"\"\nexisting = \"upload\"\nsettle = \"300ms\"\nrescan = \"1s\"\n\n[upload]\nworkers = 2")
	share := mountSFTP(t, behind, mounted)
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
	drop(behind, mounted, 40)
	o.until("they wait", func(st control.Status) bool { return st.Waiting == 40 })
	share.hang()
	o.run("resume")
	drop(o.root, o.root, 20)
	st := o.until("the other root's are sent", func(st control.Status) bool { return st.Sent >= 20 })
	if st.Sent != 20 || st.Waiting+st.Sending != 40 {
		t.Errorf("of a share that hangs something was sent: %+v", st)
	}
	o.untilSlowly("the share is offline, the other root is not", func(st control.Status) bool { return st.Roots[0].Online && !st.Roots[1].Online })
	if said := manager.until("WATCHDOG=1"); !strings.Contains(said+manager.until("WATCHDOG=1"), mounted) {
		t.Errorf("it does not say whose fault it is: %s", said)
	}
	o.stopsThoughItHangs()
	share.answer() // or the kernel lets the process not go
	if err := <-o.ended; err != nil {
		t.Errorf("stopped, it ends with %v", err)
	}
	o.daemon = nil
	share.hang()
	o.start()
	drop(o.root, o.root, 21)
	o.until("with a share that hangs from the start, another root's are sent", func(st control.Status) bool { return st.Sent == 21 })

	share.answer()
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
		_, err := os.Stat(filepath.Join(o.dir, "store", "clean-stop.json"))
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
