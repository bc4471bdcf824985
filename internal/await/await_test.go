package await

import (
	"context"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

func TestAll(t *testing.T) {
	for _, tc := range []struct {
		name              string
		work, over, takes time.Duration // over 0: it is
		ended             bool
	}{
		{"soon", time.Second, 0, time.Second, true},
		{"it hangs", time.Hour, 0, Patience, false},
		{"there is time", time.Minute, time.Hour, time.Minute, true},
		{"there is no more", time.Hour, time.Minute, time.Minute + Patience, false},
		{"just so", time.Minute + time.Second, time.Minute, time.Minute + time.Second, true},
	} {
		t.Run(tc.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				began := time.Now()
				var all sync.WaitGroup
				all.Go(func() { time.Sleep(tc.work) })
				all.Go(func() {})
				var over <-chan struct{}
				if tc.over > 0 {
					ctx, cancel := context.WithTimeout(t.Context(), tc.over)
					defer cancel()
					over = ctx.Done()
				}
				if ended, took := All(&all, over), time.Since(began); ended != tc.ended || took != tc.takes {
					t.Errorf("ended %v after %v, want %v after %v", ended, took, tc.ended, tc.takes)
				}
				all.Wait()
				synctest.Wait()
			})
		})
	}
}
