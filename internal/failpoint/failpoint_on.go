//go:build failpoint

// Package failpoint in a binary for tests.
package failpoint

import (
	"os"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
)

// Variable is NAME, or NAME:N for the N-th time that the process comes there.
const Variable = "BLOXDROP_FAILPOINT"

var (
	chosen = sync.OnceValues(func() (name string, n int64) {
		name, count, _ := strings.Cut(os.Getenv(Variable), ":")
		n, err := strconv.ParseInt(count, 10, 64)
		if err != nil {
			n = 1
		}
		return name, n
	})
	times atomic.Int64
)

// At kills the process, as SIGKILL from outside would, at the chosen moment.
func At(name string) {
	if wanted, n := chosen(); name != wanted || times.Add(1) != n {
		return
	}
	if self, err := os.FindProcess(os.Getpid()); err == nil {
		_ = self.Kill()
	}
	select {}
}
