//go:build !windows

package e2e

import (
	"os"
	"os/exec"
	"syscall"
)

func apart(*exec.Cmd) {}

func signal(p *os.Process, sig syscall.Signal) error { return p.Signal(sig) }

func interrupt() {}

func glitch(error) bool { return false }
