package check

import (
	"fmt"
	"log/slog"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"bloxdrop/internal/bloxs"
	"bloxdrop/internal/bloxs/bloxstest"
	"bloxdrop/internal/config"
	"bloxdrop/store"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// newChecker notes what it finds.
func newChecker(t *testing.T) (*checker, *[]Finding) {
	t.Helper()
	var found []Finding
	c := &checker{Options: Options{Config: &config.Config{}, Now: time.Now, Log: slog.New(slog.DiscardHandler)}, asked: askFor, stall: stalled}
	c.Say = func(f Finding) { found = append(found, f) }
	return c, &found
}

// TestHungRoot gives a share up that does not answer any more, waits for one
// that only is slow, and tells of the rest.
func TestHungRoot(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, found := newChecker(t)
		free := make(chan struct{})
		defer close(free)
		hung := bounded("hung", func(v *visit) *result {
			v.moved.Add(1)
			<-free
			return &result{findings: []Finding{{OK, "hung", "it came too late", ""}}}
		})
		slow := bounded("slow", func(v *visit) *result {
			for range 10 {
				time.Sleep(stalled - time.Second)
				v.moved.Add(1)
			}
			return &result{findings: []Finding{{OK, "slow", "it came", ""}}}
		})
		began := time.Now()
		c.report(hung)
		if d := time.Since(began); d < stalled || d > 2*stalled {
			t.Errorf("given up after %s", d)
		}
		c.report(slow)
		if len(*found) != 2 || (*found)[0].Level != Error || !strings.Contains((*found)[0].Text, "not answered for 30s") || (*found)[1].Text != "it came" {
			t.Errorf("%+v", *found)
		}
	})
}

// TestPersonsWithinTheTime asks for no more persons than the rate limit lets
// in its time, each once, and says how many it did not ask for.
func TestPersonsWithinTheTime(t *testing.T) {
	server, err := bloxstest.New(bloxstest.Options{Persons: func(string, string) (bloxstest.Person, bool) { return bloxstest.Person{}, false }})
	if err != nil {
		t.Fatal(err)
	}
	if err := server.Start(); err != nil {
		t.Fatal(err)
	}
	defer server.Close()
	c, found := newChecker(t)
	c.asked = 150 * time.Millisecond
	c.Config.Bloxs = config.Bloxs{URL: server.URL, APIKey: config.NewSecret("k"), APISecret: config.NewSecret("s"), RequestsPerMinute: 100}
	var people []person
	for i := range 20 {
		// Two folders each.
		key := store.PersonKey{Relation: bloxs.Relations()[0].Word, Kind: "reference", ID: fmt.Sprint(1000 + i/2)}
		people = append(people, person{key: key, path: fmt.Sprint("folder ", i), verify: config.VerifyName})
	}
	c.bloxs(t.Context(), people)
	// One comes at once, and one every 200 ms.
	if n := server.LookUps.Count(); n > 3 {
		t.Errorf("%d look-ups", n)
	}
	last := (*found)[len(*found)-1]
	if !strings.Contains(last.Text, "asked for; those of ") || !strings.Contains(last.Text, "for lack of time") {
		t.Errorf("%+v", last)
	}
	var unknown int
	for _, f := range *found {
		if strings.Contains(f.Text, "knows no person") {
			unknown++
		}
	}
	if unknown < 2 || unknown%2 != 0 {
		t.Errorf("%d folders are said to be of unknown persons: %+v", unknown, *found)
	}
}

// TestClock tells of clocks that are far apart.
func TestClock(t *testing.T) {
	server, err := bloxstest.New(bloxstest.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if err := server.Start(); err != nil {
		t.Fatal(err)
	}
	defer server.Close()
	for off, want := range map[time.Duration]string{
		time.Minute: "agrees", time.Hour: "1h0m0s ahead of that of Bloxs", -time.Hour: "1h0m0s behind that of Bloxs",
	} {
		c, found := newChecker(t)
		c.Now = func() time.Time { return time.Now().Add(off).Truncate(time.Second) }
		c.Config.Bloxs = config.Bloxs{URL: server.URL, APIKey: config.NewSecret("k"), APISecret: config.NewSecret("s")}
		c.bloxs(t.Context(), nil)
		said := ""
		for _, f := range *found {
			if f.About == "clock" {
				said = f.Text
			}
		}
		// The server shows whole seconds.
		said = strings.NewReplacer("59m59s", "1h0m0s", "1h0m1s", "1h0m0s").Replace(said)
		if !strings.Contains(said, want) {
			t.Errorf("%s off: it says %q of %+v", off, said, *found)
		}
	}
}

// TestLetWrite: where the unit shuts the service in, no right helps.
func TestLetWrite(t *testing.T) {
	for err, want := range map[error]string{syscall.EROFS: "ReadWritePaths", syscall.EACCES: "the right to write there"} {
		if got := letWrite(fmt.Errorf("/data: %w", err)); !strings.Contains(got, want) {
			t.Errorf("%v: %s", err, got)
		}
	}
}
