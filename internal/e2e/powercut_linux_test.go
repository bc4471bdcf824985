package e2e

import (
	"archive/tar"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"bloxdrop/internal/bloxs/bloxstest"
)

const cutsAMachine = 15 // so that no start has to read too much

// TestPowerCuts cuts the power of machines in which the program takes in and
// sends files, over and over, and judges what Bloxs has in the end.
// BLOXDROP_POWER_CUTS says how often; each takes a boot.
func TestPowerCuts(t *testing.T) {
	cuts := number(t, "BLOXDROP_POWER_CUTS", 0)
	if cuts == 0 {
		t.Skip("BLOXDROP_POWER_CUTS says how many; each boots a machine, which takes half a minute or more")
	}
	slowly(t)
	sums, program := &tally{}, static(t, "static")
	t.Run("all", func(t *testing.T) {
		for left := cuts; left > 0; left -= cutsAMachine {
			t.Run(fmt.Sprint(left), func(t *testing.T) {
				t.Parallel()
				p := newPowerless(t, program)
				for i := range min(left, cutsAMachine) {
					p.round()
					twice, broken := p.soFar()
					t.Logf("cut %d: %d dropped, %d of these on the disk for sure, %d torn; %d stored, %d twice, %d broken; %d items had their gates open so far",
						i+1, len(p.whole), len(p.kept), len(p.torn), len(p.bloxs.Stored()), twice, broken, len(p.gates))
				}
				p.judged(sums, min(left, cutsAMachine))
			})
		}
	})
	sums.print(t, fmt.Sprintf("power cut under load, `hold`; gates open: %d, files: %d", sums.gates, sums.files))
}

// TestPowerCutsTell: the test of power cuts finds a program that answers for
// steps in the journal which are not on the disk.
func TestPowerCutsTell(t *testing.T) {
	if number(t, "BLOXDROP_POWER_CUTS", 0) == 0 {
		t.Skip("BLOXDROP_POWER_CUTS asks for it; it boots a machine a few times")
	}
	slowly(t)
	for name, unsynced := range map[string]string{
		"nothing is synced":  "",
		"no gate has a sync": `"op":"gate opened"`,
	} {
		t.Run(name, func(t *testing.T) {
			p := newPowerless(t, static(t, "unsynced", "-overlay", unsyncedWith(t, unsynced)))
			listening, sums := &listener{TB: t}, &tally{}
			for i := 1; i <= cutsAMachine && listening.heard == 0; i++ {
				p.t = t
				p.round()
				p.t = listening
				p.judged(sums, 1)
				t.Logf("after %d power cuts %d lost, %d twice, %d broken", i, sums.lost, sums.twice, sums.broken)
			}
			if listening.heard == 0 {
				t.Error("it is not found")
			}
		})
	}
}

// unsyncedWith is an overlay over the journal's source that leaves the sync of
// lines out where any of them holds this text.
func unsyncedWith(t testing.TB, text string) string {
	t.Helper()
	source, err := filepath.Abs("../../store/journal.go")
	if err != nil {
		t.Fatal(err)
	}
	was, err := os.ReadFile(source)
	const sync, imports = "err = j.f.Sync()\n\t}\n", "import (\n"
	if err != nil || strings.Count(string(was), sync) != 1 || strings.Count(string(was), imports) != 1 {
		t.Fatalf("%s is not as expected: %v", source, err)
	}
	dir := t.TempDir()
	changed := filepath.Join(dir, "journal.go")
	overlay, err := json.Marshal(map[string]map[string]string{"Replace": {source: changed}})
	now := strings.NewReplacer(imports, imports+"\"bytes\"\n", sync, fmt.Sprintf("if !bytes.Contains(ls.buf, []byte(%q)) {\n%s}\n", text, sync)).Replace(string(was))
	for path, content := range map[string]string{changed: now, filepath.Join(dir, "overlay.json"): string(overlay)} {
		if err == nil {
			err = os.WriteFile(path, []byte(content), 0o600)
		}
	}
	if err != nil {
		t.Fatal(err)
	}
	return filepath.Join(dir, "overlay.json")
}

// listener hears of what would fail a test.
type listener struct {
	testing.TB
	heard int
}

func (l *listener) Errorf(format string, args ...any) {
	l.heard++
	l.Logf(format, args...)
}

// powerless is a branch whose power is cut: with one root whose files stay,
// and one whose files are moved when they are sent.
type powerless struct {
	*branch
	random *rand.Rand
	n      int
	whole  map[delivery]bool       // what was dropped, and what a cut left of it
	kept   map[string]delivery     // by path: what was on the disk before a cut
	torn   map[string]bool         // paths that a cut left with other content
	gates  map[string]map[int]bool // which gates of an item were open at a cut
}

func newPowerless(t testing.TB, program string) *powerless {
	t.Helper()
	roots := ""
	for root, after := range map[string]string{"/srv/scans": "keep", "/srv/filed": "move"} {
		roots += fmt.Sprintf("\n[[watch]]\npath = %q\nexisting = \"upload\"\nsettle = \"1s\"\nrescan = \"3s\"\nafter_upload = %q\n", root, after)
	}
	p := &powerless{newBranch(t, "lean", program, roots), rand.New(rand.NewPCG(uint64(time.Now().UnixNano()), 3)), 0,
		map[delivery]bool{}, map[string]delivery{}, map[string]bool{}, map[string]map[int]bool{}}
	p.m.Run("mkdir /srv/scans /srv/filed && sync")
	p.launch()
	return p
}

// soFar is what can be said at any time: how many files Bloxs has twice, or as
// they never stood there.
func (p *powerless) soFar() (twice, broken int) {
	got := map[delivery]int{}
	for _, f := range p.bloxs.Stored() {
		d := delivery{f.Person, f.SHA256}
		if got[d]++; got[d] > 1 {
			twice++
		}
		if !p.whole[d] {
			broken++
		}
	}
	return twice, broken
}

// round lets files be dropped and sent, cuts the power at some moment, starts
// all again, and holds what has become uncertain against the gates that were open.
func (p *powerless) round() {
	p.t.Helper()
	slow := time.Duration(p.random.IntN(4)) * 50 * time.Millisecond // so that many gates are open, or few
	p.bloxs.Uploads.Always(bloxstest.SlowAnswer(slow))
	enough, later := len(p.bloxs.Stored())+1+p.random.IntN(25), time.Duration(p.random.IntN(2000))*time.Millisecond
	ctx, powerless := context.WithCancel(p.t.Context())
	dropped := make(chan struct{})
	go func() {
		defer close(dropped)
		for p.drop(ctx) == nil {
		}
	}()
	p.stored(enough)
	time.Sleep(later)
	p.m.Cut()
	powerless()
	<-dropped

	p.m.Start()
	p.tidy()
	open := openGates(p.fetchJournal())
	if len(open) > killWorkers {
		p.t.Errorf("%d gates were open with %d workers", len(open), killWorkers)
	}
	for item, gate := range open {
		if p.gates[item] == nil {
			p.gates[item] = map[int]bool{}
		}
		p.gates[item][gate] = true
	}
	p.launch()
}

// drop lets some files appear whole, each in one step. Mostly they are synced
// before it is over; what isn't may go with the power, as a colleague's may.
func (p *powerless) drop(ctx context.Context) error {
	var files bytes.Buffer
	out := tar.NewWriter(&files)
	batch := map[string]delivery{}
	line := `sh -c 'cd /srv && tar -x && for f; do mv "$f.part" "$f" || exit; done`
	if p.random.IntN(3) > 0 {
		line += ` && if sync "$@" scans/* filed/*; then echo synced; fi` // it fails where one is moved already
	}
	line += "' sh"
	var names []string
	for range 4 + p.random.IntN(8) {
		p.n++
		size := 1 + p.random.IntN(30_000)
		if p.random.IntN(30) == 0 {
			size = 1<<20 + p.random.IntN(1<<19)
		}
		content := append(noise(uint64(p.n)<<8, size), fmt.Sprint(" document ", p.n)...)
		d := delivery{fmt.Sprint(1000 + p.random.IntN(20)), sum(content)}
		name := fmt.Sprintf("%s/%s/scan %d.bin", []string{"scans", "filed"}[p.random.IntN(2)], d.person, p.n)
		p.whole[d] = true
		batch[name] = d
		names = append(names, name)
		p.must(out.WriteHeader(&tar.Header{Name: name + ".part", Mode: 0o644, Size: int64(len(content)), ModTime: time.Now()}))
		_, err := out.Write(content)
		p.must(err)
	}
	p.must(out.Close())
	said, err := p.m.Try(ctx, &files, line, names...)
	if said == "synced\n" {
		for name, d := range batch {
			p.kept[name] = d
		}
	}
	return err
}

// there is what stands in the folders, by the path at which it was dropped.
func (p *powerless) there() map[string]delivery {
	p.t.Helper()
	files := map[string]delivery{}
	list := p.m.Run("cd /srv && find scans filed -type f -name '*.bin' -exec sha256sum {} +")
	for line := range strings.Lines(list) {
		hash, path, ok := strings.Cut(strings.TrimSuffix(line, "\n"), "  ")
		name := strings.Replace(path, "/_sent/", "/", 1)
		parts := strings.Split(name, "/")
		if !ok || len(parts) != 3 || files[name].sha256 != "" {
			p.t.Fatalf("unexpected, or there twice: %q", line)
		}
		files[name] = delivery{parts[1], hash}
	}
	return files
}

// tidy looks at what a cut has left. What was not synced may be empty or torn:
// the office takes empty files away, and torn ones are what stands there now.
func (p *powerless) tidy() {
	p.t.Helper()
	p.m.Run("find /srv -type f -name '*.bin' -size 0 -delete")
	there := p.there()
	for name, d := range there {
		if !p.whole[d] {
			p.whole[d] = true
			p.torn[name] = true
		}
	}
	for name, d := range p.kept {
		if there[name] != d {
			p.t.Fatalf("%s was synced, and is gone or torn: no fault of the program's", name)
		}
	}
}

// judged lets all come to its end, and judges: each file that stands there is
// sent once, or held as uncertain.
func (p *powerless) judged(sums *tally, cuts int) {
	p.t.Helper()
	p.bloxs.Uploads.Clear()
	if !p.comesToRest() {
		return
	}
	all := p.fetchJournal()
	for _, s := range all {
		if s.Op == "uncertain" && p.gates[s.Item] == nil {
			p.t.Errorf("%s is uncertain, though its gate was open at no cut", s.Item)
		}
	}
	held := map[delivery]bool{}
	for _, e := range p.uncertain() {
		held[delivery{e.Person, e.SHA256}] = true
	}
	books := books{map[delivery]bool{}, p.whole}
	for _, d := range p.there() {
		if !held[d] {
			books.due[d] = true
		}
	}
	p.judge(sums, books, once)
	gates, uncertain := 0, 0
	for _, n := range p.gates {
		gates += len(n)
	}
	for _, n := range doubts(all) {
		uncertain += n
	}
	if uncertain > gates {
		p.t.Errorf("%d uploads are uncertain, though only %d gates were open at a cut", uncertain, gates)
	}
	sums.mu.Lock()
	defer sums.mu.Unlock()
	sums.runs += cuts
	sums.gates += gates
	sums.uncertain += uncertain
}
