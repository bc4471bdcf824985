package simulation

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"hash/fnv"
	"io"
	"log/slog"
	"math/rand/v2"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"bloxdrop/internal/bloxs/bloxstest"
	"bloxdrop/internal/model"
	"bloxdrop/store"
)

// world is all that there is in one run. mu guards the office: its files, and
// what has stood where.
type world struct {
	t    *testing.T
	seed uint64
	dir  string
	rnd  *rand.Rand // the office's; others have their own
	plan plan
	log  *slog.Logger

	bloxs *bloxstest.Server
	net   *network
	store *model.Store
	life  atomic.Pointer[life] // nil while the process is not running; errands look at it, too

	mu      sync.Mutex
	roots   []*tree
	stood   map[version][]span
	unseen  map[string]bool // paths whose content was changed behind everybody's back
	errands int             // that somebody in the office has still to do
	began   time.Time
	number  int

	orders     map[version]int      // second uploads that a person ordered
	byWord     map[version]bool     // that a person said were in Bloxs
	said       map[store.ItemID]int // orders of people that were answered with "done"
	stopAsked  chan struct{}
	crashes    int
	tally      tally
	healed     bool
	rebuilt    bool         // a ledger was lost once
	sendOrders bool         // a person has ordered what was skipped
	full       atomic.Bool  // nothing can be written down
	lastFull   atomic.Value // when it was so last

	storyMu    sync.Mutex
	story      []string
	violations []string
}

// tally is what is worth knowing of many runs.
type tally struct{ stops, gates, uncertain, ordered int }

func (t *tally) add(o tally) {
	t.stops += o.stops
	t.gates += o.gates
	t.uncertain += o.uncertain
	t.ordered += o.ordered
}

// version is one content for one person, and span is when it stood somewhere.
type version struct{ person, sha string }

type span struct {
	where    string
	from, to time.Time // to is zero while it stands
}

// stands notes that a path holds this content from now on; nil: nothing, or
// nothing whole.
func (w *world) stands(r *tree, rel string, content []byte) {
	where := r.path + "/" + rel
	for _, spans := range w.stood {
		for i := range spans {
			if spans[i].where == where && spans[i].to.IsZero() {
				spans[i].to = time.Now()
			}
		}
	}
	w.standsToo(r, rel, content)
}

// standsToo leaves what stood there standing, as it seems to all who don't read it.
func (w *world) standsToo(r *tree, rel string, content []byte) {
	if content == nil {
		delete(r.files, rel)
		return
	}
	r.files[rel] = &paper{content: content}
	if is, err := w.store.Baseline(r.path); err != nil || is != store.BaselineKept {
		r.before[rel] = int64(len(content))
		r.beforeSHA[digest(content)] = true
	}
	if person := personOf(rel); person != "" {
		v := version{person, digest(content)}
		w.stood[v] = append(w.stood[v], span{where: r.path + "/" + rel, from: time.Now()})
	}
}

func newWorld(t *testing.T, seed uint64, dir string) *world {
	w := &world{
		t: t, seed: seed, dir: dir, rnd: rand.New(rand.NewPCG(seed, 1)),
		stood: map[version][]span{}, unseen: map[string]bool{}, orders: map[version]int{}, byWord: map[version]bool{}, said: map[store.ItemID]int{}, stopAsked: make(chan struct{}, 1), began: time.Now(),
		log: slog.New(slog.DiscardHandler),
	}
	if testing.Verbose() && *seeds == 1 {
		w.log = slog.New(slog.NewTextHandler(story{w}, &slog.HandlerOptions{Level: slog.LevelDebug}))
	}
	w.lastFull.Store(time.Time{})
	w.plan = newPlan(w.rnd)
	return w
}

// story puts the process's log between what the office does.
type story struct{ w *world }

func (s story) Write(p []byte) (int, error) {
	s.w.tell("    %s", strings.TrimSpace(string(p)))
	return len(p), nil
}

var _ io.Writer = story{}

func (w *world) tell(format string, args ...any) {
	w.storyMu.Lock()
	defer w.storyMu.Unlock()
	w.story = append(w.story, fmt.Sprintf("%12v  %s", time.Since(w.began).Round(time.Millisecond), fmt.Sprintf(format, args...)))
}

func (w *world) violation(format string, args ...any) {
	text := fmt.Sprintf(format, args...)
	w.tell("VIOLATION %s", text)
	w.violations = append(w.violations, text)
}

func (w *world) report() string {
	return fmt.Sprintf("%s\n%+v\n%s", strings.Join(w.violations, "\n"), w.plan, strings.ReplaceAll(strings.Join(w.story, "\n"), w.dir, ""))
}

// run is the whole life of a world.
func (w *world) run() {
	w.openBloxs()
	w.net = newNetwork(w)
	w.bloxs.Serve(w.net)
	w.store = model.New(model.Options{ID: "the-ledger", Salt: "salt", Now: time.Now, CommitEvery: time.Second, Step: w.step})
	w.furnish()
	w.start()
	for range w.plan.deeds {
		w.wait(w.plan.pause(w.rnd))
		w.deed()
	}
	w.heal()
	w.check()
	w.stop()
	w.bloxs.Close()
}

// wait lets time pass, and starts a process that has died meanwhile again.
func (w *world) wait(d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	for {
		var crashed <-chan struct{}
		if w.life.Load() != nil {
			crashed = w.life.Load().crashed
		}
		select {
		case <-timer.C:
			return
		case <-w.stopAsked:
			if w.life.Load() != nil && !w.life.Load().dead.Load() && !w.healed {
				w.restart()
			}
		case <-crashed:
			w.bury()
		}
	}
}

// later has something done after d. The caller has mu, and do gets it.
func (w *world) later(d time.Duration, do func()) {
	w.errands++
	time.AfterFunc(d, func() {
		w.mu.Lock()
		defer w.mu.Unlock()
		do()
		w.errands--
	})
}

// at decides things that happen at this moment. What happens at one moment does
// so in any order, and must not be decided by it.
func (w *world) at(what string) *rand.Rand {
	h := fnv.New64a()
	h.Write([]byte(what))
	return rand.New(rand.NewPCG(w.seed^h.Sum64(), uint64(time.Now().UnixNano())))
}

// chance is true in so many of a hundred cases.
func chance(rnd *rand.Rand, percent int) bool { return rnd.IntN(100) < percent }

func pick[T any](rnd *rand.Rand, of ...T) T { return of[rnd.IntN(len(of))] }

func digest(b []byte) string {
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}

func (w *world) tokenFile() string { return filepath.Join(w.dir, "token.json") }

// heal lets everything be well from now on, and waits until all is done that
// can be done without a person.
func (w *world) heal() {
	w.tell("-- from here on all is well")
	w.healed = true
	w.full.Store(false)
	w.net.calm()
	w.healBloxs()
	for w.busy() {
		w.wait(time.Minute)
	}
	w.mountAll()
	if w.life.Load().dead.Load() {
		w.bury()
	}
	w.life.Load().stepsLeft.Store(0)
	w.must(w.life.Load().queue.Resume())
	for until := time.Now().Add(8 * time.Hour); time.Now().Before(until); {
		w.wait(2 * time.Minute)
		if w.quiet() {
			w.wait(4 * time.Minute) // two rescans, and what follows an upload
			if w.quiet() {
				return
			}
		}
	}
}

// busy tells whether the office has not come to the end of all that it began.
func (w *world) busy() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.errands > 0
}

func (w *world) must(err error) {
	if err != nil {
		w.violation("a command failed while all was well: %v", err)
	}
}
