package app

import (
	"bloxdrop/store"
	"bloxdrop/watcher"
)

// Sights makes a watcher that only looks, and is not to be started: with a
// ledger that none has open, with none (nil), or, where firstStart is set, with
// the one that the first start would make.
func Sights(opts Options, ledger *store.Peek, firstStart bool) (*watcher.Watcher, error) {
	a := &App{opts: opts}
	o := watcher.Options{Roots: a.roots(), Queue: noLedger{}, Log: opts.Log, Now: opts.Now}
	switch {
	case ledger != nil:
		o.Queue, o.Ledger = peekedPlaces{peeked: ledger}, peekedLedger{ledger}
		if opts.Config.Bloxs.URL == "" {
			break // a draft's: nobody can tell yet whether anything has changed
		}
		if err := a.moved(o.Roots, ledger); err != nil {
			return nil, err
		}
	case firstStart:
		o.Ledger = newLedger{}
	}
	return watcher.New(o)
}

// peekedPlaces answers the one question that a watcher asks which only looks.
type peekedPlaces struct {
	noLedger
	peeked *store.Peek
}

func (p peekedPlaces) Places(root, _ string) (int, []string, error) {
	n, err := p.peeked.PlacesIn(root)
	return n, nil, err
}

// peekedLedger is asked about markers, and takes no note of any.
type peekedLedger struct{ *store.Peek }

func (peekedLedger) SetMarked(string) error             { return nil }
func (peekedLedger) Trust(string, []string) error       { return nil }
func (peekedLedger) Doubt(string, uint64, uint64) error { return nil }
func (peekedLedger) Inherit(string, string) error       { return nil }

// newLedger is one that has seen nothing yet.
type newLedger struct{}

func (newLedger) ID() string                              { return "" }
func (newLedger) Position() uint64                        { return 0 }
func (newLedger) Marked(string) (bool, error)             { return false, nil }
func (newLedger) SetMarked(string) error                  { return nil }
func (newLedger) DoubtAbout(string) (*store.Doubt, error) { return nil, nil }
func (newLedger) Trust(root string, roots []string) error { return nil }
func (newLedger) Doubt(string, uint64, uint64) error      { return nil }
func (newLedger) Inherit(string, string) error            { return nil }
