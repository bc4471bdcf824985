package alert

import (
	"encoding/json"
	"errors"
	"io/fs"
	"os"

	"bloxdrop/internal/wholefile"
)

// memory is what alerts.json holds: what is wrong, what was said of it, and
// what has not been taken yet. It names no person, no document and no address.
type memory struct {
	Troubles []record    `json:"troubles"`
	Pending  [][]Message `json:"pending"` // by the number of the URL
}

func (a *Alerts) recall() {
	b, err := os.ReadFile(a.path)
	if errors.Is(err, fs.ErrNotExist) {
		return
	}
	var m memory
	if err == nil {
		err = json.Unmarshal(b, &m)
	}
	if err != nil {
		a.opts.Log.Warn("what alerts have said can't be read, so something may be said twice", "path", a.path, "err", err)
		return
	}
	a.book.recalled(a.opts.Now(), m.Troubles)
	a.book.wrote = string(b)
	for i, l := range a.lanes {
		if i < len(m.Pending) {
			l.pending = m.Pending[i]
		}
	}
}

// remember writes it down where it has changed. If it can't, it tries again
// at the next look: at worst something is said twice after a restart.
func (a *Alerts) remember() {
	m := memory{Troubles: a.book.records()}
	for _, l := range a.lanes {
		m.Pending = append(m.Pending, l.left())
	}
	b, err := json.MarshalIndent(m, "", "  ")
	if err != nil || string(b) == a.book.wrote {
		return
	}
	err = wholefile.Write(a.path, b)
	switch {
	case err == nil:
		a.book.wrote, a.book.warned = string(b), false
	case !a.book.warned:
		a.book.warned = true
		a.opts.Log.Warn("what alerts have said can't be written down, so something may be said twice after a restart", "path", a.path, "err", err)
	}
}
