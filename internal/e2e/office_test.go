// Package e2e drives the built binary as users do: a real folder, a real
// process, and the simulated Bloxs on loopback.
//
// What the tests share is here (an office and its daemon), in hand_test.go
// (what colleagues do with files), ask_test.go (commands and their answers),
// truth_test.go (what Bloxs has) and tally_test.go (what that comes to).
package e2e

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	"bloxdrop/internal/bloxs/bloxstest"
	"bloxdrop/internal/cli"
	"bloxdrop/internal/control"
	"bloxdrop/internal/testfs"
)

// binary is the program: BLOXDROP_BINARY, or built once, by TestMain.
var binary = os.Getenv("BLOXDROP_BINARY")

// built is where programs are built for the tests.
var built string

// linked keeps the whole program in the test binary, by which go test's cache
// tells whether it has changed; of a mere import the linker leaves nothing.
var linked = cli.Main

func TestMain(m *testing.M) {
	interrupt()
	if linked == nil {
		panic("no program")
	}
	dir, err := os.MkdirTemp("", "bloxdrop-e2e")
	built = dir
	if err != nil {
		panic(err)
	}
	if binary == "" {
		binary = filepath.Join(dir, "bloxdrop.exe") // Windows runs no other; elsewhere a name is a name
		if out, err := exec.Command("go", "build", "-o", binary, "bloxdrop").CombinedOutput(); err != nil {
			fmt.Fprintf(os.Stderr, "build: %v\n%s", err, out)
			os.Exit(1)
		}
	}
	flag.Parse()
	// These tests mostly wait for their daemons, so more of them than there are cores run at once.
	atOnce := "8"
	if runtime.GOOS == "windows" {
		links = 0 // few accounts may make any
	}
	if testfs.Wine() {
		atOnce, patience = "3", 3*time.Minute // there they mostly wait for Wine
	}
	if set := flag.Lookup("test.parallel"); set.Value.String() == set.DefValue {
		if err := flag.Set("test.parallel", atOnce); err != nil {
			panic(err)
		}
	}
	code := m.Run()
	closeBrowser()
	_ = os.RemoveAll(dir)
	os.Exit(code)
}

// office is a share, a config and a Bloxs.
type office struct {
	t      testing.TB
	dir    string
	root   string
	config string
	bloxs  *bloxstest.Server
	log    *testfs.Log
	extra  []string // arguments of the daemon's
	env    []string // of the daemon, besides our own
	daemon *exec.Cmd
	ended  chan error

	program string // the daemon: the binary, or another one
	asks    string // what commands are run by: the binary, or another one
}

const settle = 300 * time.Millisecond

// patience is how long the tests wait for what must come.
var patience = 30 * time.Second

// newOffice makes a config that more may be appended to, or replace parts of.
func newOffice(t testing.TB, opts bloxstest.Options, replace ...string) *office {
	t.Helper()
	dir := t.TempDir()
	o := &office{t: t, dir: dir, root: filepath.Join(dir, "scans"), config: filepath.Join(dir, "config.toml"), log: &testfs.Log{}, program: binary, asks: binary}
	if opts.Persons == nil {
		opts.Persons = func(string, string) (bloxstest.Person, bool) { return bloxstest.Person{Name: "P. Jansen"}, true }
	}
	bloxs, err := bloxstest.New(opts)
	o.must(err)
	o.must(bloxs.Start())
	o.bloxs = bloxs
	t.Cleanup(bloxs.Close)
	o.must(os.MkdirAll(o.root, 0o755))
	o.configure(replace...)
	t.Cleanup(o.kill)
	return o
}

func (o *office) storeDir() string { return filepath.Join(o.dir, "store") }

// staff is who the simulated Bloxs of these tests knows.
func staff() bloxstest.Options {
	return bloxstest.Options{Persons: bloxstest.Directory(map[string]bloxstest.Person{
		"1001": {Name: "A. Jansen"}, "1002": {Name: "Fatima El Amrani"}, "1003": {Name: "P. de Vries"}, "1004": {Name: "Ö. Güneş"},
	})}
}

func (o *office) configure(replace ...string) {
	o.t.Helper()
	text := fmt.Sprintf(`[bloxs]
url = %q
api_key = "key"
api_secret = "secret"
requests_per_minute = 0

[[watch]]
path = "%s"
existing = "upload"
settle = %q
rescan = "1s"

[upload]
retry_min = "100ms"
retry_max = "1s"

[store]
dir = "%s"

[web]
listen = ""
`, o.bloxs.URL, o.root, settle, o.storeDir())
	// Windows takes slashes too, and TOML takes them as they are.
	text = filepath.ToSlash(strings.NewReplacer(replace...).Replace(text))
	o.must(os.WriteFile(o.config, []byte(text), 0o600))
}

func (o *office) must(err error) {
	o.t.Helper()
	if err != nil {
		o.t.Fatal(err)
	}
}

// start runs the daemon and waits until it answers.
func (o *office) start() {
	o.t.Helper()
	o.launch()
	o.answers()
	o.until("running", func(st control.Status) bool { return st.State != control.Stopped })
}

// launch runs the daemon, and does not wait for anything.
func (o *office) launch() {
	o.t.Helper()
	o.daemon = exec.Command(o.program, append([]string{"run", "--config", o.config}, o.extra...)...)
	o.daemon.Env = append(os.Environ(), o.env...)
	o.daemon.Stderr = o.log
	apart(o.daemon)
	err := o.daemon.Start()
	if glitch(err) {
		o.launch()
		return
	}
	o.must(err)
	o.ended = make(chan error, 1)
	go func(cmd *exec.Cmd, ended chan error) { ended <- cmd.Wait() }(o.daemon, o.ended)
}

// answers waits until the daemon has said where commands reach it: one that
// comes earlier has the ledger open for a moment, and slows the start.
func (o *office) answers() {
	o.t.Helper()
	pid := fmt.Sprintf(`"pid":%d`, o.daemon.Process.Pid)
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); time.Sleep(5 * time.Millisecond) {
		b, err := os.ReadFile(filepath.Join(o.storeDir(), "control.json"))
		if err == nil && strings.Contains(string(b), pid) {
			return
		}
	}
	o.t.Fatalf("the daemon does not come up\n%s", o.log)
}

func (o *office) end(sig syscall.Signal) {
	o.t.Helper()
	if o.daemon == nil {
		return
	}
	o.must(signal(o.daemon.Process, sig))
	select {
	case <-o.ended:
	case <-time.After(patience):
		o.t.Fatalf("the daemon does not end\n%s", o.log)
	}
	o.daemon = nil
}

func (o *office) stop() {
	o.t.Helper()
	daemon := o.daemon
	o.end(syscall.SIGTERM)
	if code := daemon.ProcessState.ExitCode(); code != 0 {
		o.t.Fatalf("SIGTERM: exit code %d\n%s", code, o.log)
	}
}

func (o *office) kill() { o.end(syscall.SIGKILL) }

// try runs a command and returns what it printed and its exit code.
func (o *office) try(args ...string) (out string, code int) {
	o.t.Helper()
	ctx, cancel := context.WithTimeout(o.t.Context(), 9*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, o.asks, append([]string{"--config", o.config}, args...)...)
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	err := cmd.Run()
	if glitch(err) {
		return o.try(args...)
	}
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		o.t.Fatal(err)
	}
	code = cmd.ProcessState.ExitCode()
	if code == 0 || code == 3 {
		return stdout.String(), code
	}
	return stderr.String(), code
}

func (o *office) run(args ...string) string {
	o.t.Helper()
	out, code := o.try(args...)
	if code != 0 {
		o.t.Fatalf("bloxdrop %v: exit code %d\n%s\n%s", args, code, out, o.log)
	}
	return out
}

func (o *office) status() (st control.Status) {
	o.t.Helper()
	o.must(json.Unmarshal([]byte(o.run("status", "--json")), &st))
	return st
}

func (o *office) list(state string) []control.Entry {
	o.t.Helper()
	return o.listed("--state", state)
}

func (o *office) listed(args ...string) (list []control.Entry) {
	o.t.Helper()
	o.must(json.Unmarshal([]byte(o.run(append([]string{"list", "--json"}, args...)...)), &list))
	return list
}

// until polls the status as an administrator would, since no signal leaves the process.
func (o *office) until(what string, ok func(st control.Status) bool) control.Status {
	o.t.Helper()
	deadline := time.Now().Add(patience)
	for {
		st := o.status()
		if ok(st) {
			return st
		}
		if time.Now().After(deadline) {
			o.t.Fatalf("not %s: %+v\n%s", what, st, o.log)
		}
		time.Sleep(50 * time.Millisecond)
	}
}

func (o *office) untilSent(n int) control.Status {
	o.t.Helper()
	return o.until(fmt.Sprintf("%d sent", n), func(st control.Status) bool { return st.Sent >= n && st.Settling+st.Waiting+st.Sending == 0 })
}

// addsUp checks promise 1's sum, where no file with a receipt has gone.
func (o *office) addsUp(st control.Status) {
	o.t.Helper()
	sum := st.Settling + st.Unmatched + st.Ignored + st.Duplicate + st.Waiting + st.Sending + st.Held + st.Skipped + st.Sent
	if sum != st.Files {
		o.t.Errorf("the counts add up to %d, but there are %d files: %+v", sum, st.Files, st)
	}
}
