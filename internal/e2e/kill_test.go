package e2e

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
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

const (
	killWorkers   = 4
	killsAnOffice = 25 // so that no start has to read too much
)

// TestKill kills the program under load, half of the times at random moments
// and half at named ones, and judges what Bloxs has in the end. BLOXDROP_KILLS
// says how often, for each value of on_uncertain.
func TestKill(t *testing.T) {
	t.Parallel()
	kills := number(t, "BLOXDROP_KILLS", 8)
	for _, onUncertain := range []string{"hold", "resend"} {
		t.Run(onUncertain, func(t *testing.T) {
			t.Parallel()
			random, named := &tally{}, &tally{}
			t.Run("all", func(t *testing.T) {
				for left, seed := kills, uint64(0); left > 0; left, seed = left-2*killsAnOffice, seed+1 {
					n := min((left+1)/2, killsAnOffice)
					t.Run(fmt.Sprintf("random %d", seed), func(t *testing.T) {
						t.Parallel()
						newVictim(t, onUncertain, seed).killed(random, n, (*victim).atRandom)
					})
					t.Run(fmt.Sprintf("named %d", seed), func(t *testing.T) {
						t.Parallel()
						v := newVictim(t, onUncertain, seed+1<<32)
						v.o.program = failpointBinary(t)
						v.killed(named, n, (*victim).atAPoint)
					})
				}
			})
			for name, s := range map[string]*tally{"at a random moment": random, "at a named step": named} {
				s.print(t, fmt.Sprintf("killed %s under load, `%s`; gates open: %d", name, onUncertain, s.gates))
				t.Logf("%d files; %d gates were open at a kill, and %d uploads are uncertain", s.files, s.gates, s.uncertain)
				if s.uncertain > s.gates {
					t.Errorf("%d uploads are uncertain, though only %d gates were open at a kill", s.uncertain, s.gates)
				}
			}
		})
	}
}

// victim is an office whose program is killed over and over: with one root
// whose files stay, one whose files are moved when they are sent, and one whose
// files are deleted.
type victim struct {
	o        *office
	work     *colleague
	hold     bool
	kills    int
	gates    map[string]map[int]bool // which gates of an item were open at a kill
	random   *rand.Rand
	filed    string
	shredded string
}

func newVictim(t *testing.T, onUncertain string, seed uint64) *victim {
	t.Helper()
	o := newOffice(t, bloxstest.Options{})
	v := &victim{o: o, hold: onUncertain == "hold", gates: map[string]map[int]bool{}, random: rand.New(rand.NewPCG(seed, 9)),
		filed: filepath.Join(o.dir, "filed"), shredded: filepath.Join(o.dir, "shredded")}
	more := ""
	for path, what := range map[string]string{v.filed: "move", v.shredded: "delete"} {
		o.must(os.Mkdir(path, 0o755))
		more += fmt.Sprintf("[[watch]]\npath = %q\nexisting = \"upload\"\nsettle = \"100ms\"\nrescan = \"1s\"\nafter_upload = %q\n\n", path, what)
	}
	o.configure("[upload]", more+fmt.Sprintf("[upload]\nworkers = %d\non_uncertain = %q", killWorkers, onUncertain), settle.String(), "100ms")
	o.bloxs.Uploads.Always(bloxstest.SlowAnswer(5 * time.Millisecond))
	v.work = newColleague(o, seed, v.filed, v.shredded)
	return v
}

// killed kills so many times, lets all come to its end, and judges.
func (v *victim) killed(sums *tally, kills int, kill func(*victim)) {
	v.o.t.Helper()
	for range kills {
		kill(v)
		for item, gate := range openGates(v.o.steps()) {
			if v.gates[item] == nil {
				v.gates[item] = map[int]bool{}
			}
			v.gates[item][gate] = true // it may be open still at the next kill
		}
	}
	v.o.program = binary
	v.o.bloxs.Uploads.Clear()
	v.o.start()
	v.comesToRest()
	all := v.o.steps()
	doubt := doubts(all)
	v.o.resolveAll()
	v.comesToRest()
	v.everyFileIsWhereItBelongs()

	gates, uncertain := 0, 0
	for _, n := range v.gates {
		gates += len(n)
	}
	for _, n := range doubt {
		uncertain += n
	}
	for _, s := range all {
		if s.Op == "uncertain" && v.gates[s.Item] == nil {
			v.o.t.Errorf("%s is uncertain, though its gate was open at no kill", s.Item)
		}
	}
	may := once
	if !v.hold {
		may = func(d delivery) int { return 1 + doubt[d] }
	}
	v.o.judge(sums, v.work.account(), may)
	sums.mu.Lock()
	defer sums.mu.Unlock()
	sums.runs += kills
	sums.gates += gates
	sums.uncertain += uncertain
}

// atRandom starts the program, and kills it after anything between its first
// moments and a second of work; half of the times not before files go out.
func (v *victim) atRandom() {
	before := len(v.o.bloxs.Stored())
	v.o.launch()
	v.work.work(4 + v.random.IntN(12))
	after := time.Duration(v.random.IntN(900)) * time.Millisecond
	if v.random.IntN(2) == 0 {
		v.o.stored(before + 1)
		after = time.Duration(v.random.IntN(200)) * time.Millisecond
	}
	time.Sleep(after)
	v.o.kill()
}

// atAPoint lets the program kill itself at a step that ordinary work comes to.
func (v *victim) atAPoint() {
	points := workPoints()
	point := points[v.kills%len(points)]
	v.kills++
	v.o.env = []string{fmt.Sprintf("BLOXDROP_FAILPOINT=%s:%d", point.name, 1+v.random.IntN(point.most))}
	v.o.launch()
	v.o.env = nil
	deadline := time.Now().Add(patience)
	for {
		v.work.work(4 + v.random.IntN(6))
		select {
		case <-v.o.ended:
			if !diedByKill(v.o.daemon.ProcessState) {
				v.o.t.Fatalf("at %q it ended by itself: %v\n%s", point.name, v.o.daemon.ProcessState, v.o.log)
			}
			v.o.daemon = nil
			return
		case <-time.After(500 * time.Millisecond):
		}
		if time.Now().After(deadline) {
			v.o.t.Fatalf("it does not come to %q\n%s", point.name, v.o.log)
		}
	}
}

func (v *victim) comesToRest() {
	v.o.t.Helper()
	v.o.comesToRest(func() int {
		return len(v.o.below(v.o.root)) + len(v.o.below(v.filed)) + len(v.o.below(v.shredded))
	})
}

// comesToRest waits until all that is there has been looked at, and nothing is
// under way any more.
func (o *office) comesToRest(files func() int) {
	o.t.Helper()
	last, rescans := map[string]string{}, map[string]int{}
	o.until("at rest", func(st control.Status) bool {
		for _, r := range st.Roots {
			if before, seen := last[r.Path]; seen && r.LastRescan != before {
				rescans[r.Path]++
			}
			last[r.Path] = r.LastRescan
			if rescans[r.Path] < 2 || !r.Online { // the first may have begun before
				return false
			}
		}
		return st.Settling+st.Waiting+st.Sending == 0 && st.Files == files()
	})
}

// everyFileIsWhereItBelongs: what stays is there, what was sent from the other
// roots is in _sent, or gone.
func (v *victim) everyFileIsWhereItBelongs() {
	v.o.t.Helper()
	v.o.until("filed and shredded", func(control.Status) bool {
		return len(v.o.below(v.filed)) == 0 && len(v.o.below(v.shredded)) == 0
	})
	for rel, d := range v.work.live {
		content, err := os.ReadFile(filepath.Join(v.o.root, filepath.FromSlash(rel)))
		if err != nil || sum(content) != d.sha256 {
			v.o.t.Errorf("%s is not what it was: %v", rel, err)
		}
	}
}

// below are the files of a root that are persons'.
func (o *office) below(root string) (all []string) {
	o.t.Helper()
	o.must(filepath.WalkDir(root, func(path string, d os.DirEntry, err error) error {
		switch {
		case os.IsNotExist(err): // it may just be moved
			return nil
		case err != nil:
			return err
		case d.IsDir() && d.Name() == "_sent":
			return filepath.SkipDir
		case !d.IsDir() && !isOurs(path):
			all = append(all, path)
		}
		return nil
	}))
	return all
}
