//go:build !linux

package simulation

// behindTheBack needs a file system that shows no trace.
func (w *world) behindTheBack(*tree, string) string { return "does nothing" }
