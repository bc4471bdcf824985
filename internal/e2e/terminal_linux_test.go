package e2e

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"bloxdrop/internal/bloxs/bloxstest"
)

// terminal makes one, and gives both its ends.
func (o *office) terminal(width int) (master, tty *os.File) {
	o.t.Helper()
	master, err := os.OpenFile("/dev/ptmx", os.O_RDWR, 0)
	o.must(err)
	o.t.Cleanup(func() { master.Close() })
	fd := int(master.Fd())
	o.must(unix.IoctlSetPointerInt(fd, unix.TIOCSPTLCK, 0))
	n, err := unix.IoctlGetInt(fd, unix.TIOCGPTN)
	o.must(err)
	o.must(unix.IoctlSetWinsize(fd, unix.TIOCSWINSZ, &unix.Winsize{Row: 24, Col: uint16(width)}))
	tty, err = os.OpenFile(fmt.Sprint("/dev/pts/", n), os.O_RDWR|unix.O_NOCTTY, 0)
	o.must(err)
	return master, tty
}

// onTerminal runs a command on a terminal of this width, and returns all that
// was written there, control characters included, and the exit code.
func (o *office) onTerminal(width int, env []string, args ...string) (string, int) {
	o.t.Helper()
	master, tty := o.terminal(width)
	cmd := exec.CommandContext(o.t.Context(), binary, append(args, "--config", o.config)...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = tty, tty, tty
	cmd.Env = append(os.Environ(), append([]string{"TERM=xterm", "NO_COLOR="}, env...)...)
	o.must(cmd.Start())
	_ = tty.Close()
	var all bytes.Buffer
	read := make(chan struct{})
	go func() {
		defer close(read)
		_, _ = all.ReadFrom(master) // ends with an error when the last one has closed the terminal
	}()
	_ = cmd.Wait()
	<-read
	return all.String(), cmd.ProcessState.ExitCode()
}

// screen plays what was written onto an endless screen: carriage returns and
// line erasures take effect, and a line that is too long shows as one.
func screen(text string) []string {
	var lines []string
	for line := range strings.SplitSeq(text, "\n") {
		line = line[strings.LastIndex(line, "\x1b[2K")+1:]
		line = strings.TrimPrefix(line, "[2K")
		line = strings.TrimRight(line, "\r")
		lines = append(lines, line[strings.LastIndex(line, "\r")+1:])
	}
	return lines
}

// TestProgressOnATerminal sends under a rate limit: a bar shows how far it is,
// and neither it nor the log's lines spoil each other.
func TestProgressOnATerminal(t *testing.T) {
	t.Parallel()
	o := newOffice(t, bloxstest.Options{}, "requests_per_minute = 0", "requests_per_minute = 300")
	const files = 12
	for i := range files {
		o.write(fmt.Sprintf("%d/a.txt", 1001+i), fmt.Sprint("content ", i))
	}
	text, code := o.onTerminal(100, nil, "run", "--once")
	if code != 0 {
		t.Fatalf("exit code %d: %q", code, text)
	}
	if !strings.Contains(text, " of 12 files, under 1m left, ") || !strings.Contains(text, "[===") {
		t.Errorf("no bar in %q", text)
	}
	logged := 0
	for _, line := range screen(text) {
		if strings.Contains(line, "%") {
			t.Errorf("a bar was left behind: %q", line)
		}
		if strings.Contains(line, "sent") && strings.Contains(line, "file_id") {
			logged++
		}
	}
	if logged != files {
		t.Errorf("%d whole lines of the log, want %d in %q", logged, files, screen(text))
	}
	for draw := range strings.SplitSeq(text, "\r") {
		if n := len([]rune(strings.TrimSuffix(draw, "\x1b[0K"))); strings.Contains(draw, "% [") && n > 100 {
			t.Errorf("a bar of %d cells: %q", n, draw)
		}
	}
	if _, after, ok := strings.Cut(text, "bloxdrop"); !ok || strings.Contains(after, "\x1b[2K") {
		t.Errorf("the status is not the last: %q", text)
	}
}

// TestNoColour leaves colours out where the environment says so.
func TestNoColour(t *testing.T) {
	t.Parallel()
	colours := regexp.MustCompile(`\x1b\[[0-9;]*m`)
	o := newOffice(t, bloxstest.Options{})
	o.write("New folder/a.txt", "a")
	for _, args := range [][]string{{"check"}, {"run", "--once"}, {"status"}} {
		if text, _ := o.onTerminal(100, nil, args...); !colours.MatchString(text) {
			t.Errorf("%v has no colour: %q", args, text)
		}
		if text, _ := o.onTerminal(100, []string{"NO_COLOR=1"}, args...); colours.MatchString(text) {
			t.Errorf("%v has colour: %q", args, text)
		}
	}
}

// TestSecretOnATerminal: what is typed does not show, and who stops it finds the
// terminal as it was.
func TestSecretOnATerminal(t *testing.T) {
	t.Parallel()
	o := newOffice(t, bloxstest.Options{})
	for typed, want := range map[string]string{"Pssst\n": "token is stored", "Pss\x03": "stopped; nothing was stored"} {
		master, tty := o.terminal(100)
		echoes := func() bool {
			state, err := unix.IoctlGetTermios(int(tty.Fd()), unix.TCGETS)
			o.must(err)
			return state.Lflag&unix.ECHO != 0
		}
		cmd := exec.CommandContext(t.Context(), o.program, "set-secret", "token", "--config", o.config)
		cmd.Stdin, cmd.Stdout, cmd.Stderr = tty, tty, tty
		cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true}
		o.must(cmd.Start())
		for deadline := time.Now().Add(patience); echoes(); time.Sleep(time.Millisecond) {
			if time.Now().After(deadline) {
				t.Fatal("it does not ask")
			}
		}
		_, err := master.WriteString(typed)
		o.must(err)
		_ = cmd.Wait() // what it says tells
		if !echoes() {
			t.Errorf("%q: the terminal does not show what is typed any more", typed)
		}
		o.must(tty.Close())
		all, _ := io.ReadAll(master) // ends with an error when the last one has closed the terminal
		if text := string(all); !strings.Contains(text, want) || strings.Contains(text, "Pss") {
			t.Errorf("%q: %q", typed, text)
		}
	}
}
