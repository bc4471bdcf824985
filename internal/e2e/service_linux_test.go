//go:build linux

package e2e

import (
	"encoding/json"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"bloxdrop/internal/bloxs/bloxstest"
)

// systemd is the end of the line on which a service tells how it goes.
type systemd struct {
	t    testing.TB
	line *net.UnixConn
}

// underSystemd lets the office's daemon run as a service whose watchdog waits
// for so long.
func underSystemd(o *office, watchdog time.Duration) *systemd {
	o.t.Helper()
	path := filepath.Join(o.t.TempDir(), "notify")
	line, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: path, Net: "unixgram"})
	o.must(err)
	o.t.Cleanup(func() { line.Close() })
	o.extra = []string{"--service"}
	o.env = []string{"NOTIFY_SOCKET=" + path, "WATCHDOG_USEC=" + microseconds(watchdog)}
	return &systemd{t: o.t, line: line}
}

func microseconds(d time.Duration) string { return strings.TrimSuffix(d.String(), "s") + "000000" }

// next is what the service says next.
func (s *systemd) next(within time.Duration) string {
	s.t.Helper()
	buf := make([]byte, 4096)
	if err := s.line.SetReadDeadline(time.Now().Add(within)); err != nil {
		s.t.Fatal(err)
	}
	n, err := s.line.Read(buf)
	if err != nil {
		return ""
	}
	return string(buf[:n])
}

// until reads on until the service says a line.
func (s *systemd) until(line string) (all string) {
	s.t.Helper()
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); {
		said := s.next(patience)
		all += said + "\n"
		for l := range strings.SplitSeq(said, "\n") {
			if l == line {
				return all
			}
		}
	}
	s.t.Fatalf("it does not say %q, but %q", line, all)
	return ""
}

// TestServiceIsNotHeard: a service manager that reads nothing keeps nobody from
// stopping.
func TestServiceIsNotHeard(t *testing.T) {
	t.Parallel()
	o := newOffice(t, bloxstest.Options{})
	underSystemd(o, time.Second)
	o.start()
	o.eventually("it finds that nobody listens", func() bool { return strings.Contains(o.log.String(), "it does not listen") })
	o.stop()
}

// TestServiceTellsHowItGoes: it is ready when it answers, gives signs of life,
// says that it stops, and ends with 0.
func TestServiceTellsHowItGoes(t *testing.T) {
	t.Parallel()
	o := newOffice(t, bloxstest.Options{})
	manager := underSystemd(o, 2*time.Second)
	o.launch()
	manager.until("READY=1")
	if st := o.status(); st.State != "running" {
		t.Errorf("it is ready, and %s", st.State)
	}
	manager.until("WATCHDOG=1")
	manager.until("WATCHDOG=1")
	o.stop()
	manager.until("STOPPING=1")
}

// TestWhatAServiceOutlives: what can be mended from outside ends no service.
func TestWhatAServiceOutlives(t *testing.T) {
	t.Parallel()
	for name, replace := range map[string][]string{
		"a missing root":     {`scans"`, `elsewhere"`},
		"a wrong key":        {`api_key = "key"`, `api_key = "another"`},
		"no Bloxs to be met": {`url = "`, `url = "http://127.0.0.1:9/" # "`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			o := newOffice(t, bloxstest.Options{}, replace...)
			o.write("1001 - Jansen/a.txt", "content")
			manager := underSystemd(o, 2*time.Second)
			o.launch()
			manager.until("READY=1")
			for range 4 {
				manager.until("WATCHDOG=1")
			}
			o.stop()
		})
	}
}

// journaled runs bloxdrop with standard error as systemd's journal gives it, and
// gives the lines that the journal gets.
func (o *office) journaled(args ...string) (lines []string, code int) {
	o.t.Helper()
	fds, err := syscall.Socketpair(syscall.AF_UNIX, syscall.SOCK_STREAM|syscall.SOCK_CLOEXEC, 0)
	o.must(err)
	journal, stderr := os.NewFile(uintptr(fds[0]), "journal"), os.NewFile(uintptr(fds[1]), "stderr")
	defer journal.Close()
	var st syscall.Stat_t
	o.must(syscall.Fstat(fds[1], &st))
	cmd := exec.Command(o.program, append(args, "--config", o.config)...)
	cmd.Env = append(os.Environ(), fmt.Sprintf("JOURNAL_STREAM=%d:%d", st.Dev, st.Ino))
	cmd.Stderr = stderr
	o.must(cmd.Start())
	o.must(stderr.Close())
	text, err := io.ReadAll(journal)
	o.must(err)
	_ = cmd.Wait() // the code says it
	return strings.Split(strings.TrimSuffix(string(text), "\n"), "\n"), cmd.ProcessState.ExitCode()
}

// TestJournal: the journal learns each line's level, and no time but its own.
func TestJournal(t *testing.T) {
	t.Parallel()
	o := newOffice(t, bloxstest.Options{})
	o.write("1001 - Jansen/a.txt", "content")
	o.write("1002/rejected.txt", "content")
	o.bloxs.Uploads.Next(bloxstest.Status(422))
	heads := map[string]bool{}
	lines, code := o.journaled("run", "--once")
	for _, line := range lines {
		head, rest, _ := strings.Cut(line, ">")
		heads[head] = true
		var entry map[string]any
		if err := json.Unmarshal([]byte(rest), &entry); err != nil || entry["time"] != nil || entry["msg"] == nil {
			t.Errorf("%v: %s", err, line)
		}
		if want := map[any]string{"INFO": "<6", "WARN": "<4", "ERROR": "<3"}[entry["level"]]; head != want {
			t.Errorf("the head is not that of the level: %s", line)
		}
	}
	if code != 3 || !heads["<6"] || !heads["<4"] {
		t.Errorf("exit code %d, %q", code, lines)
	}
	o.configure("[bloxs]", "[bloxs]\nunknown = 1\nanother = 2")
	lines, code = o.journaled("run", "--once")
	for _, line := range lines {
		if !strings.HasPrefix(line, "<3>") {
			t.Errorf("no error: %s", line)
		}
	}
	if code != 2 || len(lines) < 2 {
		t.Errorf("exit code %d, %q", code, lines)
	}
}
