package simulation

import (
	"flag"
	"fmt"
	"os"
	"runtime"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

var (
	seeds = flag.Int("seeds", 0, "how many seeds to simulate; 0: BLOXDROP_SEEDS, or a short run")
	first = flag.Uint64("seed", 1, "the first of them")
	all   = flag.Bool("all", false, "go on after a violation, and say in how many seeds there was one")
)

const shortRun = 100

func howMany(t *testing.T) int {
	if *seeds > 0 {
		return *seeds
	}
	if n := os.Getenv("BLOXDROP_SEEDS"); n != "" {
		number, err := strconv.Atoi(n)
		if err != nil {
			t.Fatal("BLOXDROP_SEEDS:", err)
		}
		return number
	}
	if testing.Short() {
		return shortRun / 10
	}
	return shortRun
}

// totals are of all seeds.
type totals struct {
	mu       sync.Mutex
	seeds    int
	failed   []uint64
	words    []string // the first of each
	versions int
	stored   int
	crashes  int
	tally    tally
}

// TestSimulation runs as many seeds as it is told to.
func TestSimulation(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("its office renames what others have open, which Windows lets nobody do; what it proves is the same on every system")
	}
	n := howMany(t)
	began := time.Now()
	var sum totals
	var next atomic.Uint64
	next.Store(*first)
	end := *first + uint64(n)
	t.Run("seeds", func(t *testing.T) {
		for i := range min(n, runtime.GOMAXPROCS(0)) {
			t.Run(strconv.Itoa(i), func(t *testing.T) {
				t.Parallel()
				for !t.Failed() || *all {
					seed := next.Add(1) - 1
					if seed >= end {
						return
					}
					sum.add(simulate(t, seed))
				}
			})
		}
	})
	took := time.Since(began)
	t.Logf("%d seeds in %v, %v each: %s", sum.seeds, took.Round(time.Millisecond), (took / time.Duration(max(sum.seeds, 1))).Round(time.Microsecond), sum.text())
	if *all {
		fmt.Printf("violations in %d of %d seeds\n", len(sum.failed), sum.seeds)
		for i, seed := range sum.failed[:min(len(sum.failed), 8)] {
			fmt.Printf("seed %d: %s\n", seed, sum.words[i])
		}
	}
}

func (s *totals) add(w *world) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.seeds++
	if len(w.violations) > 0 {
		s.failed = append(s.failed, w.seed)
		s.words = append(s.words, w.violations[0])
	}
	s.versions += len(w.stood)
	s.stored += len(w.bloxs.Stored())
	s.crashes += w.crashes
	s.tally.add(w.tally)
}

func (s *totals) text() string {
	return fmt.Sprintf("%d file versions, %d stored, %d crashes, %d clean stops, %d gates opened, %d uncertain, %d second uploads ordered",
		s.versions, s.stored, s.crashes, s.tally.stops, s.tally.gates, s.tally.uncertain, s.tally.ordered)
}

// simulate runs one seed in a bubble of its own.
func simulate(t *testing.T, seed uint64) *world {
	dir, err := os.MkdirTemp(tempFolder(), "bloxdrop-simulation-")
	if err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(dir)
	var w *world
	done := make(chan struct{})
	defer close(done)
	go func() { // a bubble that stands still can't tell it itself
		select {
		case <-done:
		case <-time.After(10 * time.Minute):
			panic(fmt.Sprintf("seed %d stands still", seed))
		}
	}()
	defer func() {
		if r := recover(); r != nil {
			panic(fmt.Sprintf("seed %d: %v", seed, r))
		}
	}()
	synctest.Test(t, func(t *testing.T) {
		w = newWorld(t, seed, dir)
		w.run()
	})
	if len(w.violations) > 0 && !*all {
		t.Errorf("seed %d breaks a promise; `go test ./internal/simulation -run '^TestSimulation$' -seed %d -seeds 1 -v` plays it again (with -count 20, should the order of what happens at one moment matter):\n%s", seed, seed, w.report())
	} else if testing.Verbose() && *seeds == 1 {
		t.Log(w.report())
	}
	return w
}

// tempFolder is in memory where there is such a thing.
func tempFolder() string {
	const shm = "/dev/shm"
	if dir, err := os.MkdirTemp(shm, "bloxdrop-"); err == nil {
		_ = os.Remove(dir)
		return shm
	}
	return ""
}
