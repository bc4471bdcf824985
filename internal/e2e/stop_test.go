package e2e

import (
	"bytes"
	"fmt"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"bloxdrop/internal/bloxs/bloxstest"
	"bloxdrop/internal/control"
)

// TestStopInFlight stops bloxdrop while each of its workers has a file of 25 MB
// under way. It ends in time; what had not passed its gate waits, and goes at
// the next start; only what had is uncertain.
func TestStopInFlight(t *testing.T) {
	t.Parallel()
	o := newOffice(t, bloxstest.Options{})
	before, behind := bloxstest.Hold(), bloxstest.Hold()
	t.Cleanup(before.Release)
	t.Cleanup(behind.Release)
	o.bloxs.Uploads.Next(before.Fault.At(10<<20), before.Fault.At(20<<20), behind.Fault, bloxstest.SlowAnswer(time.Hour))
	const files = 6
	all := map[string]delivery{}
	for i := range files {
		content := bytes.Repeat(fmt.Appendf(nil, "file %02d\n", i), 25_000_000/8)
		person := fmt.Sprintf("100%d", i)
		all[o.write(filepath.Join(person, "scan.txt"), string(content))] = delivery{person, sum(content)}
	}
	o.start()
	for _, h := range []*bloxstest.Held{before, behind} {
		select {
		case <-h.Reached():
		case <-time.After(3 * time.Minute):
			t.Fatalf("no upload comes so far\n%s", o.log)
		}
	}
	o.must(o.bloxs.WaitStored(t.Context(), 1)) // the one whose answer takes an hour
	o.until("all workers are at it", func(st control.Status) bool { return st.Sending == 4 })

	began := time.Now()
	o.must(signal(o.daemon.Process, syscall.SIGTERM))
	select {
	case <-o.ended:
	case <-time.After(patience):
		t.Fatalf("it does not end\n%s", o.log)
	}
	took, code := time.Since(began), o.daemon.ProcessState.ExitCode()
	o.daemon = nil
	t.Logf("it ended with %d after %v", code, took)
	if took > 5*time.Second || code != 0 {
		t.Errorf("it ended with %d after %v\n%s", code, took, o.log)
	}
	if held := o.uncertain(); len(held) != 2 {
		t.Errorf("%d are uncertain, of 2 that had passed their gate: %+v", len(held), held)
	}
	before.Release()
	behind.Release() // that one is stored now, as nobody listens any more
	o.start()
	st := o.until("what had not passed its gate is sent", func(st control.Status) bool { return st.Sent == files-2 })
	if st.Held != 2 || st.Waiting+st.Sending != 0 {
		t.Errorf("%+v", st)
	}
	o.must(o.bloxs.WaitStored(t.Context(), files))
	o.storedOnce(all)
}
