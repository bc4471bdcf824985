//go:build !windows

package service

import "context"

// Run does the work under the service manager, until that one ends ctx by a
// signal. It returns what the work ended with.
func Run(ctx context.Context, work Work, _ func(error)) error { return work.whole(ctx) }
