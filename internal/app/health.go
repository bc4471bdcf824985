package app

// Health is whether a running app moves, and what of it doesn't.
type Health struct {
	// Stuck says what of bloxdrop itself does not move any more, so that only a
	// new start helps. A share that hangs, a pause or a wrong key is none of it.
	Stuck []string
	// Waits says what others let it wait for: roots that don't answer.
	Waits []string
	// Sentence is all that in short, for whoever looks after services.
	Sentence string
}

// Alive tells whether rescans and uploads move, or would if they could.
func (h Health) Alive() bool { return len(h.Stuck) == 0 }

// Health never waits for a file system, a lock or Bloxs.
func (a *App) Health() Health {
	return Health{Sentence: "running"}
}
