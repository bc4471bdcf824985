//go:build windows

package e2e

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"syscall"
	"time"

	"golang.org/x/sys/windows"

	"bloxdrop/internal/testfs"
)

// apart gives a daemon a console of its own: a console event goes to all who
// share one, and would end the tests as well.
func apart(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{CreationFlags: windows.CREATE_NO_WINDOW}
	cmd.WaitDelay = 10 * time.Second // the console's own process can outlive one that is killed, with its pipes
}

// glitch tells of a process that Wine could not make: under load that happens
// once in thousands.
func glitch(err error) bool { return testfs.Wine() && errors.Is(err, windows.ERROR_INTERNAL_ERROR) }

// interruptEnv names the process that this test binary, started once more, has
// to stop with Ctrl-C.
const interruptEnv = "BLOXDROP_E2E_INTERRUPT"

// signal kills, or asks to stop as the console does. That takes a process of its
// own, since a process has one console at a time.
func signal(p *os.Process, sig syscall.Signal) error {
	if sig == syscall.SIGKILL {
		return p.Kill()
	}
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), interruptEnv+"="+strconv.Itoa(p.Pid))
	out, err := cmd.CombinedOutput()
	if err != nil {
		return fmt.Errorf("interrupt process %d: %w: %s", p.Pid, err, out)
	}
	return nil
}

// interrupt does what interruptEnv says. Nothing there: these are the tests.
func interrupt() {
	pid, err := strconv.ParseUint(os.Getenv(interruptEnv), 10, 32)
	if err != nil {
		return
	}
	kernel := windows.NewLazySystemDLL("kernel32.dll")
	for _, call := range []struct {
		name string
		args []uintptr
	}{
		{"FreeConsole", nil},
		{"AttachConsole", []uintptr{uintptr(pid)}},
		{"SetConsoleCtrlHandler", []uintptr{0, 1}}, // not for this process
		{"GenerateConsoleCtrlEvent", []uintptr{windows.CTRL_C_EVENT, 0}},
	} {
		if ok, _, err := kernel.NewProc(call.name).Call(call.args...); ok == 0 && call.name != "FreeConsole" {
			fmt.Fprintln(os.Stderr, call.name, err)
			os.Exit(1)
		}
	}
	os.Exit(0)
}
