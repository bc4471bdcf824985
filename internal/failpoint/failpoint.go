//go:build !failpoint

// Package failpoint names the moments between two durable steps at which a test
// lets the program die.
//
// It promises that a program built without the tag failpoint carries nothing
// of it: At has no body and no name is left. It must never do anything but
// end the process, so that what a test sees is what a kill does.
package failpoint

// At is such a moment. In a binary built with -tags failpoint the process kills
// itself there, if BLOXDROP_FAILPOINT names it.
func At(string) {}
