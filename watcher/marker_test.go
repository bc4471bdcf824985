package watcher

import (
	"encoding/json"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"bloxdrop/internal/testfs"
	"bloxdrop/store"
)

// paper is a Ledger in memory.
type paper struct {
	mu       sync.Mutex
	id       string
	position uint64
	marked   map[string]bool
	doubt    *store.Doubt
	trusted  int
	heirs    []string // "root from path"
	raised   []uint64 // above which positions a doubt was to be
}

func (p *paper) ID() string { return p.id }

func (p *paper) Position() uint64 {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.position
}

func (p *paper) goOn(n uint64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.position += n
}

func (p *paper) Marked(root string) (bool, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.marked[root], nil
}

func (p *paper) SetMarked(root string) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.marked[root] = true
	return nil
}

func (p *paper) DoubtAbout(string) (*store.Doubt, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.doubt, nil
}

func (p *paper) Doubt(cause string, known, above uint64) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.doubt = &store.Doubt{Cause: cause, Known: known}
	p.raised = append(p.raised, above)
	return nil
}

func (p *paper) Trust(string, []string) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.trusted++
	p.doubt = nil
	return nil
}

func (p *paper) Inherit(root, from string) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.heirs = append(p.heirs, root+" from "+from)
	return nil
}

// markedBench has a ledger called "ours" at position 10, and has run once.
func markedBench(t *testing.T) (*bench, *paper) {
	t.Helper()
	p := &paper{id: "ours", position: 10, marked: map[string]bool{}}
	b := newBench(t, func(o *Options) {
		often(o)
		o.Ledger, o.Host = p, "here"
	})
	b.write("1/f", "one")
	b.Start(t.Context())
	b.settled()
	b.wantPlaces("1/f")
	b.Stop()
	b.renew()
	return b, p
}

func (b *bench) marker() (m marker) {
	b.t.Helper()
	raw, err := os.ReadFile(filepath.Join(b.dir, MarkerName))
	if err == nil {
		err = json.Unmarshal(raw, &m)
	}
	if err != nil {
		b.t.Fatal(err)
	}
	return m
}

func (b *bench) putMarker(change func(*marker)) {
	b.t.Helper()
	m := b.marker()
	change(&m)
	if err := putMarker(filepath.Join(b.dir, MarkerName), m, false); err != nil {
		b.t.Fatal(err)
	}
}

func TestAMarkerIsJudged(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name   string
		change func(*marker)
		doubt  *store.Doubt
		why    string // "" where the root goes on
	}{
		{"as it was", func(*marker) {}, nil, ""},
		{"an older copy of the share", func(m *marker) { m.Position = 3 }, nil, ""},
		{"of another machine", func(m *marker) { m.Host = "there" }, nil, ""},
		{"at a former path", func(m *marker) { m.Root = "/elsewhere" }, nil, ""},
		{"of another ledger", func(m *marker) { m.Ledger = "theirs" }, nil, "another ledger"},
		{"of a later time", func(m *marker) { m.Position = 11 }, nil, "older copy"},
		{"of a position that no ledger comes to", func(m *marker) { m.Position = math.MaxUint64 }, nil, "tells nothing"},
		{"of another root", func(m *marker) { m.Root = "OTHER" }, nil, "swapped"},
		{"in doubt", func(*marker) {}, &store.Doubt{Cause: "restored", Known: 10}, "restored"},
		{"in doubt, at another position", func(m *marker) { m.Clean, m.Position = true, 9 }, &store.Doubt{Cause: "restored", Known: 10}, "restored"},
		{"in doubt, and nothing known", func(m *marker) { m.Clean, m.Position = true, 0 }, &store.Doubt{Cause: "repaired"}, "repaired"},
		{"in doubt that it ends", func(m *marker) { m.Clean = true }, &store.Doubt{Cause: "restored", Known: 10}, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			b, p := markedBench(t)
			other := b.opts.Roots[0]
			other.Path = t.TempDir()
			b.opts.Roots = append(b.opts.Roots, other)
			b.renew()
			b.putMarker(func(m *marker) {
				if c.change(m); m.Root == "OTHER" {
					m.Root = other.Path
				}
			})
			before := b.marker()
			p.doubt = c.doubt
			b.write("1/new", "new")
			b.Start(t.Context())
			b.settled()
			if c.why == "" {
				b.untilPlaces("1/f", "1/new")
				if m := b.marker(); m.Position != 10 || m.Clean || m.Host != "here" || m.Root != b.dir {
					t.Errorf("the marker is not refreshed: %+v", m)
				}
				if c.doubt != nil != (p.trusted == 1) {
					t.Errorf("trusted %d times", p.trusted)
				}
				return
			}
			b.until("counted", func() bool { return b.Status()[0].There == 2 })
			b.wantPlaces("1/f")
			st := b.Status()[0]
			if !strings.Contains(st.Paused, c.why) || !st.Online || b.marker() != before {
				t.Errorf("%+v with the marker %+v", st, b.marker())
			}
			if why, _ := b.Barred(b.dir); !strings.Contains(why, c.why) {
				t.Errorf("barred by %q", why)
			}
			b.Leave()
			if b.marker() != before {
				t.Errorf("a marker that is not ours was written over: %+v", b.marker())
			}
			if err := b.Adopt(b.dir); err != nil {
				t.Fatal(err)
			}
			p.mu.Lock()
			p.doubt = nil // the store's part
			p.mu.Unlock()
			b.untilPlaces("1/f", "1/new")
			if m := b.marker(); m.Ledger != "ours" || m.Position != 10 {
				t.Errorf("%+v", m)
			}
		})
	}
}

func TestAMarkerThatTellsNothing(t *testing.T) {
	t.Parallel()
	for name, make := range map[string]func(t *testing.T, path string) error{
		"empty":   func(_ *testing.T, path string) error { return os.WriteFile(path, nil, 0o644) },
		"garbage": func(_ *testing.T, path string) error { return os.WriteFile(path, []byte(`{"ledger": 7}`), 0o644) },
		"folder":  func(_ *testing.T, path string) error { return os.Mkdir(path, 0o755) },
		"link":    func(t *testing.T, path string) error { testfs.Link(t, "elsewhere", path); return nil },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b, _ := markedBench(t)
			path := filepath.Join(b.dir, MarkerName)
			if err := os.Remove(path); err != nil {
				t.Fatal(err)
			}
			if err := make(t, path); err != nil {
				t.Fatal(err)
			}
			b.write("1/new", "new")
			b.Start(t.Context())
			b.until("paused", func() bool { return strings.Contains(b.Status()[0].Paused, "tells nothing") })
			b.wantPlaces("1/f")
		})
	}
}

// A root that had its marker is offline without it, at work too, and comes
// back by itself.
func TestAMarkerThatIsMissing(t *testing.T) {
	t.Parallel()
	b, p := markedBench(t)
	b.Start(t.Context())
	b.settled()
	path := filepath.Join(b.dir, MarkerName)
	if err := os.Rename(path, path+"-kept"); err != nil {
		t.Fatal(err)
	}
	if err := os.RemoveAll(filepath.Join(b.dir, "1")); err != nil {
		t.Fatal(err)
	}
	b.write("2/another share's", "new")
	b.untilOffline("marker .bloxdrop is missing")
	b.wantPlaces("1/f")
	if _, err := os.Stat(path); err == nil {
		t.Error("another share was given our marker")
	}
	p.goOn(5)
	if err := os.Rename(path+"-kept", path); err != nil {
		t.Fatal(err)
	}
	b.untilPlaces("2/another share's") // 1/f is proven to be gone
}

// A marker from a later time tells something of the ledger, and so of every
// root, also when the ledger has come to that position by itself.
func TestALaterMarkerIsADoubt(t *testing.T) {
	t.Parallel()
	b, p := markedBench(t)
	other := b.opts.Roots[0]
	other.Path = t.TempDir()
	if err := os.WriteFile(filepath.Join(other.Path, "unmatched"), nil, 0o644); err != nil {
		t.Fatal(err) // or it would look like one that is not mounted
	}
	b.opts.Roots = append(b.opts.Roots, other)
	b.q.root = b.dir // it may be looked through before the doubt is raised
	b.renew()
	b.putMarker(func(m *marker) { m.Position = 15 })
	b.write("1/new", "new")
	b.Start(t.Context())
	b.until("paused", func() bool { return b.Status()[0].Paused != "" && b.Status()[1].Paused != "" })
	p.goOn(10)
	b.RescanNow()
	b.until("in doubt", func() bool { return strings.Contains(b.Status()[0].Paused, "older copy: the marker of "+b.dir) })
	b.wantPlaces("1/f")
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.raised) != 1 || p.raised[0] != 15 || p.doubt.Known != 0 {
		t.Errorf("raised above %d: %+v", p.raised, p.doubt)
	}
}

// A clock that is set back keeps no marker from being written: it would show
// less and less of what the ledger has come to.
func TestAMarkerAfterTheClockWasSetBack(t *testing.T) {
	t.Parallel()
	b, p := markedBench(t)
	var back atomic.Int64
	b.opts.Now = func() time.Time { return time.Now().Add(-time.Duration(back.Load())) }
	b.renew()
	b.Start(t.Context())
	b.settled()
	back.Store(int64(time.Hour))
	p.goOn(5)
	b.until("a new marker", func() bool { return b.marker().Position == 15 })
	b.settled()
	if s := b.Status()[0]; s.Paused != "" || !s.Online {
		t.Errorf("%+v", s)
	}
}

// A copy of the ledger that watches the same share writes a later marker.
func TestACopyOfTheLedger(t *testing.T) {
	t.Parallel()
	b, _ := markedBench(t)
	b.Start(t.Context())
	b.settled()
	b.putMarker(func(m *marker) { m.Host, m.At = "there", m.At.Add(time.Hour) })
	b.write("1/new", "new")
	b.until("paused", func() bool { return strings.Contains(b.Status()[0].Paused, "copy of this ledger") })
	// Once paused it is said and counted once, however often the other writes.
	b.until("counted", func() bool { return b.Status()[0].There >= 0 })
	since := b.Status()[0].Since
	b.putMarker(func(m *marker) { m.At = m.At.Add(time.Hour) })
	if b.roots[0].setStanding(standing{paused: "for another reason"}) || b.Status()[0].Since != since {
		t.Error("a root that is paused already counts as just paused")
	}
}

// What settled before another volume was mounted is not offered from that one.
func TestNothingIsOfferedFromAnotherFolder(t *testing.T) {
	t.Parallel()
	b := newBench(t, nil)
	b.Start(t.Context())
	b.settled()
	b.Stop()
	r := b.roots[0]
	if why := r.closed(); why != "" {
		t.Error(why)
	}
	b.rename("", "../away")
	b.mkdir("")
	if why := r.closed(); why != errRootMoved.Error() {
		t.Errorf("another folder: %q", why)
	}
	hashed := batch{jobs: []job{{e: &entry{rel: "1/f"}}}, offers: []store.Offer{{Root: b.dir, Rel: "1/f"}}}
	r.flush(t.Context(), &hashed)
	b.wantPlaces()
	if len(hashed.jobs) > 0 {
		t.Error("it would be offered once more without being read again")
	}
}

// A clean stop leaves the last position; a later marker is not written over.
func TestLeave(t *testing.T) {
	t.Parallel()
	b, p := markedBench(t)
	b.Start(t.Context())
	b.settled()
	b.until("online", func() bool { return b.Status()[0].Online })
	p.goOn(7)
	b.Stop()
	b.Leave()
	if m := b.marker(); !m.Clean || m.Position != 17 {
		t.Errorf("%+v", m)
	}
	b.renew()
	b.Start(t.Context())
	b.until("a start", func() bool { return !b.marker().Clean })
	b.Stop()
	b.putMarker(func(m *marker) { m.At = m.At.Add(time.Second) }) // another has been here meanwhile
	b.Leave()
	if b.marker().Clean {
		t.Error("another's marker was written over")
	}
}

// Two that come at the same moment: one marker stands, whole.
func TestTwoMarkersAtOnce(t *testing.T) {
	t.Parallel()
	for range 20 {
		path := filepath.Join(t.TempDir(), MarkerName)
		won := make([]bool, 8)
		var all sync.WaitGroup
		for i := range won {
			all.Go(func() {
				won[i] = putMarker(path, marker{Ledger: string(rune('a' + i)), Root: "/r"}, true) == nil
			})
		}
		all.Wait()
		m, _, err := readMarker(path)
		winner := slices.Index(won, true)
		if err != nil || winner < 0 || slices.Contains(won[winner+1:], true) || m.Ledger != string(rune('a'+winner)) {
			t.Fatalf("won: %v; the marker is %+v, %v", won, m, err)
		}
	}
}

func FuzzMarker(f *testing.F) {
	f.Add([]byte(`{"ledger":"x","position":7,"root":"/r","at":"2026-11-24T03:00:00Z","clean":true}`))
	f.Add([]byte(`{"ledger":`))
	path := filepath.Join(f.TempDir(), MarkerName)
	f.Fuzz(func(t *testing.T, raw []byte) {
		if err := os.WriteFile(path, raw, 0o644); err != nil {
			t.Fatal(err)
		}
		if m, _, err := readMarker(path); err == nil && m.Ledger == "" || err != nil && m != (marker{}) {
			t.Errorf("%+v, %v", m, err)
		}
	})
}
