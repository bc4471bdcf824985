package simulation

import (
	"math/rand/v2"
	"time"

	"bloxdrop/internal/bloxs/bloxstest"
)

// openBloxs makes the simulated Bloxs, and decides how its calls will go wrong.
func (w *world) openBloxs() {
	var err error
	w.bloxs, err = bloxstest.New(bloxstest.Options{
		APIKey: "the-key", APISecret: "the-secret", Now: time.Now,
		Persons: bloxstest.Directory(map[string]bloxstest.Person{
			"1001": {Name: "Jan Jansen"}, "1002": {Name: "Bep Bakker"}, "1003": {Name: "Kees de Vries"},
		}),
	})
	w.mustDo(err)
	rnd := rand.New(rand.NewPCG(w.seed, 3))
	for range 300 {
		w.bloxs.Uploads.Next(w.fault(rnd, uploadFaults(rnd)))
		w.bloxs.LookUps.Next(w.fault(rnd, callFaults()))
		w.bloxs.SignIns.Next(w.fault(rnd, callFaults()))
	}
}

func (w *world) fault(rnd *rand.Rand, of []bloxstest.Fault) bloxstest.Fault {
	if !chance(rnd, w.plan.callFault) {
		return bloxstest.OK()
	}
	return pick(rnd, of...)
}

// healBloxs ends all trouble there.
func (w *world) healBloxs() {
	w.bloxs.Uploads.Clear()
	w.bloxs.LookUps.Clear()
	w.bloxs.SignIns.Clear()
	w.bloxs.SetKey("the-key", "the-secret")
	w.bloxs.LimitWindow(bloxstest.Limit{})
}

// uploadFaults are all kinds of answers, at every moment at which each may come,
// and the connection's ends.
func uploadFaults(rnd *rand.Rand) []bloxstest.Fault {
	at := rnd.Int64N(pick(rnd, int64(1), 300, 3000))
	return []bloxstest.Fault{
		bloxstest.Status(400), bloxstest.Status(401), bloxstest.Status(401).At(at), bloxstest.Status(403), bloxstest.Status(403).At(at),
		bloxstest.Status(404), bloxstest.HTML(404), bloxstest.Status(405), bloxstest.Status(408), bloxstest.Status(413).At(at),
		bloxstest.Status(415), bloxstest.Status(422), bloxstest.TooMany("").At(at), bloxstest.TooMany("7"), bloxstest.Status(500),
		bloxstest.Status(503), bloxstest.Status(503).At(at), bloxstest.UnknownAs400(), bloxstest.Redirect(),
		bloxstest.Status(502), bloxstest.HTML(504), bloxstest.Status(502).At(at), bloxstest.StoreThen(bloxstest.Status(502)), bloxstest.StoreThen(bloxstest.HTML(504)),
		bloxstest.LoginPage(), bloxstest.LoginPage().At(at), bloxstest.StoreThen(bloxstest.LoginPage()), bloxstest.EmptyStatus(200).At(at), bloxstest.EmptyStatus(204),
		bloxstest.Reset(), bloxstest.ResetBefore(at), bloxstest.ResetAfterStoring(), bloxstest.CloseWithoutAnswer(), bloxstest.CloseWithoutAnswer().AfterStoring(),
		bloxstest.WrongID("0"), bloxstest.WrongID("null"), bloxstest.WrongID(`"1234"`), bloxstest.WrongID("1.5"), bloxstest.TruncatedAnswer(),
		bloxstest.SlowAnswer(time.Duration(rnd.Int64N(int64(20 * time.Second)))), bloxstest.SlowAnswer(2 * time.Minute),
	}
}

func callFaults() []bloxstest.Fault {
	return []bloxstest.Fault{
		bloxstest.Status(400), bloxstest.Status(401), bloxstest.Status(403), bloxstest.HTML(404), bloxstest.Status(500), bloxstest.Status(503), bloxstest.TooMany(""),
		bloxstest.TooMany("5"), bloxstest.LoginPage(), bloxstest.Redirect(), bloxstest.HTML(502), bloxstest.Reset(), bloxstest.CloseWithoutAnswer(),
	}
}
