package simulation

import (
	"math/rand/v2"
	"time"

	"bloxdrop/uploader"
)

// plan is what a seed decides beforehand.
type plan struct {
	roots     []rootPlan
	workers   int
	perMinute int
	resend    bool
	settle    time.Duration
	rescan    time.Duration
	events    bool // rescans come early, as events make them
	deeds     int
	hurry     time.Duration // the longest pause between two deeds
	lineFault int           // of a hundred connections
	callFault int           // of a hundred calls
	deathRate int           // of a hundred lives end by a crash
	large     int           // of a hundred files
	people    int           // of a hundred deeds are commands
}

type rootPlan struct {
	verify string
	skip   bool   // existing = "skip"
	after  string // "keep", "move", "delete"
	before int    // files that are there before the first start
}

func newPlan(rnd *rand.Rand) plan {
	p := plan{
		workers: 1 + rnd.IntN(4), perMinute: pick(rnd, 0, 20, 80), resend: chance(rnd, 25), settle: 10 * time.Second,
		rescan: pick(rnd, 30*time.Second, time.Minute), events: chance(rnd, 50), deeds: 15 + rnd.IntN(45),
		hurry: pick(rnd, 5*time.Second, 20*time.Second, time.Minute), lineFault: pick(rnd, 0, 10, 40, 70), callFault: pick(rnd, 0, 10, 30, 60),
		deathRate: pick(rnd, 0, 50, 90), large: pick(rnd, 0, 0, 10, 40), people: pick(rnd, 5, 20, 40),
	}
	for range pick(rnd, 1, 1, 2) {
		p.roots = append(p.roots, rootPlan{
			verify: pick(rnd, uploader.VerifyName, uploader.VerifyName, uploader.VerifyExists, uploader.VerifyOff),
			skip:   chance(rnd, 25), after: pick(rnd, "keep", "keep", "move", "delete"), before: rnd.IntN(10),
		})
	}
	return p
}

// pause is how long the office waits before its next deed: often no time at all.
func (p plan) pause(rnd *rand.Rand) time.Duration {
	if chance(rnd, 30) {
		return time.Duration(rnd.Int64N(int64(200 * time.Millisecond)))
	}
	return time.Duration(rnd.Int64N(int64(p.hurry)))
}
