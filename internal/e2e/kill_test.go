package e2e

import (
	"fmt"
	"math/rand/v2"
	"os"
	"strconv"
	"testing"
	"time"

	"bloxdrop/internal/bloxs/bloxstest"
	"bloxdrop/internal/control"
)

// number reads how often a test is to do something; .ci/full asks for more.
func number(t *testing.T, name string, usual int) int {
	t.Helper()
	text := os.Getenv(name)
	if text == "" {
		return usual
	}
	n, err := strconv.Atoi(text)
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return n
}

// TestKill kills the daemon at random moments while it takes in and sends
// files. What is uncertain afterwards is what was between gate and answer, so
// no more than one file a worker and kill; resolved, nothing is lost and
// nothing is there twice.
func TestKill(t *testing.T) {
	t.Parallel()
	const workers = 4
	kills := number(t, "BLOXDROP_KILLS", 5)
	files := max(300/kills, 20) // a kill
	o := newOffice(t, bloxstest.Options{}, "[upload]", fmt.Sprintf("[upload]\nworkers = %d", workers))
	o.bloxs.Uploads.Always(bloxstest.SlowAnswer(5 * time.Millisecond))
	o.start()
	known := 0
	for round := range kills {
		before := len(o.bloxs.Stored())
		for i := range files {
			o.write(fmt.Sprintf("%d/%d-%d.txt", 1000+i%20, round, i), fmt.Sprintf("document %d of round %d", i, round))
		}
		// Half of the kills come while files settle and are taken in, half
		// while they are sent.
		if round%2 == 1 {
			o.stored(before + 1)
		}
		time.Sleep(rand.N(time.Duration(files) * 4 * time.Millisecond))
		o.kill()
		o.start()
		uncertain := len(o.uncertain())
		if n := uncertain - known; n < 0 || n > workers {
			t.Errorf("%d items more are uncertain after a kill of %d workers", n, workers)
		}
		known = uncertain
	}
	o.bloxs.Uploads.Clear()
	st := o.until("all tried", func(st control.Status) bool {
		return st.Settling+st.Waiting+st.Sending == 0 && st.Files == kills*files
	})
	o.addsUp(st)
	if st.Held != known {
		t.Errorf("%d are held, %d were uncertain after the last kill", st.Held, known)
	}
	there := o.resolveAll()
	t.Logf("%d files, %d kills: %d uncertain, of which %d had arrived", st.Files, kills, known, there)
	o.untilAllSent()
	o.storedOnce(o.there())
}
