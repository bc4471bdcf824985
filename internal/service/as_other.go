//go:build !linux && !windows

package service

import (
	"context"
	"errors"
	"io"
)

// As runs bloxdrop with these arguments as the service would.
func As(context.Context, Spec, io.Writer, io.Writer, ...string) (code int, err error) {
	return 0, errors.New("this can be done on Linux only: here, sign in as the service's account, and run it without --as-service")
}
