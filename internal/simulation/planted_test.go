package simulation

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// planted is a bug: what somebody could get wrong, at the line that gets it right.
type planted struct {
	name    string
	changes []change
}

type change struct{ file, old, new string }

// A bug that no seed of so many finds gets as many more, some rounds long.
const (
	plantedSeeds = 150
	mostRounds   = 40
)

// TestPlantedBugsFit: every bug still has its line.
func TestPlantedBugsFit(t *testing.T) {
	for _, bug := range plantedBugs() {
		if _, err := bug.sources(); err != nil {
			t.Errorf("%s: %v", bug.name, err)
		}
	}
}

// TestPlantedBugs compiles each bug in and counts the seeds that find it.
func TestPlantedBugs(t *testing.T) {
	n := plantedSeeds
	switch s := os.Getenv("BLOXDROP_PLANTED"); s {
	case "":
		t.Skip("each bug is a build of its own: BLOXDROP_PLANTED=1 plants them, or BLOXDROP_PLANTED=SEEDS, as .ci/run does")
	case "1":
	default:
		var err error
		if n, err = strconv.Atoi(s); err != nil {
			t.Fatal("BLOXDROP_PLANTED:", err)
		}
	}
	t.Logf("| planted bug | found in | of seeds |")
	for _, bug := range append([]planted{{name: "none"}}, plantedBugs()...) {
		t.Run(bug.name, func(t *testing.T) {
			program, seeds, found, first := bug.build(t), 0, 0, ""
			for round := 0; found == 0 && (round == 0 || len(bug.changes) > 0 && round < mostRounds); round++ {
				found, first = hunt(t, program, seeds+1, n)
				seeds += n
			}
			t.Logf("| %s | %d | %d | %s", bug.name, found, seeds, first)
			if (found > 0) != (len(bug.changes) > 0) {
				t.Errorf("%s: found in %d of %d seeds", bug.name, found, seeds)
			}
		})
	}
}

// build makes the simulation with the bug in it.
func (b planted) build(t *testing.T) (program string) {
	dir := t.TempDir()
	sources, err := b.sources()
	if err != nil {
		t.Fatal(err)
	}
	replace := map[string]string{}
	for file, text := range sources {
		path, err := filepath.Abs(filepath.Join("../..", file))
		if err != nil {
			t.Fatal(err)
		}
		replace[path] = filepath.Join(dir, fmt.Sprintf("%d.go", len(replace)))
		if err := os.WriteFile(replace[path], []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	overlay, err := json.Marshal(map[string]any{"Replace": replace})
	if err != nil {
		t.Fatal(err)
	}
	list := filepath.Join(dir, "overlay.json")
	program = filepath.Join(dir, "simulation.test")
	if err := os.WriteFile(list, overlay, 0o600); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.CommandContext(t.Context(), "go", "test", "-c", "-overlay", list, "-o", program, ".").CombinedOutput(); err != nil {
		t.Fatalf("it can't be built: %v\n%s", err, out)
	}
	return program
}

// hunt runs so many seeds, and gives the first words of a violation.
func hunt(t *testing.T, program string, first, n int) (found int, words string) {
	out, err := exec.CommandContext(t.Context(), program, "-test.run", "^TestSimulation$", "-seed", strconv.Itoa(first), "-seeds", strconv.Itoa(n), "-all").CombinedOutput()
	m := regexp.MustCompile(`violations in (\d+) of \d+ seeds\n(.*)`).FindStringSubmatch(string(out))
	if m == nil {
		t.Fatalf("it did not come to its end: %v\n%.4000s", err, out)
	}
	found, err = strconv.Atoi(m[1])
	if err != nil {
		t.Fatal(err)
	}
	return found, strings.TrimPrefix(m[2], "PASS")
}

// sources are the files with the bug in them. A change is made at each place
// that has the old text.
func (b planted) sources() (map[string]string, error) {
	texts := map[string]string{}
	for _, c := range b.changes {
		text, ok := texts[c.file]
		if !ok {
			b, err := os.ReadFile(filepath.Join("../..", c.file))
			if err != nil {
				return nil, err
			}
			text = strings.ReplaceAll(string(b), "\r\n", "\n")
		}
		if !strings.Contains(text, c.old) {
			return nil, fmt.Errorf("%s has no %q any more: plant the bug at the line that has taken its place", c.file, c.old)
		}
		texts[c.file] = strings.ReplaceAll(text, c.old, c.new)
	}
	return texts, nil
}
