package app

import (
	"context"
	"errors"
	"io"
	"testing"
)

func TestUntil(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	w := until{ctx, io.Discard}
	if n, err := w.Write([]byte("abc")); n != 3 || err != nil {
		t.Error(n, err)
	}
	cancel()
	if n, err := w.Write([]byte("abc")); n != 0 || !errors.Is(err, context.Canceled) {
		t.Error(n, err)
	}
}
