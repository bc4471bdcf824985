package store

import "golang.org/x/sys/unix"

// BoundCheck keeps this process, in which CheckLedger runs, from taking more
// memory than a check can need: over some damaged pages bbolt would take all
// that the computer has. It ends then, which counts as damage.
func BoundCheck() error {
	const most = 2 << 30
	return unix.Setrlimit(unix.RLIMIT_DATA, &unix.Rlimit{Cur: most, Max: most})
}
