//go:build !failpoint

package cli

import "time"

// now is the clock. A program that is built for tests has another.
func now() time.Time { return time.Now() }
