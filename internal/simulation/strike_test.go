package simulation

import (
	"bytes"
	"math/rand/v2"
	"time"
)

// What can happen to a connection.
const (
	resets    = "reset"
	vanishes  = "everything vanishes from here on"
	stalls    = "nothing moves any more"
	hesitates = "hesitates"
	dies      = "the process dies"
	surprises = "the office does something"
	fills     = "the disk of the ledger is full"
	stops     = "the service is told to stop"
)

// Where it can happen.
const (
	anywhere = "at a byte"
	atPiece  = "at a write"
	atTail   = "at the last bytes of a body"
	atAnswer = "in an answer"
)

// strike is one thing that happens to a connection at one place.
type strike struct {
	what, where string
	byte        int
	piece       int
	pause       time.Duration
}

func newStrike(rnd *rand.Rand) *strike {
	s := &strike{
		what:  pick(rnd, resets, resets, vanishes, stalls, hesitates, dies, surprises, surprises, surprises, fills, stops),
		where: pick(rnd, anywhere, atPiece, atTail, atTail, atAnswer),
		piece: rnd.IntN(6), pause: time.Duration(rnd.Int64N(int64(3 * time.Second))),
	}
	switch s.where {
	case anywhere:
		s.byte = rnd.IntN(pick(rnd, 400, 2000, 20_000, 400_000))
	case atAnswer:
		s.byte = rnd.IntN(pick(rnd, 20, 200, 500))
	default:
		s.byte = rnd.IntN(pick(rnd, 1, 70, 70, 2000))
	}
	return s
}

// hits tells whether the strike is in this piece, and where.
func (s *strike) hits(p []byte, wrote, read, pieces int, reading bool) (at int, ok bool) {
	switch {
	case reading != (s.where == atAnswer):
		return 0, false
	case s.where == atAnswer:
		return max(s.byte-read, 0), read+len(p) >= s.byte
	case s.where == anywhere:
		return max(s.byte-wrote, 0), wrote+len(p) >= s.byte
	case s.where == atPiece:
		return min(s.byte, len(p)), pieces == s.piece
	}
	return min(s.byte, len(p)), bytes.HasPrefix(p, []byte("\r\n--"))
}
