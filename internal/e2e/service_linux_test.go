//go:build linux

package e2e

import (
	"net"
	"path/filepath"
	"strings"
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
