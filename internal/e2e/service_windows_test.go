//go:build windows

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
	"bloxdrop/internal/testfs"
)

// server is an office whose bloxdrop is a service of the whole computer.
type server struct {
	*office
	home  string // of config and ledger
	began time.Time
	all   map[string]delivery
}

// TestWindowsService goes from the .msi to its removal, as an administrator does,
// with files delivered by the service in between. .ci/winservice makes the two
// versions that BLOXDROP_MSI and BLOXDROP_MSI_NEXT name, and runs it under Wine.
// It can be run by an administrator of a real Windows that has no bloxdrop.
func TestWindowsService(t *testing.T) {
	former, next := os.Getenv("BLOXDROP_MSI"), os.Getenv("BLOXDROP_MSI_NEXT")
	if former == "" || next == "" {
		t.Skip("BLOXDROP_MSI and BLOXDROP_MSI_NEXT name no .msi: .ci/winservice does")
	}
	s := newServer(t)
	s.step("install the .msi with an account that is refused, then without")
	s.refusedMSI(former, "ACCOUNT=LocalSystem")
	s.msiexec("/i", former)
	s.installed()
	s.step("configure")
	s.unconfigured()
	s.configured()
	s.step("check with the service's account")
	if out := s.run("check", "--as-service"); !strings.Contains(out, "no errors") {
		t.Errorf("check --as-service:\n%s", out)
	}
	s.step("start, deliver")
	s.run("start")
	s.deliver("1001 - Jansen/lease.txt", "1002/deep/down/letter.txt")
	s.step("what is asked for twice, or otherwise")
	s.refusals()
	s.step("stop with uploads in flight")
	s.stopInFlight()
	s.step("restart")
	s.run("restart")
	s.deliver("1003/after a restart.txt")
	s.step("upgrade")
	s.upgrade(former, next)
	s.deliver("1004/after the upgrade.txt")
	if last := os.Getenv("BLOXDROP_MSI_LAST"); last != "" {
		s.step("upgrade by one msiexec")
		s.oneStep(last)
		s.refusedMSI(former) // an older version
		s.deliver("1005/after another.txt")
		next = last
	}
	s.step("remove")
	s.remove(next)
	s.step("done")
}

func newServer(t *testing.T) *server {
	s := &server{office: newOffice(t, bloxstest.Options{}), home: filepath.Join(os.Getenv("ProgramData"), "bloxdrop"), began: time.Now(), all: map[string]delivery{}}
	if _, err := os.Stat(s.home); err == nil {
		t.Fatalf("%s is there: this test is for a computer without bloxdrop", s.home)
	}
	s.config = filepath.Join(s.home, "config.toml")
	s.program = filepath.Join(os.Getenv("ProgramFiles"), "bloxdrop", "bloxdrop.exe")
	s.asks = s.program
	t.Cleanup(func() {
		if log, err := os.ReadFile(filepath.Join(s.home, "log", "bloxdrop.log")); t.Failed() && err == nil {
			t.Logf("the service's log:\n%s", log)
		}
		_ = exec.Command(s.program, "uninstall").Run()
		s.must(os.RemoveAll(s.home))
	})
	return s
}

func (s *server) step(what string) {
	s.t.Logf("%6.1f s  %s", time.Since(s.began).Seconds(), what)
}

// msiexec takes quotes in its own way: only within an argument.
func (s *server) msiexec(verb, msi string, properties ...string) {
	s.t.Helper()
	if err := s.tryMSI(verb, msi, properties...); err != nil {
		s.t.Fatal(err)
	}
}

// refusedMSI is an .msi that Windows Installer doesn't take, or not so.
func (s *server) refusedMSI(msi string, properties ...string) {
	s.t.Helper()
	if s.tryMSI("/i", msi, properties...) == nil {
		s.t.Errorf("%s %v is taken", msi, properties)
	}
}

func (s *server) tryMSI(verb, msi string, properties ...string) error {
	s.t.Helper()
	log := filepath.Join(s.t.TempDir(), "msi.log")
	cmd := exec.Command("msiexec")
	cmd.SysProcAttr = &syscall.SysProcAttr{CmdLine: fmt.Sprintf(`msiexec %s "%s" /qn /norestart /l*v "%s" %s`, verb, msi, log, strings.Join(properties, " "))}
	if out, err := cmd.CombinedOutput(); err != nil {
		text, _ := os.ReadFile(log)
		return fmt.Errorf("msiexec %s %s: %w\n%s\n%s", verb, msi, err, out, text)
	}
	return nil
}

// installed: the service is there, and so is a first config; nothing runs.
func (s *server) installed() {
	s.t.Helper()
	if out := s.run("version"); !strings.Contains(out, "0.0.1") {
		s.t.Errorf("installed is %s", out)
	}
	text, err := os.ReadFile(s.config)
	s.must(err)
	if !strings.Contains(string(text), s.home+`\api_key.secret`) || strings.Contains(string(text), "HOME") {
		s.t.Errorf("the first config is\n%s", text)
	}
	if out := s.run("stop"); !strings.Contains(out, "was not running") {
		s.t.Errorf("it runs without a config: %s", out)
	}
}

// unconfigured: a service that has nothing to do says so.
func (s *server) unconfigured() {
	s.t.Helper()
	if testfs.Wine() {
		s.t.Log("Wine's service manager doesn't notice when a service dies")
		return
	}
	if out, code := s.try("start"); code != 1 || !strings.Contains(out, "ended at once") {
		s.t.Errorf("start without a config: exit code %d\n%s", code, out)
	}
	s.run("stop") // and is not started again by the recovery
}

func (s *server) configured() {
	s.t.Helper()
	text, err := os.ReadFile(s.config)
	s.must(err)
	mine := strings.NewReplacer(`https://yourcompany.bloxs.io"`, s.bloxs.URL+"\"\r\nrequests_per_minute = 0", `path = 'D:\Scans'`, "path = '"+s.root+"'\r\nsettle = \"300ms\"\r\nrescan = \"1s\"", `#existing`, `existing`).Replace(string(text))
	s.must(os.WriteFile(s.config, []byte(mine), 0o600))
	s.setSecret("api_key", "key\r\n", 0)
	s.setSecret("api_secret", "secret", 0)
}

// deliver drops files and waits for the service to have sent all there are.
func (s *server) deliver(names ...string) {
	s.t.Helper()
	s.until("running", func(st control.Status) bool { return st.State == control.Running })
	for _, name := range names {
		person, _, _ := strings.Cut(strings.Fields(strings.ReplaceAll(name, "/", " "))[0], " ")
		content := "content of " + name
		s.all[s.write(name, content)] = delivery{person, sum([]byte(content))}
	}
	s.until("all sent", func(st control.Status) bool {
		return st.Sent == len(s.all) && st.Settling+st.Waiting+st.Sending+st.Held == 0
	})
	s.storedOnce(s.all)
}

func (s *server) refusals() {
	s.t.Helper()
	if out := s.run("install"); !strings.Contains(out, "already, just so; it runs") {
		s.t.Errorf("install once more: %s", out)
	}
	if out := s.run("start"); !strings.Contains(out, "runs already") {
		s.t.Errorf("start once more: %s", out)
	}
	s.run("stop", "--packaged") // as an upgrade begins
	if out := s.run("start", "--packaged"); !strings.Contains(out, "is started") {
		s.t.Errorf("what an upgrade that failed has stopped: %s", out)
	}
	s.until("running", func(st control.Status) bool { return st.State == control.Running })
	if out := s.run("start", "--packaged"); !strings.Contains(out, "nothing to start") {
		s.t.Errorf("what no upgrade has stopped: %s", out)
	}
	for want, args := range map[string][]string{
		`with the config ` + s.config + ": `bloxdrop uninstall` first": {"install", "--config", filepath.Join(s.dir, "config.toml")},
		`with the account NT SERVICE\bloxdrop: `:                       {"install", "--account", `OFFICE\bloxdrop$`},
		"may do more than bloxdrop needs":                              {"install", "--account", "LocalSystem"},
		"`bloxdrop stop` first":                                        {"check", "--as-service"},
		"is running already":                                           {"run"},
	} {
		if out, code := s.try(args...); code != 1 || !strings.Contains(out, want) || strings.Count(out, "\n") != 1 {
			s.t.Errorf("%v: exit code %d\n%s", args, code, out)
		}
	}
}

// stopInFlight: an upload of 25 MB is half out, and the service stops in time.
func (s *server) stopInFlight() {
	s.t.Helper()
	held := bloxstest.Hold()
	defer held.Release()
	s.bloxs.Uploads.Next(held.Fault.At(10 << 20))
	content := strings.Repeat("25 MB of it ", 25_000_000/12)
	s.all[s.write("1001 - Jansen/large.txt", content)] = delivery{"1001", sum([]byte(content))}
	select {
	case <-held.Reached():
	case <-time.After(patience):
		s.t.Fatal("no upload comes so far")
	}
	began := time.Now()
	s.run("version")
	asking := time.Since(began) // what Wine takes to run a program
	began = time.Now()
	s.run("stop")
	took := time.Since(began) - asking
	s.t.Logf("stopped after %v, of which %v to run a program at all", (took + asking).Round(time.Millisecond), asking.Round(time.Millisecond))
	if took > 5*time.Second {
		s.t.Errorf("the stop took %v", took)
	}
	if st := s.status(); st.State != control.Stopped || st.Held != 0 || st.Waiting != 1 {
		s.t.Errorf("after the stop: %+v", st)
	}
}

// upgrade keeps config, secrets and ledger, and what ran runs again.
func (s *server) upgrade(former, next string) {
	s.t.Helper()
	was, err := os.ReadFile(s.config)
	s.must(err)
	if testfs.Wine() {
		// Wine removes the former version without saying that it is upgraded; so this says it.
		s.msiexec("/x", former, "UPGRADINGPRODUCTCODE={00000000-0000-0000-0000-000000000001}")
		if _, err := os.Stat(s.program); err == nil {
			s.t.Error("the former program is still there")
		}
	}
	s.msiexec("/i", next)
	if out := s.run("version"); !strings.Contains(out, "0.0.2") {
		s.t.Errorf("after the upgrade there is %s", out)
	}
	if is, err := os.ReadFile(s.config); err != nil || string(is) != string(was) {
		s.t.Errorf("the config is another: %v\n%s", err, is)
	}
}

// oneStep puts a version over the one that there is, which has the same number
// but for its -rc.1. Wine doesn't say that it is an upgrade: the service goes and
// comes, and somebody starts it.
func (s *server) oneStep(msi string) {
	s.t.Helper()
	was, err := os.ReadFile(s.config)
	s.must(err)
	s.msiexec("/i", msi)
	if out := s.run("version"); !strings.Contains(out, "0.0.2") || strings.Contains(out, "rc") {
		s.t.Errorf("after the upgrade there is %s", out)
	}
	if is, err := os.ReadFile(s.config); err != nil || string(is) != string(was) {
		s.t.Errorf("the config is another: %v\n%s", err, is)
	}
	if testfs.Wine() {
		s.run("start")
	}
}

// remove takes program and service away, and nothing else.
func (s *server) remove(msi string) {
	s.t.Helper()
	program, err := os.ReadFile(s.program) // to ask with
	s.must(err)
	s.msiexec("/x", msi)
	if _, err := os.Stat(s.program); err == nil {
		s.t.Error("the program is still there")
	}
	s.asks = filepath.Join(s.dir, "bloxdrop.exe")
	s.must(os.WriteFile(s.asks, program, 0o755))
	if out, code := s.try("start"); code != 1 || !strings.Contains(out, "not installed as a service") {
		s.t.Errorf("start after the removal: exit code %d\n%s", code, out)
	}
	for _, name := range []string{"config.toml", "api_key.secret", `store\ledger.db`, `store\journal.jsonl`} {
		if _, err := os.Stat(filepath.Join(s.home, name)); err != nil {
			s.t.Error(err)
		}
	}
	if st := s.status(); st.Sent != len(s.all) {
		s.t.Errorf("the ledger knows of %d sent, of %d", st.Sent, len(s.all))
	}
}
