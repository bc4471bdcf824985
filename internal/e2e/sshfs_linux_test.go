package e2e

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"bloxdrop/internal/bloxs/bloxstest"
	"bloxdrop/internal/control"
)

// remote is a share on a server of the test's own: sshd on a port and with keys
// of its own, mounted through FUSE, which tells of nothing that others write.
type remote struct {
	o       *office
	folder  string // on the server
	at      string // where it is mounted
	options []string
	port    int
	sshd    *exec.Cmd
	sshfs   *exec.Cmd
}

func newRemote(o *office, at string, options ...string) *remote {
	o.t.Helper()
	t := o.t
	for _, tool := range []string{"/usr/sbin/sshd", "sshfs", "ssh-keygen"} {
		if _, err := exec.LookPath(tool); err != nil {
			missing(t, "there is no ", tool, " here")
		}
	}
	if os.Geteuid() != 0 {
		missing(t, "only root runs a server and mounts from it")
	}
	r := &remote{o: o, folder: filepath.Join(o.dir, "on the server"), at: at, options: options, port: freePort(t)}
	o.must(os.Mkdir(r.folder, 0o755))
	o.must(os.MkdirAll(at, 0o755))
	t.Cleanup(r.end)
	r.serve()
	r.mount()
	return r
}

func freePort(t testing.TB) int {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port
}

func (r *remote) path(name string) string { return filepath.Join(r.o.dir, name) }

// serve starts the server.
func (r *remote) serve() {
	o := r.o
	o.t.Helper()
	o.must(os.MkdirAll("/run/sshd", 0o755)) // where it drops its rights
	for _, key := range []string{"host", "client"} {
		if _, err := os.Stat(r.path(key)); err == nil {
			continue
		}
		if out, err := exec.Command("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", r.path(key)).CombinedOutput(); err != nil {
			o.t.Fatalf("%v %s", err, out)
		}
	}
	config := fmt.Sprintf("ListenAddress 127.0.0.1:%d\nHostKey %q\nAuthorizedKeysFile %q\nPidFile none\nUsePAM no\nStrictModes no\nPermitRootLogin yes\nPasswordAuthentication no\nSubsystem sftp internal-sftp\n",
		r.port, r.path("host"), r.path("client.pub"))
	o.must(os.WriteFile(r.path("sshd_config"), []byte(config), 0o600))
	r.sshd = exec.Command("/usr/sbin/sshd", "-D", "-e", "-f", r.path("sshd_config"))
	r.sshd.Stderr = o.log
	o.must(r.sshd.Start())
	for deadline := time.Now().Add(patience); ; time.Sleep(20 * time.Millisecond) {
		conn, err := net.Dial("tcp", fmt.Sprintf("127.0.0.1:%d", r.port))
		if err == nil {
			conn.Close()
			return
		}
		if time.Now().After(deadline) {
			o.t.Fatalf("sshd does not come up: %v\n%s", err, o.log)
		}
	}
}

func (r *remote) mount() {
	o := r.o
	o.t.Helper()
	me, err := user.Current()
	o.must(err)
	r.sshfs = exec.Command("sshfs", "-f", "-p", strconv.Itoa(r.port), "-o", strings.Join(append([]string{
		"IdentityFile=" + r.path("client"), "UserKnownHostsFile=/dev/null", "StrictHostKeyChecking=no", "LogLevel=ERROR", "PasswordAuthentication=no",
	}, r.options...), ","), fmt.Sprintf("%s@127.0.0.1:%s", me.Username, r.folder), r.at)
	r.sshfs.Stderr = o.log
	o.must(r.sshfs.Start())
	for deadline := time.Now().Add(patience); ; time.Sleep(20 * time.Millisecond) {
		if isMounted(r.at) {
			return
		}
		if time.Now().After(deadline) {
			o.t.Fatalf("it is not mounted\n%s", o.log)
		}
	}
}

func isMounted(path string) bool {
	mounts, err := os.ReadFile("/proc/self/mounts")
	return err == nil && strings.Contains(string(mounts), " "+strings.ReplaceAll(path, " ", `\040`)+" ")
}

// processes are sshd and whatever serves its connections.
func (r *remote) processes() (all []int) {
	parent := map[int]int{}
	stats, _ := filepath.Glob("/proc/[0-9]*/stat")
	for _, path := range stats {
		b, err := os.ReadFile(path)
		if err != nil {
			continue
		}
		fields := strings.Fields(string(b[strings.LastIndex(string(b), ")")+1:]))
		pid, _ := strconv.Atoi(filepath.Base(filepath.Dir(path)))
		parent[pid], _ = strconv.Atoi(fields[1])
	}
	for pid := range parent {
		for p := pid; p > 1; p = parent[p] {
			if p == r.sshd.Process.Pid {
				all = append(all, pid)
				break
			}
		}
	}
	return all
}

// hangs stops the server, so that whoever looks at the share waits, until it is freed.
func (r *remote) hangs() (free func()) {
	pids := r.processes()
	for _, pid := range pids {
		_ = unix.Kill(pid, unix.SIGSTOP)
	}
	return func() {
		for _, pid := range pids {
			_ = unix.Kill(pid, unix.SIGCONT)
		}
	}
}

// goes ends the server without a word.
func (r *remote) goes() {
	for _, pid := range r.processes() {
		_ = unix.Kill(pid, unix.SIGKILL)
	}
	_ = r.sshd.Wait() // killed
	r.unmount()
}

func (r *remote) unmount() {
	if r.sshfs == nil {
		return
	}
	_ = r.sshfs.Process.Signal(syscall.SIGKILL)
	_ = r.sshfs.Wait() // killed
	_ = unix.Unmount(r.at, unix.MNT_DETACH)
	r.sshfs = nil
}

func (r *remote) end() {
	r.unmount()
	r.o.kill()
	if r.sshd != nil {
		for _, pid := range r.processes() {
			_ = unix.Kill(pid, unix.SIGKILL)
		}
		_ = r.sshd.Wait() // killed
	}
}

// shared is an office whose first root is such a share, and whose other one isn't.
type shared struct {
	*remote
	t     *testing.T
	work  *colleague
	other string
	n     int // files in the other root
}

// TestRemoteShare: files that others write on a server, which tells nobody; a
// server that hangs while another root goes on; one that goes and comes back.
func TestRemoteShare(t *testing.T) {
	t.Parallel()
	o := newOffice(t, bloxstest.Options{})
	s := &shared{t: t, other: filepath.Join(o.dir, "other")}
	o.configure(o.rooted(s.other)...)
	o.bloxs.Uploads.Always(bloxstest.SlowAnswer(5 * time.Millisecond))
	s.remote, s.work = newRemote(o, o.root, "dcache_timeout=1"), newColleague(o, 1)
	s.work.moves(s.folder)
	s.row("share through FUSE, which tells of no change", func() int {
		s.work.work(20)
		o.start()
		o.until("some are sent", func(st control.Status) bool { return st.Sent > 10 })
		s.work.work(20)
		return 0
	})
	s.row("share hangs while files go, another root goes on", func() int {
		s.begin()
		free := s.hangs()
		s.work.work(5)
		s.otherGoesOn()
		free()
		return 0
	})
	s.row("share hangs, and the program is killed in that", func() int {
		s.begin()
		free := s.hangs()
		s.otherGoesOn()
		// Whoever waits for a file of such a share can't die before it answers.
		o.must(signal(o.daemon.Process, syscall.SIGKILL))
		free()
		o.kill()
		return len(openGates(o.steps()))
	})
	s.row("share's server is killed and comes back", func() int {
		s.begin()
		s.goes()
		o.offline()
		s.work.work(5)
		s.otherGoesOn()
		s.serve()
		s.mount()
		return 0
	})
}

// begin has files on their way.
func (s *shared) begin() {
	s.work.work(20)
	s.o.stored(len(s.o.bloxs.Stored()) + 1)
}

// row does something, lets all come to its end, and judges.
func (s *shared) row(name string, do func() (gates int)) {
	s.t.Helper()
	o, sums, gates := s.o, &tally{runs: 1}, do()
	if o.daemon == nil {
		o.start()
	}
	files := func() int { return len(o.below(s.folder)) + len(o.below(s.other)) }
	o.comesToRest(files)
	if sums.uncertain = len(o.uncertain()); sums.uncertain > gates {
		s.t.Errorf("%d are uncertain, though only %d gates were open at a kill", sums.uncertain, gates)
	}
	o.resolveAll()
	o.comesToRest(files)
	o.judge(sums, s.work.account(), once)
	sums.print(s.t, name)
}

// otherGoesOn drops files into the other root, and waits until they are sent.
func (s *shared) otherGoesOn() {
	s.t.Helper()
	for range 5 {
		s.n++
		content := fmt.Sprint("other ", s.n)
		put(s.o, filepath.Join(s.other, fmt.Sprintf("5001/%d.txt", s.n)), content)
		s.work.books.owe(delivery{"5001", sum([]byte(content))})
	}
	began := time.Now()
	s.o.until("the other root's are sent", func(control.Status) bool {
		sent := 0
		for _, f := range s.o.bloxs.Stored() {
			if f.Person == "5001" {
				sent++
			}
		}
		return sent == s.n
	})
	s.t.Logf("the other root's files took %v", time.Since(began).Round(time.Second/10))
}
