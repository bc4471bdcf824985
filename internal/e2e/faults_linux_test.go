package e2e

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"

	"bloxdrop/internal/control"
	"bloxdrop/internal/testfs"
)

// faults are those of one machine: disks, limits, rights, names, clocks.
func faults() []fault {
	return []fault{
		{name: "disk full: that of the store", prepare: func(f *faulty) {
			f.o.must(os.Mkdir(f.o.storeDir(), 0o700))
			testfs.SmallDisk(f.t, f.o.storeDir(), 56)
		}, strikes: func(f *faulty) func() { return testfs.Fill(f.t, f.o.storeDir(), 0) },
			shows: func(f *faulty) { f.o.pausedBy("disk-full") }},
		{name: "disk full: that of the share", prepare: func(f *faulty) { testfs.SmallDisk(f.t, f.o.root, 24) },
			strikes: func(f *faulty) func() { return testfs.Fill(f.t, f.o.root, 0) }, shows: (*faulty).moreAreSent, idle: true},
		{name: "store read-only at a start", strikes: (*faulty).readOnlyStore, away: true},
		{name: "power cut of the store's disk: all I/O fails, what was not synced is lost", prepare: (*faulty).ownDisk, strikes: (*faulty).diskGoes, away: true},
		{name: "descriptors used up", strikes: (*faulty).noDescriptors, shows: func(f *faulty) { f.o.logs("too many open files") }, away: true},
		{name: "inotify watches used up", prepare: func(f *faulty) {
			if out, err := exec.Command("unshare", "-U", "-r", "true").CombinedOutput(); err != nil {
				missing(f.t, "no user namespaces here: ", string(out))
			}
			f.o.wrapped(`exec unshare -U -r sh -c 'echo 5 > /proc/sys/user/max_inotify_watches; exec "$@"' sh PROGRAM "$@"`)
		}, strikes: func(*faulty) func() { return func() {} }, shows: func(f *faulty) {
			f.o.until("without events", func(st control.Status) bool { return !st.Roots[0].Events })
			f.moreAreSent()
		}},
		{name: "share unmounted", prepare: (*faulty).mounted, strikes: (*faulty).unmounted, shows: func(f *faulty) { f.o.offline() }},
		{name: "share comes back as another volume", prepare: (*faulty).mounted, strikes: func(f *faulty) func() {
			undo := f.unmounted()
			f.o.mount("other", "tmpfs", 0)
			f.o.write("1001/another volume's.txt", "no file of ours")
			return func() { f.o.unmount(); undo() }
		}, shows: func(f *faulty) { f.o.offline() }},
		{name: "share comes back empty", prepare: (*faulty).mounted, strikes: func(f *faulty) func() {
			undo := f.unmounted()
			f.o.mount("empty", "tmpfs", 0)
			return func() { f.o.unmount(); undo() }
		}, shows: func(f *faulty) { f.o.offline() }},
		{name: "permission denied: a folder and files", prepare: (*faulty).nobody, strikes: (*faulty).denied,
			shows: func(f *faulty) {
				f.o.until("unreadable", func(st control.Status) bool { return st.Roots[0].Unreadable == 1 })
			}},
		{name: "links that lead out, and loops", strikes: (*faulty).links, shows: (*faulty).moreAreSent},
		{name: "names: 255 bytes, not UTF-8, of one case or normal form but for that, paths of 300 characters and more", strikes: (*faulty).names, shows: (*faulty).moreAreSent},
		{name: "clock set 5 hours ahead", prepare: (*faulty).clock, strikes: func(f *faulty) func() { return f.setClock("5h") }, shows: (*faulty).moreAreSent},
		{name: "clock set 5 hours back", prepare: (*faulty).clock, strikes: func(f *faulty) func() { return f.setClock("-5h") }, shows: (*faulty).moreAreSent},
		{name: "two daemons on one store", strikes: (*faulty).secondOnStore, shows: (*faulty).moreAreSent},
		{name: "two daemons on one share", strikes: (*faulty).secondOnShare, shows: (*faulty).moreAreSent, away: true},
	}
}

// readOnlyStore: it doesn't start, and says why.
func (f *faulty) readOnlyStore() func() {
	f.kill()
	dir := f.o.storeDir()
	mayMount(f.t, unix.Mount(dir, dir, "", unix.MS_BIND, ""))
	f.o.must(unix.Mount("", dir, "", unix.MS_REMOUNT|unix.MS_BIND|unix.MS_RDONLY, ""))
	s := f.o.ask("run", "--once")
	if s.code != 1 || !strings.Contains(s.err, "read-only file system") || !strings.Contains(s.err, dir) {
		f.t.Errorf("exit code %d: %s", s.code, s.err)
	}
	return func() {
		f.o.must(unix.Unmount(dir, unix.MNT_DETACH))
		f.o.start()
	}
}

// ownDisk gives the store an ext4 of its own.
func (f *faulty) ownDisk() {
	if os.Geteuid() != 0 {
		missing(f.t, "only root may mount")
	}
	image := filepath.Join(f.o.dir, "disk")
	f.o.must(os.Mkdir(f.o.storeDir(), 0o700))
	f.o.must(os.WriteFile(image, nil, 0o600))
	f.o.must(os.Truncate(image, 96<<20))
	for _, args := range [][]string{{"mkfs.ext4", "-q", image}, {"mount", "-o", "loop", image, f.o.storeDir()}} {
		if out, err := exec.Command(args[0], args[1:]...).CombinedOutput(); err != nil {
			f.t.Fatalf("%v: %v %s", args, err, out)
		}
	}
	f.t.Cleanup(func() {
		f.o.kill()
		_ = unix.Unmount(f.o.storeDir(), unix.MNT_DETACH)
	})
}

// diskGoes ends the disk as a power cut does, and brings it back with what was
// on it. The program lives on until then, and sends nothing that it can't write down.
// It is stopped for the moment itself, as this ext4 may tell a sync that is under way
// then that all is well.
func (f *faulty) diskGoes() func() {
	f.o.freezes()
	const shutdown, noLogFlush = 0x8004587d, 2 // EXT4_IOC_SHUTDOWN
	dir, err := os.Open(f.o.storeDir())
	f.o.must(err)
	if err := unix.IoctlSetPointerInt(int(dir.Fd()), shutdown, noLogFlush); err != nil {
		f.t.Fatal(err)
	}
	f.o.must(dir.Close())
	f.o.must(f.o.daemon.Process.Signal(syscall.SIGCONT))
	before := f.o.bloxs.Uploads.Count()
	f.o.logs("input/output error")
	return func() {
		f.t.Logf("%d uploads were begun meanwhile", f.o.bloxs.Uploads.Count()-before)
		f.o.kill()
		f.o.must(unix.Unmount(f.o.storeDir(), 0))
		if out, err := exec.Command("mount", "-o", "loop", filepath.Join(f.o.dir, "disk"), f.o.storeDir()).CombinedOutput(); err != nil {
			f.t.Fatalf("%v %s", err, out)
		}
		f.gates += len(openGates(f.o.steps()))
		f.o.start()
	}
}

// noDescriptors lets the running program have no more than it has.
func (f *faulty) noDescriptors() func() {
	pid := f.o.daemon.Process.Pid
	open, err := os.ReadDir(fmt.Sprintf("/proc/%d/fd", pid))
	f.o.must(err)
	var was unix.Rlimit
	f.o.must(unix.Prlimit(pid, unix.RLIMIT_NOFILE, nil, &was))
	few := unix.Rlimit{Cur: uint64(len(open)), Max: was.Max}
	f.o.must(unix.Prlimit(pid, unix.RLIMIT_NOFILE, &few, nil))
	return func() { f.o.must(unix.Prlimit(pid, unix.RLIMIT_NOFILE, &was, nil)) }
}

// mounted has the work done in a share that is mounted.
func (f *faulty) mounted() {
	f.work.moves(f.o.mounted())
}

func (f *faulty) unmounted() func() {
	f.o.unmount()
	return func() { f.o.mount(f.work.root, "", unix.MS_BIND) }
}

// nobody runs the program as an account that may do little.
func (f *faulty) nobody() {
	if os.Geteuid() != 0 {
		return // we are such an account
	}
	f.o.must(os.Mkdir(f.o.storeDir(), 0o700))
	f.o.must(os.Chown(f.o.storeDir(), 65534, 65534))
	for _, path := range []string{filepath.Dir(f.o.program), filepath.Dir(f.o.dir), f.o.dir} {
		f.o.must(os.Chmod(path, 0o755))
	}
	f.o.must(os.Chmod(f.o.config, 0o644))
	f.o.must(os.Chmod(f.o.root, 0o777))
	f.o.wrapped(`exec setpriv --reuid=65534 --regid=65534 --clear-groups PROGRAM "$@"`)
}

// denied takes away the right to read a folder of a person and one file of another.
func (f *faulty) denied() func() {
	f.work.drop(f.work.root, "2001/sub/closed.txt", []byte("closed"))
	f.work.drop(f.work.root, "2002/closed.txt", []byte("closed, too"))
	folder, file := filepath.Join(f.o.root, "2001/sub"), filepath.Join(f.o.root, "2002/closed.txt")
	f.o.must(os.Chmod(folder, 0))
	f.o.must(os.Chmod(file, 0))
	return func() {
		f.o.must(os.Chmod(folder, 0o755))
		f.o.must(os.Chmod(file, 0o644))
	}
}

// links lead to what nobody has dropped.
func (f *faulty) links() func() {
	outside := filepath.Join(f.o.dir, "outside")
	put(f.o, filepath.Join(outside, "secret.txt"), "nobody's business")
	f.o.write("3001/a.txt", "a")
	f.work.books.owe(delivery{"3001", sum([]byte("a"))})
	made := map[string]string{
		"3001/link.txt": filepath.Join(outside, "secret.txt"), "3001/folder": outside, "3002": outside,
		"3001/loop": ".", "3001/up": "../..", "3001/ping": "pong", "3001/pong": "ping", "3001/nowhere": "/nowhere",
	}
	for rel, target := range made {
		testfs.Link(f.t, target, filepath.Join(f.o.root, rel))
	}
	return func() {
		for rel := range made {
			f.o.must(os.Remove(filepath.Join(f.o.root, rel)))
		}
	}
}

func (f *faulty) names() func() {
	deep := strings.Repeat("a folder in a folder/", 20)
	for i, rel := range []string{
		strings.Repeat("n", 251) + ".pdf", strings.Repeat("é", 125) + ".txt", "not UTF-8 \xff\xfe.txt", "\xff.txt",
		"Case.txt", "case.txt", "CASE.TXT", "caf\u00e9.txt", "cafe\u0301.txt", deep + "deep.txt",
		"a\nline.txt", "quote\".txt", "back\\slash.txt", "tab\t.txt", " blank .txt", "a..txt", "%00.txt", "semi;colon=.txt", "\u202egnp.txt",
	} {
		f.work.drop(f.work.root, "4001/"+rel, fmt.Appendf(nil, "content %d", i))
	}
	return func() {}
}

func (f *faulty) clock() {
	f.o.program = failpointBinary(f.t)
	f.o.env = []string{"BLOXDROP_CLOCK=" + filepath.Join(f.o.dir, "clock")}
}

// setClock does so while files go out. It stays wrong.
func (f *faulty) setClock(by string) func() {
	f.o.must(os.WriteFile(filepath.Join(f.o.dir, "clock"), []byte(by), 0o600))
	return func() { f.work.work(3) }
}

func (f *faulty) secondOnStore() func() {
	for range 3 {
		if s := f.o.ask("run", "--once"); s.code != 1 || !strings.Contains(s.err, "running already") {
			f.t.Errorf("exit code %d: %s", s.code, s.err)
		}
	}
	return func() {}
}

// secondOnShare has a store of its own, and the same Bloxs.
func (f *faulty) secondOnShare() func() {
	second := *f.o
	second.dir = f.t.TempDir()
	second.config = filepath.Join(second.dir, "config.toml")
	second.log = &testfs.Log{}
	second.configure()
	second.start()
	second.until("paused", func(st control.Status) bool { return st.Roots[0].Paused && st.Sent == 0 })
	return func() { second.end(syscall.SIGTERM) }
}
