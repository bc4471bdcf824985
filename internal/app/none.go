package app

import "bloxdrop/store"

// noLedger stands in for the queue where there is no ledger to ask: every file
// is new, and none is taken.
type noLedger struct{}

func (noLedger) Known(_, _ string, names []string) ([]store.Known, error) {
	return make([]store.Known, len(names)), nil
}
func (noLedger) Places(_, _ string) (int, []string, error) { return 0, nil, nil }
func (noLedger) Files(_, _ string) ([]string, error)       { return nil, nil }
func (noLedger) Baseline(string) (store.Baseline, error)   { return store.NoBaseline, nil }
func (noLedger) Skip(_ string, files []store.Found) ([]bool, error) {
	return make([]bool, len(files)), nil
}
func (noLedger) TakeBaseline(string, func(func([]store.BaselineFile) error) error) (int, error) {
	return 0, errNoLedger
}
func (noLedger) Offer([]store.Offer) error      { return errNoLedger }
func (noLedger) Gone(string, []string) error    { return nil }
func (noLedger) GoneBelow(string, string) error { return nil }
