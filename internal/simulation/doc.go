// Package simulation proves the three promises on the real watcher, queue,
// uploader, archive and Bloxs client, in a world of which a seed decides
// everything: what an office does with its files, what the network and Bloxs do
// to each request, at which step the process dies, and what people order.
//
// Everything runs in a testing/synctest bubble, so that hours cost milliseconds.
// The files are real, in a folder of their own; their times are the bubble's.
// The simulated Bloxs is reached over net.Pipe. In place of store.Store there is
// internal/model, which can crash between any two steps and lose what was not
// synced; the model test in package store keeps the two the same.
//
// After each run the promises are checked against what Bloxs stored: nothing
// lost, nothing twice, nothing broken, uncertain only where a gate was open. A
// violation prints its seed:
//
//	go test ./internal/simulation -run '^TestSimulation$' -seed 4711 -seeds 1 -v
//
// plays it again, with the log of the process. What a seed decides is the same
// each time; which of two goroutines goes first at the same instant is the
// scheduler's, so few seeds end differently when repeated, and none that fails
// for a reason of its own.
//
// Planted bugs show that it finds what it is for. Each is a change of a few
// lines of the program's source, compiled in by go test's -overlay: so the
// program has no switches for it, a bug is planted at the very line that keeps
// the promise, and one that no longer fits its source fails the test.
//
// It must never be imported, and never wait for real time.
package simulation
